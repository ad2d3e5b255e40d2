// The chain of one route: compiled at load from its policies, with every fault, so that nothing is left to decide but the request.
import { type Fault, suggestion } from '../base/fault.ts'
import type { NetworkSet } from '../base/ip.ts'
import { FieldNameSet } from '../http/field-name-set.ts'
import { apiOf } from '../model/names.ts'
import type { PolicySet } from '../model/snapshot.ts'
import { Answering, type AnswerLink } from './answering.ts'
import { confusions } from './confusions.ts'
import type { AnyPolicy, CredentialPlace, Denial, Hooks, Kit, Refusal, Resources, StandingFields } from './contract.ts'
import { systemTimer, type Timer } from './deadline.ts'
import { brokenRefusal } from './denials.ts'
import { type DefaultField, defaultField, type Exchange, fieldLine, transportSecurityLine } from './exchange.ts'
import { FAILURE_SCOPE, FailureLimit, type FailureRule } from './failure-limit.ts'
import { Identification } from './identification.ts'
import { Lasting, type LastingPolicy } from './lasting.ts'
import { type ChainStep, DECISIONS, type Link } from './link.ts'
import type { Run } from './run-chain.ts'
import type { Slot } from './slots.ts'
import { type Stage, stageOrder } from './stages.ts'

export { type ChainStep, DECISIONS, REFUSED } from './link.ts'
export { run, runPart, tallyLength } from './run-chain.ts'

/** What runs for every request of the routes that carry one set of policies. */
export interface Chain {
  /** Every policy, in the order it runs, and the built-in limit on wrong credentials before the identify policies: what the places of a tally mean. */
  readonly steps: readonly ChainStep[]
  /** The smallest body limit of the chain, and the step that a refusal for it is counted under; undefined when no policy sets one. */
  readonly bodyBytesMax: { readonly bytes: number; readonly refusal: Refusal; readonly step: number } | undefined
  /** Where credentials travel: every log blanks them there. */
  readonly credentialPlaces: readonly CredentialPlace[]
  readonly standing: Standing
  /** Where in `run.parts` the admit stage ends, and where the identify stage does. */
  readonly admitEnd: number
  readonly identifyEnd: number
  readonly run: Run
  /** What policies have to say of what comes back; undefined: nothing. */
  readonly answering: Answering | undefined
  /** Whether what let a request in still would. */
  readonly lasting: Lasting
}

/** What every response tells, whoever makes it. */
export interface Standing {
  /** Field lines. */
  readonly lines: string
  /** The upstream's fields that do not reach the client. */
  readonly replaces: readonly FieldNameSet[]
  readonly defaults: readonly DefaultField[]
  /** Undefined: no policy says anything of it. */
  readonly transportSecurity: { readonly line: Buffer; readonly yields: boolean } | undefined
}

/** An API as its policies know it. A name alone: an API without versions. */
export interface ApiOfChain {
  readonly name: string
  readonly grants: readonly string[]
  /** The path that its requests begin with; absent: none. */
  readonly prefix?: string
}
/** What the operator and the process decide for all chains. */
export interface ChainSettings {
  readonly authenticationFailures?: FailureRule
  /** Policies that the operator lets fail open; only those count whose declaration allows it, and never in identify or authorize. */
  readonly failOpen?: ReadonlySet<string>
  readonly timer?: Timer
  /** The address lists that the policies of the chain name. */
  readonly addressLists?: ReadonlyMap<string, NetworkSet>
  /** How long a hook may wait before it counts as broken. */
  readonly deadlineMs?: number
  /** Told of every throw, rejection and time-out, for the log. */
  readonly report?: (step: ChainStep, cause: unknown) => void
}
const FAILURES: FailureRule = { limit: 100, windowMs: 60_000 }
const DEADLINE_MS = 5000

/**
 * Compiles a set of policies. Never throws: what is wrong is added to `faults`, each under the path [scope, ...], and then the answer is undefined. The set's
 * own order counts for nothing: by stage, then by the catalogue.
 */
export function compileChain(
  set: PolicySet,
  catalogue: ReadonlyMap<string, AnyPolicy>,
  resources: Resources,
  api: string | ApiOfChain,
  authenticate: 'any' | 'all',
  faults: Fault[],
  settings: ChainSettings = {},
): Chain | undefined {
  const before = faults.length
  const attached = readPolicies(set, catalogue, faults)
  checkSlots(attached, faults)
  for (const [{ scope }, message] of confusions(attached.map((each) => ({ ...each, read: each.config }))))
    faults.push({ code: 'contradiction', path: [scope], message })
  if (faults.length > before) return undefined

  const steps: ChainStep[] = []
  const links: (Link & { readonly stage: Stage })[] = []
  const lasting: LastingPolicy[] = []
  const answering: AnswerLink[] = []
  const places: CredentialPlace[] = []
  let bodyBytesMax: Chain['bodyBytesMax']
  const standing: StandingFields[] = []
  const of: ApiOfChain = typeof api === 'string' ? { name: api, grants: [api] } : api
  const report = settings.report ?? (() => {})
  const builtIn: ChainStep = { policy: 'identify', scope: FAILURE_SCOPE, mode: 'enforce' }
  let builtInStep = -1
  for (const { policy, config, stage, mode, scope, untilMs } of attached) {
    const hooks = compilePolicy(policy, config, scope, resources, { api: of, lists: settings.addressLists }, faults)
    // Logs blank a credential's place even where the policy itself asks for nothing.
    places.push(...(policy.credentials?.(config) ?? []))
    if (!hooks) continue
    if (stage === 'identify' && builtInStep < 0) builtInStep = steps.push(builtIn) - 1
    const step: ChainStep = { policy: policy.name, scope, mode }
    const index = steps.push(step) - 1
    const limit = hooks.bodyBytesMax
    if (limit && mode === 'enforce' && limit.bytes < (bodyBytesMax?.bytes ?? Number.POSITIVE_INFINITY)) bodyBytesMax = { ...limit, step: index }
    if (hooks.standing && mode === 'enforce') standing.push(hooks.standing)
    if (mode === 'enforce') {
      const letsStrangersPass = policy.letsStrangersPass?.(config) === true
      lasting.push({ policy: policy.name, stage, still: hooks.still && lastingUntil(hooks.still.bind(hooks), untilMs), letsStrangersPass })
    }
    const blind = policy.replays && answering.find(({ hooks: { response } }) => response !== undefined)
    if (blind) {
      const message = `${blind.step.policy} has a word in answers and stands before ${policy.name}, which answers from what is stored: it would not see that; it belongs into the stage '${stage}'`
      faults.push({ code: 'contradiction', path: [blind.step.scope], message })
    }
    if (mode === 'enforce' && (hooks.response || hooks.failed || hooks.over)) {
      const untilUs = untilMs === undefined ? Number.POSITIVE_INFINITY : untilMs * 1000
      answering.push({ step, at: index * DECISIONS, hooks, untilUs, broken: brokenRefusal(policy.name), report })
    }
    if (!hooks.request) continue
    const failsOpen = policy.mayFailOpen === true && stage !== 'identify' && stage !== 'authorize' && settings.failOpen?.has(policy.name) === true
    links.push({
      step,
      at: index * DECISIONS,
      hook: untilMs === undefined ? hooks.request.bind(hooks) : expiring(hooks.request.bind(hooks), untilMs * 1000),
      watches: mode === 'monitor',
      failsOpen,
      broken: brokenRefusal(policy.name),
      report,
      stage,
    })
  }
  if (faults.length > before) return undefined

  const timer = settings.timer ?? systemTimer
  const deadlineMs = settings.deadlineMs ?? DEADLINE_MS
  const identifying = links.filter(({ stage }) => stage === 'identify')
  const admitEnd = links.filter(({ stage }) => stageOrder(stage) < stageOrder('identify')).length
  const parts: (Link | Identification)[] = links.filter(({ stage }) => stage !== 'identify')
  if (identifying.length > 0) {
    const failures = new FailureLimit(resources.counters, settings.authenticationFailures ?? FAILURES)
    parts.splice(
      admitEnd,
      0,
      new Identification({ links: identifying, authenticate, failures, step: builtIn, at: builtInStep * DECISIONS, timer, deadlineMs, report }),
    )
  }
  return {
    steps,
    bodyBytesMax,
    credentialPlaces: places,
    standing: standingOf(standing),
    admitEnd,
    identifyEnd: identifying.length > 0 ? admitEnd + 1 : admitEnd,
    answering: answering.length > 0 ? new Answering(answering) : undefined,
    run: { parts, steps: steps.length, clock: resources.clock, timer, deadlineMs },
    lasting: new Lasting(lasting, authenticate),
  }
}

function standingOf(all: readonly StandingFields[]): Standing {
  const names = all.flatMap(({ replaces }) => replaces)
  const said = all.findLast(({ transportSecurity }) => transportSecurity !== undefined)?.transportSecurity
  return {
    lines: all.flatMap(({ fields }) => fields.map(([name, value]) => fieldLine(name, value))).join(''),
    replaces: names.length === 0 ? [] : [new FieldNameSet(names)],
    defaults: all.flatMap(({ defaults = [] }) => defaults.map(([name, value]) => defaultField(name, value))),
    transportSecurity: said && { line: transportSecurityLine(said.value), yields: said.yields },
  }
}

/** A policy attached for a time ends by itself at its very moment, whether or not anything is published then. */
const expiring =
  (hook: Link['hook'], untilUs: number): Link['hook'] =>
  (x: Exchange) =>
    x.nowUs < untilUs ? hook(x) : undefined

const lastingUntil = (still: NonNullable<Hooks['still']>, untilMs: number | undefined): NonNullable<Hooks['still']> =>
  untilMs === undefined ? still : (x, nowMs) => nowMs >= untilMs || still(x, nowMs)

interface Attachment {
  readonly policy: AnyPolicy
  readonly config: unknown
  readonly stage: Stage
  readonly mode: 'enforce' | 'monitor'
  readonly scope: string
  readonly untilMs: number | undefined
}

function readPolicies(set: PolicySet, catalogue: ReadonlyMap<string, AnyPolicy>, faults: Fault[]): readonly Attachment[] {
  const names = [...catalogue.keys()]
  const attached: Attachment[] = []
  for (const { policy: name, config: written, mode, scope, revision, untilMs } of set) {
    const policy = catalogue.get(name)
    if (!policy) {
      faults.push({ code: 'unknown-policy', path: [scope], message: `unknown policy '${name}'${suggestion(name, names)}` })
      continue
    }
    if (policy.revision !== revision) {
      faults.push({ code: 'policy-broken', path: [scope], message: `${name} is here in another text than the one that was checked` })
      continue
    }
    if (policy.single && attached.some((other) => other.policy === policy)) {
      faults.push({ code: 'said-twice', path: [scope], message: `${name} is attached twice: one would contradict the other` })
      continue
    }
    const before = faults.length
    const config: unknown = policy.config.read(written, [scope], faults)
    if (faults.length > before) continue
    for (const { code, message } of policy.faults?.(config) ?? []) faults.push({ code, path: [scope], message })
    if (faults.length > before) continue
    attached.push({ policy, config, stage: typeof policy.stage === 'function' ? policy.stage(config) : policy.stage, mode, scope, untilMs })
  }
  return attached.sort((a, b) => stageOrder(a.stage) - stageOrder(b.stage) || names.indexOf(a.policy.name) - names.indexOf(b.policy.name))
}

/** A slot read before anything can have written it would be read empty for ever. */
function checkSlots(attached: readonly Attachment[], faults: Fault[]): void {
  const written = new Set<Slot<unknown>>()
  for (const { policy, config, scope } of attached) {
    const reads: readonly Slot<unknown>[] = typeof policy.reads === 'function' ? policy.reads(config) : (policy.reads ?? [])
    for (const slot of reads) {
      if (!written.has(slot))
        faults.push({ code: 'slot-unwritten', path: [scope], message: `${policy.name} needs to know the ${slot.name}, which no policy before it establishes` })
    }
    for (const slot of policy.writes ?? []) written.add(slot)
  }
}

/** What policies are told of the API that they stand before. */
interface Surroundings {
  readonly api: ApiOfChain
  readonly lists: ReadonlyMap<string, NetworkSet> | undefined
}

function compilePolicy(policy: AnyPolicy, config: unknown, scope: string, resources: Resources, { api, lists }: Surroundings, faults: Fault[]): Hooks | null {
  const said = new Map<string, Refusal>()
  const kit: Omit<Kit<never, string>, 'addressList'> & { [name: string]: unknown } = {
    scope,
    api: api.name,
    grants: api.grants,
    whole: apiOf(api.name),
    prefix: api.prefix ?? '',
    deny(code, more) {
      const known = more === undefined ? said.get(code) : undefined
      if (known) return known
      const denial: Denial | undefined = policy.denials[code]
      if (!denial) throw new RangeError(`${policy.name} declares no denial '${code}'`)
      const { status, says, absent = false } = denial
      const refusal: Refusal = { kind: 'refusal', code: `${policy.name}.${code}`, status, says, absent, fields: more?.fields ?? [] }
      if (more === undefined) said.set(code, refusal)
      return refusal
    },
  }
  if (policy.addressLists) {
    kit['addressList'] = (name: string): NetworkSet => {
      const list = lists?.get(name)
      if (!list) throw new RangeError(`there is no address list '${name}'`)
      return list
    }
  }
  for (const name of policy.uses as readonly (keyof Resources)[]) kit[name] = resources[name]
  try {
    return policy.compile(config, kit as unknown as Kit<never, string>)
  } catch (cause) {
    faults.push({
      code: 'policy-broken',
      path: [scope],
      message: `${policy.name} could not be prepared: ${cause instanceof Error ? cause.message : String(cause)}`,
    })
    return null
  }
}
