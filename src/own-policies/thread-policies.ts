// The policies of operators in a gateway thread: loaded as they are handed over, guarded, each text once.
import type { AnyPolicy } from '../pipeline/contract.ts'
import type { Egress } from '../ports/egress.ts'
import { boundedFetch } from './bounded-fetch.ts'
import type { AnyOwnPolicy } from './contract.ts'
import { guarded } from './guarding.ts'
import { loadModule } from './modules.ts'
import type { PolicyRevision } from './revisions.ts'
import type { ThreadWords } from './watch-words.ts'

export class ThreadPolicies {
  private readonly words: ThreadWords
  private readonly egress: Egress
  private readonly loaded = new Map<string, AnyPolicy>()

  constructor(words: ThreadWords, egress: Egress) {
    this.words = words
    this.egress = egress
  }

  async load(revisions: readonly PolicyRevision[]): Promise<readonly AnyPolicy[]> {
    const policies: AnyPolicy[] = []
    for (const revision of revisions) policies.push(this.loaded.get(revision.revision) ?? (await this.loadOne(revision)))
    return policies
  }

  private async loadOne({ name, revision, number, fetch, modules }: PolicyRevision): Promise<AnyPolicy> {
    const before = this.words.enter(number)
    try {
      const exported = (await loadModule(modules)) as AnyOwnPolicy
      if (exported?.name !== name) throw new TypeError(`the file of ${name} exports something else than it did when it was tried`)
      const policy = guarded(exported, revision, { number, words: this.words, fetch: boundedFetch(name, fetch, this.egress) })
      this.loaded.set(revision, policy)
      return policy
    } finally {
      this.words.leave(before)
    }
  }
}
