// Whether what a file exports is a policy: its shape, its name, its stage, said all at once.
import { Principal } from '../pipeline/slots.ts'
import { STAGES, type Stage } from '../pipeline/stages.ts'
import type { AnyOwnPolicy, OwnResources } from './contract.ts'

export interface DeclarationFault {
  readonly code: string
  readonly message: string
}

/** Not `observe`, which cannot change the answer: a policy that could refuse there would be none of it. */
const OWN_STAGES: readonly Stage[] = STAGES.filter((stage) => stage !== 'observe')
const RESOURCES: readonly (keyof OwnResources)[] = ['clock', 'counters', 'credentials', 'fetch']
const STATUSES: readonly number[] = [400, 401, 403, 404, 405, 410, 413, 415, 417, 429, 431, 503]
const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/
const CODE = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
/** Codes that the gateway gives for a policy. */
const GIVEN = ['broken', 'quarantined']

/** `taken`: names of the policies that come with the program, or will. */
export function declarationFaults(exported: unknown, taken: ReadonlySet<string>): readonly DeclarationFault[] {
  if (typeof exported !== 'object' || exported === null)
    return [{ code: 'policy-shape', message: 'the file has no policy as its default export: export default definePolicy({ ... })' }]
  const faults: DeclarationFault[] = []
  const wrong = (message: string): void => void faults.push({ code: 'policy-shape', message })
  const policy = exported as Partial<AnyOwnPolicy> & { readonly [key: string]: unknown }
  const ofName = nameFault(policy.name, taken)
  if (ofName !== undefined) faults.push({ code: 'policy-name', message: ofName })
  for (const key of Object.keys(policy)) if (!KEYS.has(key)) wrong(`a policy has no '${key}': it has ${[...KEYS].join(', ')}`)
  if (!OWN_STAGES.includes(policy.stage as Stage)) wrong(`'stage' is one of ${OWN_STAGES.join(', ')}`)
  if (typeof policy.summary !== 'string' || policy.summary === '' || policy.summary.length > 300) wrong("'summary' is one sentence")
  if (typeof policy.config?.read !== 'function' || typeof policy.config.json !== 'object') wrong("'config' is a schema: object({ ... }) of gatehouse/policy")
  if (typeof policy.compile !== 'function') wrong("'compile' is a function")
  for (const key of ['credentials', 'faults'] as const) if (policy[key] !== undefined && typeof policy[key] !== 'function') wrong(`'${key}' is a function`)
  for (const use of list(policy.uses, 'uses', wrong)) if (!RESOURCES.includes(use as keyof OwnResources)) wrong(`'uses' knows ${RESOURCES.join(', ')}`)
  for (const key of ['reads', 'writes'] as const)
    for (const slot of list(policy[key], key, wrong))
      if (typeof (slot as { index?: unknown } | null)?.index !== 'number') wrong(`'${key}' is a list of slots: slot('Name') of gatehouse/policy, or Principal`)
  denialFaults(policy.denials, wrong)
  const examples = list(policy.examples, 'examples', wrong)
  if (examples.length === 0) wrong("'examples' shows the policy at work at least once: they are run at every load")
  if (examples.length > 100) wrong("'examples' has at most 100 items")
  for (const example of examples) if (!isExample(example)) wrong("an example has a 'title', 'config', 'send' and 'expect' with a 'status'")
  if (faults.length === 0) identityFaults(policy as unknown as AnyOwnPolicy, wrong)
  return faults
}

const KEYS = new Set(['name', 'stage', 'summary', 'config', 'uses', 'reads', 'writes', 'denials', 'examples', 'credentials', 'faults', 'compile'])

/** What is wrong with a name, as one sentence. */
export function nameFault(name: unknown, taken: ReadonlySet<string>): string | undefined {
  if (typeof name === 'string' && taken.has(name))
    return `'${name}' is the name of a policy of Gatehouse itself: begin yours with a word of your own, such as 'acme-${name}'`
  if (typeof name === 'string' && NAME.test(name) && name.length <= 60) return undefined
  const near = typeof name === 'string' && CODE.test(name) ? `: 'acme-${name}'` : ", such as 'acme-tenant'"
  return `the name of a policy is words in lower case with hyphens between, the first of them your own${near}`
}

function list(value: unknown, key: string, wrong: (message: string) => void): readonly unknown[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value
  wrong(`'${key}' is a list`)
  return []
}

function denialFaults(denials: unknown, wrong: (message: string) => void): void {
  if (typeof denials !== 'object' || denials === null) {
    wrong("'denials' is an object, empty when the policy refuses nobody")
    return
  }
  for (const [code, denial] of Object.entries(denials)) {
    const { status, says, ref, mend } = (denial ?? {}) as { [key: string]: unknown }
    if (!CODE.test(code) || GIVEN.includes(code))
      wrong(`'${code}' cannot be the code of a denial: words in lower case with hyphens between, and not ${GIVEN.join(' or ')}`)
    if (!STATUSES.includes(status as number)) wrong(`the status of the denial '${code}' is one of ${STATUSES.join(', ')}`)
    if ([says, ref, mend].some((text) => typeof text !== 'string' || text === '')) wrong(`the denial '${code}' needs the texts 'says', 'ref' and 'mend'`)
  }
}

function isExample(value: unknown): boolean {
  const { title, send, expect } = (value ?? {}) as { title?: unknown; send?: unknown; expect?: { status?: unknown } }
  return typeof title === 'string' && typeof send === 'object' && send !== null && Number.isInteger(expect?.status)
}

/** hardening: identify and authorize can never fail open. A policy that says who calls must be able to say that nobody showed anything. */
function identityFaults({ stage, writes = [], denials }: AnyOwnPolicy, wrong: (message: string) => void): void {
  const tells = writes.includes(Principal)
  if (stage === 'identify' && !tells) wrong("a policy of the stage 'identify' declares writes: [Principal]")
  if (stage === 'identify' && !Object.values(denials).some(({ absent }) => absent === true))
    wrong("a policy of the stage 'identify' has a denial with absent: true, for callers who show nothing")
  if (stage !== 'identify' && tells) wrong("Principal is written in the stage 'identify' alone")
}
