// The catalog as a few maps and no cleverness: what the real one must agree with, act by act.
import { sortedJson } from '../../../base/canonical-json.ts'
import { type CatalogObject, keyOf, type ObjectKey } from '../kinds.ts'

export type Objects = ReadonlyMap<ObjectKey, CatalogObject>
interface ModelRevision {
  readonly console: Objects
  readonly file: Objects
  readonly touched: ReadonlySet<ObjectKey>
}
export interface ModelDraft {
  readonly id: string
  author: string
  readonly editors: Set<string>
  base: number
  /** Undefined: removed. */
  readonly changes: Map<ObjectKey, CatalogObject | undefined>
  readonly approvals: Set<string>
}
/** `done`, or why not, with what is told besides. */
export type Outcome = string

const same = (a: CatalogObject | undefined, b: CatalogObject | undefined): boolean => sortedJson(a?.value) === sortedJson(b?.value)
const isDocumentOf = (api: CatalogObject, { kind, name }: CatalogObject): boolean => kind === 'document' && value(api).openapi === `document:${name}`
const value = (object: CatalogObject): { path?: string; openapi?: string; approvals?: number; apis?: string[]; upstream?: string } => object.value as object

export class CatalogModel {
  /** By number; the first is before everything. */
  readonly revisions: ModelRevision[] = [{ console: new Map(), file: new Map(), touched: new Set() }]
  readonly drafts = new Map<string, ModelDraft>()
  /** What lies on disk and is not live. */
  waiting: Objects | undefined
  /** Up to this revision nothing of history is left. */
  pruned = 0
  private rolledBackTo = 0
  /** What the last rollback left to the file, until the file speaks of it again. */
  notRolledBack = new Set<ObjectKey>()

  get now(): ModelRevision {
    return this.revisions.at(-1)!
  }
  get head(): number {
    return this.revisions.length - 1
  }

  /** By rules that are said here once more, in other words than the resolver's. */
  isValid(console: Objects, file: Objects): boolean {
    const all = [...console.values(), ...file.values()]
    const apis = all.filter(({ kind }) => kind === 'api')
    const paths = apis.map((api) => value(api).path)
    return (
      [...console.keys()].every((key) => !file.has(key)) &&
      paths.every((path) => path !== undefined) &&
      new Set(paths).size === paths.length &&
      apis.every((api) => !value(api).openapi || all.some((each) => isDocumentOf(api, each) && String(each.value).includes('get'))) &&
      all.every((each) => each.kind !== 'consumer' || value(each).apis!.every((name) => apis.some((api) => api.name === name))) &&
      [...console.values()].every((each) => !value(each).upstream?.includes('10.0.0.1'))
    )
  }

  private commit(owner: 'console' | 'file', next: Objects): void {
    const before = this.now[owner]
    const touched = new Set([...new Set([...before.keys(), ...next.keys()])].filter((key) => !same(before.get(key), next.get(key))))
    this.revisions.push({ ...this.now, [owner]: next, touched })
    for (const key of touched) this.notRolledBack.delete(key)
  }

  /** The file as it was read: live when it goes with the console. */
  editFile(objects: Objects): void {
    this.waiting = objects
    this.takeWaiting()
  }
  private takeWaiting(): void {
    if (!this.waiting || !this.isValid(this.now.console, this.waiting) || !this.isValid(new Map(), this.waiting)) return
    const before = this.now.file
    const next = this.waiting
    this.waiting = undefined
    if ([...before.keys(), ...next.keys()].every((key) => same(before.get(key), next.get(key)))) return
    this.commit('file', next)
  }

  publish(
    base: number,
    changes: ReadonlyMap<ObjectKey, CatalogObject | undefined>,
    draft?: { readonly approvers: number },
    left?: ReadonlySet<ObjectKey>,
  ): Outcome {
    const conflicts = [...changes.keys()].filter((key) => base < this.pruned || this.revisions.slice(base + 1).some(({ touched }) => touched.has(key)))
    if (conflicts.length > 0) return `conflict ${conflicts.sort().join(' ')}`
    const before = this.now.console
    const next = new Map(before)
    for (const [key, object] of changes)
      if (object) next.set(key, object)
      else next.delete(key)
    const touched = [...changes.keys()].filter((key) => !same(before.get(key), next.get(key)))
    if (touched.length === 0 && !left?.size) return 'nothing-changes'
    if (!this.isValid(next, this.now.file)) return 'invalid'
    const needed = this.approvalsNeeded(touched, before, next)
    if (needed > (draft?.approvers ?? 0)) return `approvals-needed ${needed}`
    this.commit('console', next)
    if (left) this.notRolledBack = new Set(left)
    this.takeWaiting()
    return 'done'
  }

  /** An API is touched by itself or through the document that it is made of. */
  private approvalsNeeded(touched: readonly ObjectKey[], before: Objects, next: Objects): number {
    const touches = (api: CatalogObject): boolean =>
      touched.includes(keyOf(api)) || touched.includes(`document/${(value(api).openapi ?? '').slice('document:'.length)}`)
    const all = [...before.values(), ...next.values(), ...this.now.file.values()].filter(({ kind }) => kind === 'api')
    const names = new Set(all.filter(touches).map(({ name }) => name))
    return Math.max(0, ...all.filter(({ name }) => names.has(name)).map((api) => value(api).approvals ?? 0))
  }

  rollback(to: number): Outcome {
    const then = this.revisions[to]
    if (!then || to === 0) return 'unknown-revision'
    if (to <= this.pruned) return 'pruned-revision'
    const { console, file } = this.now
    const left = new Set([...new Set([...then.file.keys(), ...file.keys()])].filter((key) => !same(then.file.get(key), file.get(key))))
    const changes = new Map<ObjectKey, CatalogObject | undefined>()
    for (const key of new Set([...then.console.keys(), ...console.keys()])) {
      if (same(then.console.get(key), console.get(key))) continue
      if (then.console.has(key) && file.has(key)) left.add(key)
      else changes.set(key, then.console.get(key))
    }
    const outcome = this.publish(this.head, changes, undefined, left)
    if (outcome === 'done') this.rolledBackTo = to
    return outcome
  }

  prune(newest: number): Outcome {
    const kept = [this.head - newest + 1, ...[...this.drafts.values()].map(({ base }) => base), ...(this.notRolledBack.size > 0 ? [this.rolledBackTo] : [])]
    const through = Math.min(...kept) - 1
    if (through <= this.pruned) return 'nothing'
    const from = this.pruned + 1
    this.pruned = through
    return `done ${from} ${through}`
  }

  apply(wanted: Objects, prune: boolean): Outcome {
    const { console, file } = this.now
    if ([...wanted].some(([key, object]) => file.has(key) && !same(file.get(key), object))) return 'refused'
    const changes = new Map<ObjectKey, CatalogObject | undefined>([...wanted].filter(([key, object]) => !file.has(key) && !same(console.get(key), object)))
    for (const key of prune ? console.keys() : []) if (!wanted.has(key)) changes.set(key, undefined)
    return this.publish(this.head, changes)
  }
}
