// How entries of the trail and proofs about them are told.
import { canonicalJson } from '../../../base/canonical-json.ts'
import { boolean, type Infer, integer, list, object, oneOf, optional, string } from '../../../base/schema.ts'
import type { TrailEntry } from '../../../trail/entry.ts'
import { ENTRY_OCTETS_MAX, PERSONAL_FIELDS_MAX } from '../../../trail/entry.ts'
import type { Opening } from '../../../trail/opening.ts'
import { digits } from '../../pages.ts'
import { moment } from '../../texts.ts'

const NAME_LENGTH_MAX = 512
/** Ids and names as the trail keeps them: whatever was told, up to a length. */
const told = (describe: string) => string({ pattern: /^[\s\S]*$/, maxLength: NAME_LENGTH_MAX, describe })
const word = (describe: string) => string({ pattern: /^[a-z0-9][A-Za-z0-9.-]*$/, maxLength: 128, describe })
export const fieldName = string({ pattern: /^[a-z][A-Za-z0-9-]{0,63}$/, maxLength: 64, means: 'the name of a personal field', describe: 'A personal field.' })
export const index = (describe: string) => integer({ min: 0, max: Number.MAX_SAFE_INTEGER, describe })
/** The same as it stands in a path or a query. */
export const indexDigits = (describe: string) => digits({ min: 0, max: 999_999_999_999, describe })
export const hashText = (describe: string) => string({ pattern: /^[A-Za-z0-9+/]{43}=$/, maxLength: 44, describe })
/** A tree of 2^53 leaves has proofs of 53 hashes at the most (RFC 9162 2.1.3). */
export const proofHashes = list(hashText('A hash, base64.'), { max: 64, describe: 'The proof, from the leaf upwards (RFC 9162).' })
const actorShape = object({ kind: word('`person`, `token`, `admin-token`, `file`, `system`, `anonymous`.'), id: told('Its pseudonym.') }, 'Who acted.')

export const entryShape = {
  index: index('Its place, from 0.'),
  time: moment('When, never before the entry in front.'),
  clock: optional(moment('What the clock said, when that was before the entry in front.')),
  act: word('What was done, as noun.verb.'),
  actor: actorShape,
  outcome: oneOf(['done', 'refused'], 'Whether it was done.'),
  code: optional(word('The refusal’s code.')),
  object: optional(object({ kind: word('What kind of thing.'), name: told('Which one.') }, 'What it was done to.')),
  detail: optional(string({ pattern: /^\{/, maxLength: ENTRY_OCTETS_MAX, describe: 'Further facts: a JSON object as text, in its canonical form.' })),
  replaced: optional(list(word('A member.'), { max: 8, describe: 'What was too large and stands here as its digest.' })),
}
export const personalSchema = list(
  object({
    field: fieldName,
    digest: string({ pattern: /^[0-9a-f]{64}$/, maxLength: 64, describe: 'What stands in the entry.' }),
    erased: boolean('Whether its value is gone, by the will of two people.'),
    salt: optional(string({ pattern: /^[0-9a-f]{32}$/, maxLength: 32, describe: 'With name and value it gives the digest.' })),
    value: optional(string({ pattern: /^[\s\S]*$/, maxLength: 4096, describe: 'The value.' })),
    valueDigest: optional(string({ pattern: /^sha256:[0-9a-f]{64}$/, maxLength: 71, describe: 'Of a value that was too large to be kept.' })),
  }),
  { max: PERSONAL_FIELDS_MAX, describe: 'Its personal fields.' },
)
export const entrySchema = object({ ...entryShape, personal: list(fieldName, { max: PERSONAL_FIELDS_MAX, describe: 'Names of its personal fields.' }) })

export function shownEntry({ personal, detail, ...entry }: TrailEntry): Infer<typeof entrySchema> {
  return { ...entry, ...(detail && { detail: canonicalJson(detail) }), personal: Object.keys(personal ?? {}) }
}

export function shownPersonal({ personal = {} }: TrailEntry, openings: ReadonlyMap<string, Opening>): Infer<typeof personalSchema> {
  return Object.entries(personal).map(([field, digest]) => {
    const opening = openings.get(field)
    if (opening === undefined) return { field, digest, erased: true }
    const { salt, value } = opening
    return { field, digest, erased: false, salt, ...(typeof value === 'string' ? { value } : { valueDigest: value.digest }) }
  })
}
