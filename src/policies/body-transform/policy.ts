// body-transform: changes JSON bodies on their way, without ever holding a whole one unless a template asks for it.
import { checked, type Infer, object, optional } from '../../base/schema.ts'
import { fieldName } from '../../http/field-names.ts'
import { isJsonType, readMediaType } from '../../http/media-type.ts'
import type { Answer } from '../../pipeline/answer.ts'
import { definePolicy } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { denials } from './denials.ts'
import { jsonFilters } from './json-body.ts'
import { type BodyPlan, compileDirection, direction } from './operations.ts'

const config = checked(
  object({
    request: optional(direction('What is changed in request bodies.')),
    response: optional(direction('What is changed in response bodies.')),
  }),
  (given) => {
    if (given.request === undefined && given.response === undefined)
      return { code: 'empty', message: "body-transform needs 'request' or 'response': without either it changes nothing" }
    for (const side of ['request', 'response'] as const) {
      const compiled = given[side] && compileDirection(given[side])
      if (typeof compiled === 'string') return { code: 'contradiction', message: compiled, at: [side] }
    }
    return undefined
  },
)

/** Of a request's changed body: so much is held until the document is known to be whole. */
const HELD_BYTES = 64 * 1024

const CONTENT_TYPE = fieldName('content-type')
const CONTENT_ENCODING = fieldName('content-encoding')
const CONTENT_RANGE = fieldName('content-range')
const ETAG = fieldName('etag')
/** Of the body before the change (RFC 9530, RFC 3230; RFC 1864): what they say is no longer so. */
const DIGESTS = ['content-digest', 'repr-digest', 'digest', 'content-md5'].map(fieldName)
/** Of a request, where the response is to be changed: parts of it (RFC 9110 14.2), changes to an earlier one (RFC 3229), and codings. */
const NOT_ASKED = ['range', 'if-range', 'a-im', 'accept-encoding'].map(fieldName)

/** What is to be done with a body of this media type. */
type Judgement = 'change' | 'pass' | 'refuse'
function judge({ types, passesOthers }: BodyPlan, contentTypes: readonly string[], isRequest: boolean): Judgement {
  const type = readMediaType(contentTypes)
  if (type === undefined) return 'refuse'
  const { essence, charset } = type
  // RFC 8259 8.1: UTF-8, and whoever reads it as anything else reads another document.
  const isUtf8 = charset === undefined || charset === 'utf-8' || charset === 'utf8'
  if (types === undefined ? isJsonType(essence) && !(isRequest && essence === JSON_PATCH) : types.has(essence)) return isUtf8 ? 'change' : 'refuse'
  return passesOthers && !essence.includes('json') ? 'pass' : 'refuse'
}
/** RFC 6902: it speaks of members by pointers in texts, where no path finds them. */
const JSON_PATCH = 'application/json-patch+json'

const hasCoding = (values: readonly string[]): boolean => values.some((value) => value.trim() !== '' && value.trim().toLowerCase() !== 'identity')

function requestValues(x: Exchange, name: typeof CONTENT_TYPE): string[] {
  const values: string[] = []
  for (let i = x.head.find(name); i >= 0; i = x.head.find(name, i + 1)) values.push(x.head.value(i))
  return values
}

/** The same entity under a weak validator: octet by octet it is another (RFC 9110 8.8.1). */
function weaken(answer: Answer): void {
  const tag = answer.get(ETAG)
  if (tag?.startsWith('"')) answer.set('ETag', `W/${tag}`)
  for (const name of DIGESTS) answer.drop(name)
}

export const bodyTransform = definePolicy<Infer<typeof config>, never, keyof typeof denials>({
  name: 'body-transform',
  stage: 'shape',
  summary: 'Changes JSON bodies on their way: picks, drops, renames, masks and sets members, or makes a new document of them.',
  when: 'When a service says more than a caller should see (OWASP API3:2023), takes members that callers must not set, or speaks a form that callers no longer do. It changes nothing that it could not read to the end: what is no JSON is refused.',
  config,
  uses: [],
  denials,
  examples: [
    {
      title: 'Card numbers keep their last four digits, internal members go',
      config: { response: { mask: [{ path: '$..card.number', last: 4 }], drop: ['$..internal'] } },
      send: {},
      expect: { status: 200 },
    },
    {
      title: 'A member that callers must not set is taken out; a form is refused, because it could say the same',
      config: { request: { drop: ['$.role'], ignoreCase: true } },
      send: { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': '10' } },
      expect: { status: 415, code: 'body-transform.unsupported-type' },
    },
    {
      title: 'A compressed body could hide what is to be changed',
      config: { request: { set: { '$.tenant': 'acme' } } },
      send: { method: 'POST', headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip', 'Content-Length': '10' } },
      expect: { status: 415, code: 'body-transform.encoded' },
    },
    {
      title: 'A new document of what another one holds',
      config: { response: { template: { id: '$.order.number', lines: '$.order.items[*].sku', version: 2 } } },
      send: {},
      expect: { status: 200 },
    },
  ],
  related: ['compress', 'request-size'],
  compile({ request: asked, response: answered }, { deny }) {
    const before = asked && (compileDirection(asked) as BodyPlan)
    const after = answered && (compileDirection(answered) as BodyPlan)
    const invalid = deny('invalid')
    const tooLarge = deny('too-large')
    const unsupported = deny('unsupported-type')
    // RFC 7694 3: which codings would have been taken.
    const encoded = deny('encoded', { fields: [['Accept-Encoding', 'identity']] })
    const partial = deny('partial')
    const answerInvalid = deny('answer-invalid')
    const answerTooLarge = deny('answer-too-large')
    const answerEncoded = deny('answer-encoded')
    const answerType = deny('answer-type')
    const answerPartial = deny('answer-partial')
    const toUpstream = before ? jsonFilters(before, HELD_BYTES, (fault) => (fault === 'too-large' ? tooLarge : invalid)) : []
    const toClient = after ? jsonFilters(after, 0, (fault) => (fault === 'too-large' ? answerTooLarge : answerInvalid)) : []
    return {
      request(x) {
        if (after !== undefined) {
          for (const name of NOT_ASKED) x.dropFromRequest(name)
          // Without the field a server may choose any coding (RFC 9110 12.5.3).
          x.tellUpstream('Accept-Encoding', 'identity')
        }
        if (before === undefined || !x.head.hasBody) return undefined
        // RFC 9110 14.5: a part is no document.
        if (x.head.find(CONTENT_RANGE) >= 0) return partial
        if (hasCoding(requestValues(x, CONTENT_ENCODING))) return encoded
        const judgement = judge(before, requestValues(x, CONTENT_TYPE), true)
        if (judgement === 'refuse') return unsupported
        if (judgement === 'pass') return undefined
        for (const name of DIGESTS) x.dropFromRequest(name)
        for (const make of toUpstream) x.transformBody(make)
        return undefined
      },
      ...(after !== undefined && {
        response(_x, answer) {
          // RFC 9110 14.3: a part of what was changed could not be told.
          answer.set('Accept-Ranges', 'none')
          if (!answer.hasBody || answer.length === 0) {
            weaken(answer)
            for (const make of toClient) answer.transform(make)
            return undefined
          }
          if (answer.status === 206 || answer.status === 226 || answer.get(CONTENT_RANGE) !== undefined) return answerPartial
          const judgement = judge(after, answer.all(CONTENT_TYPE), false)
          if (judgement === 'pass') return undefined
          if (judgement === 'refuse') return answerType
          if (hasCoding(answer.all(CONTENT_ENCODING))) return answerEncoded
          weaken(answer)
          for (const make of toClient) answer.transform(make)
          return undefined
        },
      }),
    }
  },
})
