// The names of one thread's upstreams and where they lead: looked up when they are first wanted, and again before anybody waits for it.
import type { LookupAddress } from 'node:dns'
import { KeptAnswer, PATIENCE_MS } from './kept-answer.ts'
import type { Address } from './machine-names.ts'
import { DnsQuestions, type Questions, type Service } from './questions.ts'

/** Names that nobody wanted for so long are no longer asked for, and forgotten. */
const UNUSED_MS = 300_000

/** Where a name leads, best first. Calls back later, never at once. */
export type AddressLookup = (name: string, done: (error: NodeJS.ErrnoException | null, found: readonly LookupAddress[]) => void) => void

export class NameBook {
  private questions: Questions
  private servers: string | undefined
  private readonly patienceMs: number
  private readonly nowMs: () => number
  private readonly chance: () => number
  private readonly hosts = new Map<string, KeptAnswer<readonly Address[]>>()
  private readonly services = new Map<string, KeptAnswer<readonly Service[]>>()
  /** Where the next look-up begins: several addresses take turns. */
  private turn = 0

  /** `patienceMs`: how long what is known waits for something better. */
  constructor(nowMs: () => number, chance: () => number, questions: Questions = new DnsQuestions(undefined), patienceMs = PATIENCE_MS) {
    this.patienceMs = patienceMs
    this.nowMs = nowMs
    this.chance = chance
    this.questions = questions
  }

  /** Who is asked from now on. What is known is asked for again, and stays until they have an answer of their own. */
  ask(servers: readonly string[] | undefined): void {
    const key = servers?.join()
    if (key === this.servers) return
    this.servers = key
    this.questions = new DnsQuestions(servers)
    for (const kept of [this.hosts, this.services]) for (const each of kept.values()) each.doubt()
  }

  readonly lookup: AddressLookup = (name, done) => {
    this.host(name)
      .get()
      .then(
        (found) => done(null, this.inTurn(found)),
        (cause: NodeJS.ErrnoException) => done(cause, []),
      )
      // What a caller throws is a mistake of ours, and not an answer.
      .catch((cause: unknown) =>
        process.nextTick(() => {
          throw cause
        }),
      )
  }
  /** What is known of a name that connections lead to, which keeps it known; undefined: nothing. The same object for as long as it says the same. */
  known(name: string): readonly Address[] | undefined {
    const kept = this.hosts.get(name)
    if (kept !== undefined) kept.usedMs = this.nowMs()
    return kept?.value
  }

  /** What is known of services, which keeps it known; undefined: nothing yet. The same array for as long as it says the same. */
  servicesOf(name: string): readonly Service[] | undefined {
    const kept = this.service(name)
    kept.usedMs = this.nowMs()
    return kept.value
  }
  /** Resolves when something is known of services, and when nothing could be learnt. */
  async learnServices(name: string): Promise<void> {
    await this.service(name)
      .get()
      .catch(() => {})
  }

  /** Asks for what has lived its time, and forgets what nobody wants. */
  sweep(): void {
    const sinceMs = this.nowMs() - UNUSED_MS
    for (const kept of [this.hosts, this.services]) {
      for (const [name, each] of kept) {
        if (each.usedMs < sinceMs) kept.delete(name)
        else if (each.isDue) each.renew().catch(() => {})
      }
    }
  }
  /** No question is asked any more. */
  close(): void {
    this.hosts.clear()
    this.services.clear()
    this.questions.cancel()
  }

  private host(name: string): KeptAnswer<readonly Address[]> {
    let kept = this.hosts.get(name)
    if (kept === undefined) this.hosts.set(name, (kept = new KeptAnswer(() => this.questions.addresses(name), this.nowMs, this.chance, this.patienceMs)))
    return kept
  }
  private service(name: string): KeptAnswer<readonly Service[]> {
    let kept = this.services.get(name)
    if (kept === undefined) this.services.set(name, (kept = new KeptAnswer(() => this.questions.services(name), this.nowMs, this.chance, this.patienceMs)))
    return kept
  }

  /** Those of IPv4 before those of IPv6, of which nobody knows whether there is a way to them: they are tried when the others do not answer. */
  private inTurn(found: readonly Address[]): LookupAddress[] {
    this.turn = (this.turn + 1) | 0
    const ordered: LookupAddress[] = []
    for (const family of [4, 6]) {
      const of = found.filter((each) => each.family === family)
      const from = of.length === 0 ? 0 : (this.turn >>> 0) % of.length
      ordered.push(...of.slice(from), ...of.slice(0, from))
    }
    return ordered
  }
}
