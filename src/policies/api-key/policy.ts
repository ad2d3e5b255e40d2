// api-key: knows the calling application by a key that it shows in a field, in the query or in a cookie.
import { isWellFormedKey, keyDigest } from '../../base/keys.ts'
import { checked, type Infer, object, oneOf, optional, string } from '../../base/schema.ts'
import { AUTHORIZATION, fieldName, identify, OTHER } from '../../http/field-names.ts'
import { type CredentialPlace, definePolicy } from '../../pipeline/contract.ts'
import { principalOf } from '../../pipeline/principals.ts'
import { Principal, slot } from '../../pipeline/slots.ts'
import { ABSENT, AMBIGUOUS, type KeyPlace, keyInCookie, keyInHeader, keyInQuery } from './places.ts'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/
const header = checked(string({ pattern: TOKEN, means: 'a field name such as X-API-Key', describe: 'The request field that carries the key.' }), (name) => {
  const { bytes } = fieldName(name)
  const id = identify(bytes, 0, bytes.length)
  return id === OTHER || id === AUTHORIZATION
    ? undefined
    : { code: 'unusable-field', message: `the field '${name}' has a meaning of its own here and never carries a key; for cookies use 'cookie'` }
})
const parameter = /^[A-Za-z0-9._~-]{1,100}$/

const config = object({
  header: optional(header),
  query: optional(
    string({
      pattern: parameter,
      means: 'a parameter name of letters, digits, ".", "_", "~" or "-"',
      describe: 'The query parameter that carries the key. Query strings end up in logs and histories: prefer a field.',
    }),
  ),
  cookie: optional(
    string({ pattern: TOKEN, means: 'a cookie name', describe: 'The cookie that carries the key. Other sites can make browsers send it: prefer a field.' }),
  ),
  format: optional(
    oneOf(['gatehouse', 'any'], 'gatehouse: keys made here, whose checksum tells a mistyped one before any look-up. any: also keys issued elsewhere.'),
    'gatehouse',
  ),
})
type Config = Infer<typeof config>

function placeOf({ header, query, cookie }: Config): CredentialPlace {
  if (header !== undefined) return { in: 'header', name: header }
  return query !== undefined ? { in: 'query', name: query } : { in: 'cookie', name: cookie! }
}
function readerOf(place: CredentialPlace): KeyPlace {
  return place.in === 'header' ? keyInHeader(place.name) : place.in === 'query' ? keyInQuery(place.name) : keyInCookie(place.name)
}
/** The digest of the key that was recognised: with it the directory is asked again while an answer streams. */
const RecognisedKey = slot<string>('RecognisedKey')
/** Keys issued elsewhere: longer ones are refused before they are hashed. */
const KEY_MAX = 1024

export const apiKey = definePolicy<Config, 'credentials', 'missing' | 'ambiguous' | 'invalid' | 'not-allowed'>({
  name: 'api-key',
  stage: 'identify',
  summary: 'Knows the calling application by a key that it shows.',
  when: 'When applications call an API on their own behalf. A key tells which application calls, not which person: for people use tokens.',
  config,
  uses: ['credentials'],
  writes: [Principal],
  denials: {
    missing: { status: 401, says: 'An API key is needed.', ref: 'RFC 9110 15.5.2', mend: 'Send the key where the API’s documentation says.', absent: true },
    ambiguous: {
      status: 400,
      says: 'More than one API key was sent.',
      ref: 'OWASP API2:2023',
      mend: 'Send the key once: which of several counts is not for two servers to guess.',
    },
    invalid: {
      status: 401,
      says: 'The API key is not valid.',
      ref: 'OWASP API2:2023',
      mend: 'Check that the key is complete, current, and made for this gateway. Unknown, revoked, expired and mistyped keys are all answered alike.',
    },
    'not-allowed': {
      status: 403,
      says: 'This API key may not be used here.',
      ref: 'OWASP API5:2023',
      mend: 'The key is valid, but its consumer has no access to this API: ask the operator to list the API under the consumer.',
    },
  },
  examples: [
    { title: 'Without a key', config: { header: 'X-API-Key' }, send: {}, expect: { status: 401, code: 'api-key.missing' } },
    {
      title: 'With a mistyped key',
      config: { header: 'X-API-Key' },
      send: { headers: { 'X-API-Key': 'gth_mistyped' } },
      expect: { status: 401, code: 'api-key.invalid' },
    },
    {
      title: 'With a valid key (here one issued elsewhere)',
      config: { header: 'X-API-Key', format: 'any' },
      send: { headers: { 'X-API-Key': 'a key of the example consumer' } },
      expect: { status: 200 },
    },
  ],
  related: ['rate-limit', 'ip-filter'],
  credentials: (config) => [placeOf(config)],
  faults({ header, query, cookie }) {
    const given = [header, query, cookie].filter((name) => name !== undefined).length
    return given === 1 ? [] : [{ code: given === 0 ? 'empty' : 'contradiction', message: "api-key needs exactly one of 'header', 'query' and 'cookie'" }]
  },
  compile(config, { credentials, api, grants, deny }) {
    const place = readerOf(placeOf(config))
    // RFC 9110 11.6.1: a 401 carries a challenge; the name of an API holds no quote or backslash, and if it did they would be escaped.
    const challenge = { fields: [['WWW-Authenticate', `ApiKey realm="${api.replace(/["\\]/g, '\\$&')}"`]] } as const
    const missing = deny('missing', challenge)
    const invalid = deny('invalid', challenge)
    const ambiguous = deny('ambiguous')
    const notAllowed = deny('not-allowed')
    const wellFormed = config.format === 'any' ? (key: string) => key !== '' && key.length <= KEY_MAX : isWellFormedKey
    return {
      request(x) {
        const shown = place.find(x)
        if (shown === ABSENT) return missing
        if (shown === AMBIGUOUS) return ambiguous
        if (!wellFormed(shown)) return invalid
        const digest = keyDigest(shown)
        const found = credentials.findKey(digest, x.nowUs / 1000)
        if (found === undefined) return invalid
        if (!grants.some((grant) => found.consumer.apis.has(grant))) return notAllowed
        place.remove(x)
        x.set(Principal, principalOf(found, 'api-key'))
        x.set(RecognisedKey, digest)
        return undefined
      },
      still(x, nowMs) {
        const digest = x.get(RecognisedKey)
        const found = digest === undefined ? undefined : credentials.findKey(digest, nowMs)
        return found !== undefined && grants.some((grant) => found.consumer.apis.has(grant))
      },
    }
  },
})
