// Sections whose entries others name: address lists, sets of policies, upstreams, trust stores, plans.
import { isListName, LIST_NAME } from '../../base/ip.ts'
import { boolean, checked, either, type Infer, list, mapped, object, optional, record, reserved, type Schema, string } from '../../base/schema.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import { planLimit } from '../../pipeline/plan-limit.ts'
import { attachments } from './attachments.ts'
import { NAME, NAME_MEANS } from './consumer-schema.ts'
import { LIST_NAME_MEANS, network } from './network-schema.ts'
import { upstreamSettings } from './upstream-schema.ts'

const apiName = string({ pattern: NAME, means: 'the name of an API', maxLength: 64 })

const addressLists = record(list(network('A network.'), { max: 100_000, describe: 'Networks in CIDR form, and single addresses.' }), {
  key: LIST_NAME,
  keyMeans: LIST_NAME_MEANS,
  max: 1000,
  describe: 'Networks by the name of a list, for `ip-filter` and `gateway.trustedProxies`.',
})

const policySet = (policies: readonly AnyPolicy[]) =>
  object(
    {
      describe: optional(string({ maxLength: 1000, describe: 'What the set is for.' })),
      policies: attachments(policies, undefined),
    },
    'Policies that several APIs share.',
  )

const PEM_MAX = 1024 * 1024
const trustStore = object(
  {
    certificates: either(
      [
        string({ maxLength: PEM_MAX, means: 'certificates in PEM form' }),
        object({
          file: checked(string({ describe: 'File of certificates in PEM form, relative to this file.' }), (file) => {
            if (file === '') return { code: 'empty', message: 'the file of the certificates has no name' }
            return /[\0\r\n]|-----BEGIN /.test(file)
              ? { code: 'bad-value', message: 'this is no path: certificates themselves stand under `certificates`' }
              : undefined
          }),
        }),
      ],
      'certificates in PEM form, or {file: PATH}',
    ),
  },
  'Certificate authorities that are believed where this store is named.',
)

const plan = object(
  {
    title: optional(string({ maxLength: 200, describe: 'What developers read.' })),
    limits: optional(list(planLimit, { max: 20, describe: 'Limits that all hold, for each consumer on the plan and each API by itself.' }), []),
    apis: optional(list(apiName, { min: 1, max: 10_000, describe: 'The only APIs that may offer it; absent: every API.' })),
    default: optional(boolean('Consumers that may call the API and chose no plan are on this one.'), false),
    approval: reserved('not-available', 'is not available yet: developers who subscribe by themselves come with the portal'),
  },
  'What a consumer may use of an API.',
)
export type PlanSection = Infer<typeof plan>

const named = { key: NAME, keyMeans: NAME_MEANS }

/** The shared sections, each of which may stand in the main file and in included ones. */
export const sharedSections = (policies: readonly AnyPolicy[]) => ({
  addressLists: optional(addressLists),
  policySets: optional(record(policySet(policies), { ...named, max: 1000, describe: 'Policies that several APIs share, by the name of the set.' })),
  upstreams: optional(
    record(upstreamSettings, { key: LIST_NAME, keyMeans: LIST_NAME_MEANS, max: 10_000, describe: 'Upstreams that several APIs share, by name.' }),
  ),
  trustStores: optional(record(trustStore, { ...named, max: 1000, describe: 'Certificate authorities, by the name of the store.' })),
  plans: optional(record(plan, { ...named, max: 1000, describe: 'What consumers may use of APIs, by the name of the plan.' })),
})
export type SharedSections = { readonly [K in keyof ReturnType<typeof sharedSections>]: Infer<ReturnType<typeof sharedSections>[K]> }

/** Names of other entries, each once. */
export const names = (what: string, options: { describe: string; max?: number }): Schema<readonly string[]> =>
  checked(list(string({ pattern: NAME, means: `the name of ${what}`, maxLength: 64 }), { min: 1, max: 100, ...options }), (all) => {
    const again = all.findIndex((name, i) => all.indexOf(name) < i)
    return again < 0 ? undefined : { code: 'duplicate-item', message: `'${all[again]}' stands here twice`, at: [again] }
  })

/** Of an API, or of one of its versions. */
export const policySets = optional(names('a policy set', { describe: 'Policy sets whose policies stand here, under those of its own.' }), [])

/** A name in place of an object: read as what it names. */
export const reference = <T>(inline: Schema<T>, what: string): Schema<T | { readonly named: string }> => {
  const name = mapped(string({ pattern: NAME, means: `the name of ${what}`, maxLength: 64 }), (text) => ({ named: text }))
  const fits = (value: unknown): boolean => typeof value === 'string' && isListName(value)
  return either([{ ...name, fits }, inline], `${what}, or the name of one`)
}
