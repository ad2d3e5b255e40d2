// compress: compresses responses for callers that can read it, where nobody can learn a secret from their length.
import { checked, type Infer, integer, list, object, oneOf, optional, size, string, withDefault } from '../../base/schema.ts'
import { fieldName } from '../../http/field-names.ts'
import { readMediaType } from '../../http/media-type.ts'
import type { Answer } from '../../pipeline/answer.ts'
import { definePolicy } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { slot } from '../../pipeline/slots.ts'
import { CODINGS, type Coding, chooseCoding } from './accept-encoding.ts'
import { isAmbient } from './ambient.ts'
import { CompressedBody, compressorsUnderWay } from './compressing.ts'

const TYPE = /^(?:[!#$&\-^_.+0-9a-z]{1,100}\/(?:\*|\*?[!#$&\-^_.+0-9a-z]{1,100}))$/
/** Text, and what is written in it. Images, sound, video and archives are compressed already. */
const TYPES = [
  'text/*',
  'application/json',
  'application/*+json',
  'application/xml',
  'application/*+xml',
  'application/javascript',
  'application/x-ndjson',
  'application/wasm',
  'image/svg+xml',
  'image/bmp',
  'font/ttf',
  'font/otf',
]

const config = object({
  codings: withDefault(
    checked(list(oneOf(CODINGS), { min: 1, max: 3, describe: 'What is offered; the first of those that a caller wants most is taken.' }), (codings) =>
      new Set(codings).size < codings.length ? { code: 'duplicate-item', message: "'codings' names one twice" } : undefined,
    ),
    [...CODINGS],
  ),
  types: withDefault(
    list(string({ pattern: TYPE, means: 'a media type such as application/json, text/* or application/*+json, in lower case' }), {
      min: 1,
      max: 100,
      describe: 'The media types that are compressed. Event streams and gRPC never are.',
    }),
    TYPES,
  ),
  minimum: withDefault(size({ minBytes: 0, maxBytes: 1024 ** 2, describe: 'A shorter body stays as it is, where its length is declared.' }), '1KiB'),
  effort: optional(oneOf(['fast', 'balanced', 'small'], 'How much work is done for how small a body.'), 'balanced'),
  breach: optional(
    oneOf(
      ['guard', 'accept'],
      '`guard`: answers to requests with cookies, with credentials that browsers add by themselves, or with a certificate stay uncompressed, unless the browser says that the request comes from the same origin. `accept`: they are compressed as well.',
    ),
    'guard',
  ),
  compressors: optional(
    integer({
      min: 1,
      max: 10_000,
      describe: 'How many bodies a gateway thread compresses at once, in all; the others stay as they are. Each takes up to some 4 MiB.',
    }),
    64,
  ),
})
type Config = Infer<typeof config>

/** What the caller wants, kept from the request to its answer. */
const WantedCoding = slot<Coding>('WantedCoding')

const ACCEPT_ENCODING = fieldName('accept-encoding')
const ACCEPT_RANGES = fieldName('accept-ranges')
const CACHE_CONTROL = fieldName('cache-control')
const CONTENT_ENCODING = fieldName('content-encoding')
const CONTENT_RANGE = fieldName('content-range')
const CONTENT_TYPE = fieldName('content-type')
const ETAG = fieldName('etag')
const VARY = fieldName('vary')
/** Of the body as it was (RFC 9530 2 and 3, RFC 3230; RFC 1864). */
const DIGESTS = ['content-digest', 'repr-digest', 'digest', 'content-md5'].map(fieldName)

const NO_TRANSFORM = /(?:^|[,;\s])no-transform(?:$|[,;\s])/i
const NEVER = /^(?:text\/event-stream|application\/grpc(?:[+-].*)?|multipart\/.*)$/

/** One test for all media types. */
function typeTest(types: readonly string[]): (essence: string) => boolean {
  const exact = new Set(types.filter((type) => !type.includes('*')))
  const pairs = types.filter((type) => type.includes('*')).map((type) => type.split('*') as [string, string])
  return (essence) =>
    exact.has(essence) || pairs.some(([head, tail]) => essence.length > head.length + tail.length && essence.startsWith(head) && essence.endsWith(tail))
}

function valuesOf(x: Exchange, name: typeof VARY): string[] {
  const values: string[] = []
  for (let i = x.head.find(name); i >= 0; i = x.head.find(name, i + 1)) values.push(x.head.value(i))
  return values
}

/** RFC 9110 12.5.5: caches must know what the answer was chosen by, whatever it came to. */
function addVary(answer: Answer): void {
  const names = answer.all(VARY).flatMap((value) => value.split(',').map((name) => name.trim().toLowerCase()))
  if (!names.includes('*') && !names.includes('accept-encoding')) answer.add('Vary', 'Accept-Encoding')
}
/** The body under another coding is another representation, and the same entity under a weak validator (RFC 9110 8.8.3.3). */
function weaken(answer: Answer): void {
  const tag = answer.get(ETAG)
  if (tag?.startsWith('"')) answer.set('ETag', `W/${tag}`)
}

export const compress = definePolicy<Config>({
  name: 'compress',
  stage: 'shape',
  summary: 'Compresses responses with gzip, Brotli or Zstandard for callers that can read it.',
  when: 'When a service does not compress by itself, or a policy changes its bodies and it may not. Answers to requests that a browser signs by itself stay as they are: their length would tell secrets in them to whoever can have a part of them written back (BREACH).',
  config,
  uses: [],
  writes: [WantedCoding],
  denials: {},
  examples: [
    { title: 'JSON and text, for whoever can read it', config: {}, send: { headers: { 'Accept-Encoding': 'gzip, br' } }, expect: { status: 200 } },
    {
      title: 'Public files, with little work',
      config: { effort: 'fast', codings: ['br', 'gzip'], breach: 'accept' },
      send: { headers: { 'Accept-Encoding': 'gzip', Cookie: 'theme=dark' } },
      expect: { status: 200 },
    },
  ],
  related: ['body-transform'],
  single: true,
  compile({ codings, types, minimum, effort, breach, compressors }) {
    const isCompressible = typeTest(types)
    return {
      request(x) {
        const accepted = valuesOf(x, ACCEPT_ENCODING)
        if (breach === 'guard' && isAmbient(x)) {
          // Nor does the upstream compress it.
          if (accepted.length > 0) {
            x.dropFromRequest(ACCEPT_ENCODING)
            x.tellUpstream('Accept-Encoding', 'identity')
          }
          return undefined
        }
        if (accepted.length === 0) return undefined
        const wanted = chooseCoding(accepted, codings)
        // RFC 9111 5.2.1.6: the caller may forbid it as well.
        if (wanted !== undefined && !valuesOf(x, CACHE_CONTROL).some((value) => NO_TRANSFORM.test(value))) x.set(WantedCoding, wanted)
        return undefined
      },
      response(x, answer) {
        const wanted = x.get(WantedCoding)
        // A 304 tells what the 200 would have (RFC 9110 15.4.5), and not of what type it was.
        if (answer.status === 304) {
          addVary(answer)
          if (wanted !== undefined) weaken(answer)
          return undefined
        }
        const type = readMediaType(answer.all(CONTENT_TYPE))
        if (type === undefined || !isCompressible(type.essence) || NEVER.test(type.essence)) return undefined
        // What is coded, is; a part is one of the representation as it is (RFC 9110 14.2); and what is marked so is left alone (RFC 9110 7.7).
        if (answer.all(CONTENT_ENCODING).length > 0 || answer.status === 206 || answer.status === 226 || answer.get(CONTENT_RANGE) !== undefined)
          return undefined
        if (answer.all(CACHE_CONTROL).some((value) => NO_TRANSFORM.test(value))) return undefined
        if (answer.length >= 0 && answer.length < minimum) return undefined
        addVary(answer)
        if (wanted === undefined || compressorsUnderWay() >= compressors) return undefined
        answer.set('Content-Encoding', wanted)
        weaken(answer)
        for (const name of DIGESTS) answer.drop(name)
        if (answer.get(ACCEPT_RANGES) !== undefined) answer.set('Accept-Ranges', 'none')
        const prompt = answer.length < 0
        answer.transform((sink) => new CompressedBody(sink, wanted, effort, prompt))
        return undefined
      },
    }
  },
})
