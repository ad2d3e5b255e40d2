// Policies as a file attaches them: one configuration or a list, each with its mode; checked against the policy's own schema.
import { type Fault, type Path, suggestion } from '../../base/fault.ts'
import type { JsonSchema, Schema } from '../../base/schema.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'

/** One configuration of a policy, as written, and as its schema read it. */
export interface Attachment {
  readonly policy: AnyPolicy
  /** As written, without `mode`: plain data that every thread compiles for itself. */
  readonly config: unknown
  /** As the policy's schema read it; only meaningful when nothing was found wrong. */
  readonly read: unknown
  readonly mode: 'enforce' | 'monitor'
  /** Where it stands in its document. */
  readonly path: Path
  /** What it was attached to when that is not the API itself: the API of a version. Its counters are then those of the whole. */
  readonly owner?: string
  /** Names its counters, whatever it is attached to. */
  readonly scope?: string
  readonly untilMs?: number
}
/** By policy name; `false`: removed from an operation. */
export type Attachments = { readonly [policy: string]: readonly Attachment[] | false }

/** Policies that the contract names and this version does not have. */
export const LATER: ReadonlySet<string> = new Set(
  'basic-auth jwt oauth2 introspection client-certificate http-signature dpop scopes roles ownership cedar quota concurrency validate-request validate-response threat-limits injection-defence waf leak-guard ip-ban cache transform'.split(
    ' ',
  ),
)

/** Who may take away policies by `false`: an operation those of its API, a version those of its API and of policy sets, an API those of its policy sets. */
export type Remover = 'operation' | 'version' | 'api' | undefined

/** The map under `policies:`. */
export function attachments(all: readonly AnyPolicy[], remover: Remover): Schema<Attachments> {
  const policies = all.filter(({ attachedBy }) => attachedBy === undefined)
  const byName = new Map(policies.map((policy) => [policy.name, policy]))
  return {
    json: {
      type: 'object',
      properties: Object.fromEntries(policies.map((policy) => [policy.name, jsonOf(policy, remover !== undefined)])),
      additionalProperties: false,
      description: DESCRIPTIONS[remover ?? 'set'],
    },
    fits: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    read(value, path, faults) {
      const out: Record<string, readonly Attachment[] | false> = {}
      if (!this.fits(value)) {
        faults.push({ code: 'wrong-type', path, message: "'policies' must be an object with the names of policies as keys" })
        return out
      }
      for (const [name, given] of Object.entries(value as Record<string, unknown>)) {
        const policy = byName.get(name)
        if (policy) out[name] = attached(policy, given, [...path, name], remover !== undefined, faults)
        else faults.push(unknownPolicy(name, all, [...path, name]))
      }
      return out
    },
  }
}

const DESCRIPTIONS = {
  operation: "Policies of this operation, in place of the API's of the same name; `false` removes one.",
  version: "Policies of every operation of this version, in place of the API's and of those that policy sets bring; `false` removes one.",
  api: 'Policies of every operation, by name, in place of those that policy sets bring; `false` leaves one of those out. The order of keys means nothing.',
  set: 'Policies by name. The order of keys means nothing.',
} as const

function unknownPolicy(name: string, all: readonly AnyPolicy[], path: Path): Fault {
  const key = all.find((policy) => policy.name === name)?.attachedBy
  if (key)
    return {
      code: 'attached-by-itself',
      path,
      atKey: true,
      message: `'${name}' is not written here: it stands before every operation of an API that has '${key}'`,
    }
  const known = all.flatMap((policy) => (policy.attachedBy ? [] : [policy.name]))
  if (LATER.has(name)) return { code: 'not-available', path, atKey: true, message: `the policy '${name}' is not available yet: it comes with a later version` }
  return { code: 'unknown-policy', path, atKey: true, message: `there is no policy '${name}'${suggestion(name, known)}` }
}

function attached(policy: AnyPolicy, given: unknown, path: Path, removable: boolean, faults: Fault[]): readonly Attachment[] | false {
  if (given === false) {
    if (!removable)
      faults.push({ code: 'wrong-type', path, message: `'${policy.name}' is false, but only an operation can remove a policy: here, leave it out` })
    return removable ? false : []
  }
  if (!Array.isArray(given)) return [one(policy, given, path, faults)]
  if (given.length === 0) faults.push({ code: 'empty', path, message: `'${policy.name}' is an empty list: nothing would be checked` })
  if (policy.single && given.length > 1)
    faults.push({ code: 'said-twice', path: [...path, 1], message: `'${policy.name}' stands here more than once: one would contradict the other` })
  if (given.length > 100) faults.push({ code: 'too-long', path, message: `'${policy.name}' has ${given.length} configurations, the most is 100` })
  return given.slice(0, 100).map((each, i) => one(policy, each, [...path, i], faults))
}

/** One configuration of a policy, read by the policy's own schema. */
export function one(policy: AnyPolicy, given: unknown, path: Path, faults: Fault[]): Attachment {
  let config = given
  let mode: Attachment['mode'] = 'enforce'
  if (typeof given === 'object' && given !== null && !Array.isArray(given) && Object.hasOwn(given, 'mode')) {
    const { mode: written, ...rest } = given as Record<string, unknown>
    config = rest
    if (written === 'monitor') {
      mode = 'monitor'
      if (policy.enforceOnly)
        faults.push({ code: 'contradiction', path: [...path, 'mode'], message: `${policy.name} has nothing to watch: it works or is left out` })
    } else if (written !== 'enforce') faults.push({ code: 'unknown-word', path: [...path, 'mode'], message: "'mode' must be enforce or monitor" })
  }
  const before = faults.length
  const read: unknown = policy.config.read(config, path, faults)
  if (faults.length === before) for (const { code, message } of policy.faults?.(read) ?? []) faults.push({ code, path, message })
  return { policy, config, read, mode, path }
}

/** The policy's own JSON Schema with `mode` among its keys, or a list of such. */
function jsonOf(policy: AnyPolicy, removable: boolean): JsonSchema {
  const config = policy.enforceOnly ? policy.config.json : withMode(policy.config.json)
  return {
    description: policy.summary,
    anyOf: [config, { type: 'array', items: config, minItems: 1, maxItems: 100 }, ...(removable ? [{ const: false }] : [])],
  }
}

const MODE: JsonSchema = { enum: ['enforce', 'monitor'], default: 'enforce', description: 'monitor decides and records, and lets pass.' }
function withMode(json: JsonSchema): JsonSchema {
  const { properties, anyOf } = json as { properties?: object; anyOf?: readonly JsonSchema[] }
  if (properties) return { ...json, properties: { ...properties, mode: MODE } }
  return anyOf ? { ...json, anyOf: anyOf.map(withMode) } : json
}
