// A store as plainly as it can be said: the model that random sequences are compared with.
import type { Change, Range, Writing } from '../store.ts'

/** One step of a random transaction. */
export type Step =
  | { readonly does: 'put'; readonly collection: string; readonly key: string; readonly value: unknown }
  | { readonly does: 'remove'; readonly collection: string; readonly key: string }
  | { readonly does: 'get'; readonly collection: string; readonly key: string }
  | { readonly does: 'scan'; readonly collection: string; readonly range: Range }
  | { readonly does: 'collections' }

export class ModelStore {
  private records = new Map<string, unknown>()
  readonly changes: Change[] = []

  /** Runs a transaction and answers what its reading steps see; one that fails leaves nothing. */
  transaction(steps: readonly Step[], fails: boolean): unknown[] {
    const before = new Map(this.records)
    const changes: Change[] = []
    const seen = steps.flatMap((step) => this.step(step, changes))
    if (fails) this.records = before
    else this.changes.push(...changes)
    return seen
  }

  private step(step: Step, changes: Change[]): unknown[] {
    switch (step.does) {
      case 'put':
        this.records.set(`${step.collection} ${step.key}`, JSON.parse(JSON.stringify(step.value)))
        changes.push({ collection: step.collection, key: step.key })
        return []
      case 'remove':
        if (this.records.delete(`${step.collection} ${step.key}`)) changes.push({ collection: step.collection, key: step.key })
        return []
      case 'get':
        return [this.records.get(`${step.collection} ${step.key}`)]
      case 'scan': {
        const { prefix = '', after, before, reverse, limit } = step.range
        const found = this.all().filter(
          ({ collection, key }) =>
            collection === step.collection && key.startsWith(prefix) && (after === undefined || key > after) && (before === undefined || key < before),
        )
        if (reverse) found.reverse()
        return [found.slice(0, limit).map(({ key, value }) => ({ key, value }))]
      }
      case 'collections':
        return [[...new Set(this.all().map(({ collection }) => collection))]]
    }
  }
  private all(): { collection: string; key: string; value: unknown }[] {
    return [...this.records]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => {
        const [collection = '', key = ''] = name.split(' ')
        return { collection, key, value }
      })
  }
}

/** The same step on a real transaction. */
export async function perform(writing: Writing, step: Step): Promise<unknown[]> {
  switch (step.does) {
    case 'put':
      writing.put({ name: step.collection }, step.key, step.value)
      return []
    case 'remove':
      writing.remove({ name: step.collection }, step.key)
      return []
    case 'get':
      return [await writing.get({ name: step.collection }, step.key)]
    case 'scan':
      return [await writing.scan({ name: step.collection }, step.range)]
    case 'collections':
      return [await writing.collections()]
  }
}
