// The `patches` section: one policy more on one operation, for a time and for a reason, whoever owns the API.
import { moment } from '../../base/moment.ts'
import { described, type Infer, object, oneOf, optional, record, type Schema, string } from '../../base/schema.ts'
import { NAME, NAME_MEANS } from './consumer-schema.ts'
import { VERSION, VERSION_MEANS } from './version-name.ts'

/** Read by the policy that is named beside it, once that is known. */
const anyConfiguration: Schema<unknown> = { json: {}, fits: () => true, read: (value) => value }

const patch = object(
  {
    api: string({ pattern: NAME, means: 'the name of an API', describe: 'The API that is patched.' }),
    version: optional(string({ pattern: VERSION, means: VERSION_MEANS, describe: 'One version of it; left out: all.' })),
    operation: optional(
      string({
        maxLength: 512,
        describe: 'The operation, by operationId or as "GET /books/{id}"; left out: every operation. Of all versions, those that have it.',
      }),
    ),
    policy: string({ maxLength: 64, describe: 'A policy that can refuse, and does not identify: a patch tightens.' }),
    config: described('The configuration of that policy.', anyConfiguration),
    mode: optional(oneOf(['enforce', 'monitor'], 'monitor decides and records, and lets pass.'), 'enforce'),
    expires: moment('expires', 'From then on it does nothing.'),
    reason: string({ pattern: /\S/, means: 'a sentence', maxLength: 1000, describe: 'Why it is there.' }),
    reference: optional(string({ maxLength: 200, describe: 'What it answers: a CVE, a finding.' })),
  },
  'A virtual patch.',
)

export const patches = record(patch, { key: NAME, keyMeans: NAME_MEANS, max: 1000, describe: 'Virtual patches, by name.' })
export type PatchSection = Infer<typeof patches>[string]
