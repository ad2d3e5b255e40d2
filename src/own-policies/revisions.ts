// The policies of operators that a process knows: each text is tried once, loaded once, and numbered for the threads that run it.
import type { AnyPolicy } from '../pipeline/contract.ts'
import type { Stage } from '../pipeline/stages.ts'
import type { AnyOwnPolicy } from './contract.ts'
import { type DeclarationFault, declarationFaults } from './declaration.ts'
import { examine } from './examination.ts'
import { declared, messageOf } from './guarding.ts'
import { loadModule, type PolicyModules, policyModules } from './modules.ts'
import { REVISIONS_MAX } from './watch-words.ts'

/** A policy as gateway threads are handed it. */
export interface PolicyRevision {
  readonly name: string
  /** Digest of its text and of where it may fetch from. */
  readonly revision: string
  /** From 1. */
  readonly number: number
  readonly fetch: readonly string[]
  readonly modules: PolicyModules
}
/** A file of a policy, read and not yet run. */
export interface PolicyText {
  readonly file: string
  readonly fetch: readonly string[]
  readonly texts: ReadonlyMap<string, string>
  readonly digest: string
}
export type Loading = { readonly policy: AnyPolicy; readonly examples: number } | Refused
/** `known`: the policy as it was last, or what can be said of it: nothing that is served. */
interface Refused {
  readonly faults: readonly DeclarationFault[]
  readonly known?: AnyPolicy
}

type Tried = Refused | { readonly policy: AnyPolicy; readonly examples: number }

/** Outcomes that are remembered of texts that were refused: an edit that is looked at twice is tried once. */
const REFUSED_MAX = 64

export class PolicyRevisions {
  private readonly taken: readonly string[]
  private readonly known = new Map<string, { readonly revision: PolicyRevision; readonly policy: AnyPolicy; readonly examples: number }>()
  private readonly refused = new Map<string, Refused>()
  /** By digest, those that are under way: a number is given once. */
  private readonly trials = new Map<string, Promise<Tried>>()
  private readonly last = new Map<string, AnyPolicy>()

  /** `taken`: names that policies of operators cannot have. */
  constructor(taken: readonly string[]) {
    this.taken = taken
  }

  /** Never rejects. */
  async load(text: PolicyText): Promise<Loading> {
    const known = this.known.get(text.digest) ?? this.refused.get(text.digest)
    const loading = known ?? (await this.tryOnce(text))
    if ('policy' in loading) this.last.set(text.file, loading.policy)
    else if (known === undefined) {
      if (this.refused.size >= REFUSED_MAX) this.refused.delete(this.refused.keys().next().value!)
      // What there is no room for now may be loaded after a restart only: it is not tried again either.
      this.refused.set(text.digest, loading)
    }
    const last = this.last.get(text.file)
    return 'policy' in loading || last === undefined ? loading : { ...loading, known: last }
  }

  /** What gateway threads are to run for these policies. */
  handed(policies: readonly AnyPolicy[]): readonly PolicyRevision[] {
    return policies.map(({ name, revision = '' }) => {
      const known = this.known.get(revision)
      if (known === undefined) throw new TypeError(`${name} was not loaded here`)
      return known.revision
    })
  }
  /** By number, for who tells of it. */
  named(number: number): string | undefined {
    for (const { revision } of this.known.values()) if (revision.number === number) return revision.name
    return undefined
  }

  private tryOnce(text: PolicyText): Promise<Tried> {
    const underWay = this.trials.get(text.digest)
    if (underWay !== undefined) return underWay
    const trial = this.tryOut(text).finally(() => this.trials.delete(text.digest))
    this.trials.set(text.digest, trial)
    return trial
  }

  private async tryOut({ file, fetch, texts, digest }: PolicyText): Promise<Tried> {
    // Modules stay in memory for good (ECMA-262 16.2.1.11): what is kept is bounded, and said.
    if (this.known.size >= REVISIONS_MAX) return TOO_MANY
    const modules = policyModules(file, texts, digest)
    const { faults, examples, name, stage } = await examine(modules, this.taken)
    if (faults.length > 0) return { faults, ...(name !== undefined && { known: unusable(name, stage) }) }
    let exported: unknown
    try {
      exported = await loadModule(modules)
    } catch (cause) {
      return fault('policy-load', `it cannot be loaded: ${messageOf(cause)}`)
    }
    // It may have exported something else this time.
    const again = declarationFaults(exported, new Set(this.taken))
    if (again.length > 0) return { faults: again }
    // Others were tried meanwhile: threads have words for so many numbers, and the next one would be another thread's.
    if (this.known.size >= REVISIONS_MAX) return TOO_MANY
    const policy = declared(exported as AnyOwnPolicy, digest)
    const made = { revision: { name: policy.name, revision: digest, number: this.known.size + 1, fetch, modules }, policy, examples }
    this.known.set(digest, made)
    return made
  }
}

const fault = (code: string, message: string): Refused => ({ faults: [{ code, message }] })
const TOO_MANY = fault(
  'too-many-revisions',
  `${REVISIONS_MAX} texts of policies were loaded since the start, and each stays in memory: restart Gatehouse to go on`,
)

/** Stands for a policy that did not load, while the rest of its configuration is read. */
const unusable = (name: string, stage: Stage = 'authorize'): AnyPolicy => ({
  ...{ name, stage, summary: '', when: '', uses: [], denials: { absent: ABSENT }, revision: 'unusable' },
  config: { json: {}, fits: () => true, read: (value) => value },
  examples: [{ title: '', config: {}, send: {}, expect: { status: 200 } }],
  compile() {
    throw new TypeError(`${name} did not load`)
  },
})
const ABSENT = { status: 401, says: '-', ref: '-', mend: '-', absent: true } as const
