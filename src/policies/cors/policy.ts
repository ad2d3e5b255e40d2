// cors: tells browsers which web pages may call this API and read its answers, as the Fetch standard has it.
import { boolean, checked, duration, type Infer, list, object, optional, string } from '../../base/schema.ts'
import { FieldNameSet } from '../../http/field-name-set.ts'
import { fieldName } from '../../http/field-names.ts'
import { definePolicy, type Reply, type ResponseField } from '../../pipeline/contract.ts'
import { fieldLine } from '../../pipeline/exchange.ts'

/** An origin as browsers serialize it (RFC 6454 6.1): lower case, no path, no default port. "null" is what every sandboxed page sends: it names nobody. */
const ORIGIN = /^(?:\*|[a-z][a-z0-9+.-]*:\/\/(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?)$/
const MEANS = 'an origin as browsers send it, such as https://shop.example or http://localhost:3000: lower case, no path, no default port'
const DEFAULT_PORT = /^(?:http:\/\/.*:80|https:\/\/.*:443)$/
const origin = checked(string({ pattern: ORIGIN, means: `${MEANS}, or *`, maxLength: 300 }), (text) =>
  DEFAULT_PORT.test(text) ? { code: 'never-matches', message: `browsers leave the default port out, so '${text}' would match nobody` } : undefined,
)
const token = (means: string) => string({ pattern: /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/, means })

const config = object({
  allowOrigins: list(origin, {
    min: 1,
    max: 1000,
    describe: 'Origins of the pages that may read answers, compared exactly; or * alone, for any page, without credentials.',
  }),
  allowMethods: optional(list(token('a method such as GET'), { min: 1, describe: 'Methods that such a page may use.' }), ['GET', 'HEAD', 'POST']),
  allowHeaders: optional(list(token('a field name such as Content-Type'), { describe: 'Request fields that such a page may set beyond the safe ones.' }), []),
  exposeHeaders: optional(list(token('a field name such as RateLimit'), { describe: 'Response fields that such a page may read beyond the safe ones.' }), []),
  allowCredentials: optional(boolean('Cookies and HTTP authentication may be sent along.'), false),
  maxAge: optional(duration({ minMs: 1000, maxMs: 86_400_000, describe: 'How long a browser may remember a preflight’s answer.' })),
})

/** What only this policy may say: an upstream's own words would contradict it, or widen it. */
const WORDS = ['allow-origin', 'allow-credentials', 'allow-methods', 'allow-headers', 'allow-private-network', 'expose-headers', 'max-age']
const UPSTREAM_SAYS = [new FieldNameSet(WORDS.map((word) => `access-control-${word}`))]

const ORIGIN_FIELD = fieldName('origin')
const PREFLIGHT_FIELD = fieldName('access-control-request-method')

export const cors = definePolicy<Infer<typeof config>>({
  name: 'cors',
  stage: 'admit',
  summary: 'Tells browsers which web pages may call this API and read its answers.',
  when: 'When pages of other origins than the API’s call it from a browser. It restrains browsers, nobody else: it protects the users of those pages, and is no access control.',
  config,
  uses: [],
  denials: {},
  examples: [
    {
      title: 'A preflight is answered by the gateway, without identity',
      config: { allowOrigins: ['https://shop.example'] },
      send: { method: 'OPTIONS', headers: { Origin: 'https://shop.example', 'Access-Control-Request-Method': 'POST' } },
      expect: { status: 204 },
    },
    {
      title: 'A request passes, whatever its origin: the browser judges the answer',
      config: { allowOrigins: ['https://shop.example'] },
      send: { headers: { Origin: 'https://evil.example' } },
      expect: { status: 200 },
    },
  ],
  related: ['api-key'],
  faults({ allowOrigins, allowMethods, allowHeaders, exposeHeaders, allowCredentials }) {
    const wild = allowOrigins.includes('*')
    const faults: { code: string; message: string }[] = []
    if (wild && allowCredentials)
      faults.push({
        code: 'any-origin-with-credentials',
        message: 'allowOrigins * with allowCredentials would let every page act as its visitor: name the origins',
      })
    if (wild && allowOrigins.length > 1) faults.push({ code: 'redundant', message: 'allowOrigins * stands for every origin: name no others beside it' })
    // Fetch 3.2.4: with credentials "*" is the name of a method or field, not every one.
    if (allowCredentials && [...allowMethods, ...allowHeaders, ...exposeHeaders].includes('*'))
      faults.push({
        code: 'any-with-credentials',
        message: 'with allowCredentials, * in allowMethods, allowHeaders or exposeHeaders stands for nothing: name them',
      })
    return faults
  },
  compile({ allowOrigins, allowMethods, allowHeaders, exposeHeaders, allowCredentials, maxAge }) {
    const wild = allowOrigins.includes('*')
    // The answer depends on Origin unless every origin gets the same one: caches must know (RFC 9110 12.5.5).
    const vary: ResponseField[] = wild ? [] : [['Vary', 'Origin']]
    const grant = (text: string): ResponseField[] => [
      ['Access-Control-Allow-Origin', text],
      ...(allowCredentials ? ([['Access-Control-Allow-Credentials', 'true']] as const) : []),
    ]
    const exposes: ResponseField[] = exposeHeaders.length > 0 ? [['Access-Control-Expose-Headers', exposeHeaders.join(', ')]] : []
    const preflight: ResponseField[] = [['Access-Control-Allow-Methods', allowMethods.join(', ')]]
    if (allowHeaders.length > 0) preflight.push(['Access-Control-Allow-Headers', allowHeaders.join(', ')])
    if (maxAge !== undefined) preflight.push(['Access-Control-Max-Age', String(Math.floor(maxAge / 1000))])
    const lines = (fields: readonly ResponseField[]): string => fields.map(([name, value]) => fieldLine(name, value)).join('')
    const reply = (fields: readonly ResponseField[]): Reply => ({ kind: 'reply', status: 204, fields })

    const known = new Map(
      allowOrigins.map((text) => [text, { plain: lines([...grant(text), ...exposes, ...vary]), preflight: reply([...grant(text), ...preflight, ...vary]) }]),
    )
    const any = known.get('*')
    const stranger = { plain: lines(vary), preflight: reply(vary) }
    return {
      request(x) {
        const { head } = x
        const at = head.find(ORIGIN_FIELD)
        // Two origins are none: whichever one took, a reader behind us might take the other.
        const sole = at >= 0 && head.find(ORIGIN_FIELD, at + 1) < 0
        const answer = sole ? (any ?? known.get(head.value(at)) ?? stranger) : stranger
        // Fetch 2.2.2 (CORS-preflight request): OPTIONS with both fields. It is answered here whoever asks, so it never reaches identity nor upstream.
        if (at >= 0 && x.method === 'OPTIONS' && head.find(PREFLIGHT_FIELD) >= 0) return answer.preflight
        x.droppedFromResponse = x.droppedFromResponse.length === 0 ? UPSTREAM_SAYS : [...x.droppedFromResponse, ...UPSTREAM_SAYS]
        x.clientFields += answer.plain
        return undefined
      },
    }
  },
})
