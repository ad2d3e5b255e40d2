// secure-headers: says in every response what keeps browsers and caches from doing harm with it, and leaves out what tells about software.
import { checked, either, type Infer, list, object, oneOf, optional, type Schema, string, withDefault } from '../../base/schema.ts'
import { transportSecurity, transportSecurityValue, USUAL_TRANSPORT_SECURITY } from '../../model/transport-security.ts'
import { definePolicy, type ResponseField } from '../../pipeline/contract.ts'
import { cacheControlFault } from './cache-control.ts'
import { contentSecurityPolicyFault } from './content-security-policy.ts'
import { permissionsPolicyFault } from './permissions-policy.ts'

/** A word of the standard, or `false` for nothing. */
const word = <const T extends string>(fallback: T, words: readonly T[], describe: string) =>
  optional(oneOf([...words, false] as const, describe), fallback as T | false)

/** A value with a grammar, or `false`. */
function grammar(fallback: string, faultOf: (text: string) => string | undefined, describe: string) {
  const text = checked(string({ pattern: /^[!-~](?:[ -~]*[!-~])?$/, means: 'one line of visible ASCII', maxLength: 8000 }), (value) => {
    const message = faultOf(value)
    return message === undefined ? undefined : { code: 'bad-value', message }
  })
  const schema: Schema<string | false> = either([text, oneOf([false])], 'text, or false')
  return withDefault({ ...schema, json: { ...schema.json, description: describe } }, fallback)
}

const REFERRER_POLICIES = [
  'no-referrer',
  'no-referrer-when-downgrade',
  'origin',
  'origin-when-cross-origin',
  'same-origin',
  'strict-origin',
  'strict-origin-when-cross-origin',
  'unsafe-url',
] as const

/** What needs a person's leave, or acts on the machine. All else is idle where no script runs, which the default Content-Security-Policy sees to. */
const POWERFUL = 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()'

/** From OWASP's list of fields to remove (Secure Headers Project): those that name software or its version. */
const TELLTALES =
  'Server X-Powered-By X-AspNet-Version X-AspNetMvc-Version X-Generator X-Powered-CMS X-Runtime X-Php-Version X-Server-Powered-By X-Powered-By-Plesk X-CF-Powered-By X-Framework X-Backend-Server X-OWA-Version X-Mod-Pagespeed X-Page-Speed X-Drupal-Dynamic-Cache X-Nextjs-Cache X-Nextjs-Matched-Path X-Litespeed-Cache X-Turbo-Charged-By X-Umbraco-Version X-SourceFiles Liferay-Portal'.split(
    ' ',
  )

/** The keys whose field the upstream may say in the gateway's place. */
const KEPT = [
  'xContentTypeOptions',
  'contentSecurityPolicy',
  'referrerPolicy',
  'xFrameOptions',
  'crossOriginOpenerPolicy',
  'crossOriginResourcePolicy',
  'crossOriginEmbedderPolicy',
  'permissionsPolicy',
  'cacheControl',
] as const
type Kept = (typeof KEPT)[number]
const FIELDS: Readonly<Record<Kept, string>> = {
  xContentTypeOptions: 'X-Content-Type-Options',
  contentSecurityPolicy: 'Content-Security-Policy',
  referrerPolicy: 'Referrer-Policy',
  xFrameOptions: 'X-Frame-Options',
  crossOriginOpenerPolicy: 'Cross-Origin-Opener-Policy',
  crossOriginResourcePolicy: 'Cross-Origin-Resource-Policy',
  crossOriginEmbedderPolicy: 'Cross-Origin-Embedder-Policy',
  permissionsPolicy: 'Permissions-Policy',
  cacheControl: 'Cache-Control',
}

const fieldNameOf = string({ pattern: /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/, means: 'a field name such as X-Powered-By' })
/** Without these a message is not read as it was meant, or a browser is not protected as somebody wanted. */
const NEEDED = new Set(
  'cache-control content-encoding content-length content-range content-type date etag last-modified location retry-after set-cookie transfer-encoding vary www-authenticate'.split(
    ' ',
  ),
)
const removable = checked(fieldNameOf, (name) =>
  NEEDED.has(name.toLowerCase()) ? { code: 'contradiction', message: `without ${name} clients would not understand the response` } : undefined,
)

const config = object({
  strictTransportSecurity: optional(
    transportSecurity(
      'Strict-Transport-Security (RFC 6797), only to clients that came by https. Left out: as the listener says, and a year where a proxy of `trustedProxies` ended TLS. `false`: as the listener says, and nothing there.',
    ),
  ),
  xContentTypeOptions: word('nosniff', ['nosniff'], 'X-Content-Type-Options: no browser guesses another type than the one that is said.'),
  contentSecurityPolicy: grammar(
    "default-src 'none'; frame-ancestors 'none'",
    contentSecurityPolicyFault,
    'Content-Security-Policy: what a browser may load if it ever shows a response as a page. The default suits an API: nothing.',
  ),
  referrerPolicy: word('no-referrer', REFERRER_POLICIES, 'Referrer-Policy: what of its address a page made of a response tells others.'),
  xFrameOptions: word('DENY', ['DENY', 'SAMEORIGIN'], 'X-Frame-Options (RFC 7034): for browsers too old for `frame-ancestors`.'),
  crossOriginOpenerPolicy: word(
    'same-origin',
    ['same-origin', 'same-origin-allow-popups', 'noopener-allow-popups', 'unsafe-none'],
    'Cross-Origin-Opener-Policy: which pages share a window group with one made of a response.',
  ),
  crossOriginResourcePolicy: word(
    'same-origin',
    ['same-origin', 'same-site', 'cross-origin'],
    'Cross-Origin-Resource-Policy: which sites may embed a response without asking. `cross-origin` for public images and scripts; requests that `cors` allows are not concerned.',
  ),
  crossOriginEmbedderPolicy: word(
    'require-corp',
    ['require-corp', 'credentialless', 'unsafe-none'],
    'Cross-Origin-Embedder-Policy: what a page made of a response may embed.',
  ),
  permissionsPolicy: grammar(POWERFUL, permissionsPolicyFault, 'Permissions-Policy: which features of the browser a page made of a response may use.'),
  cacheControl: grammar('no-store', cacheControlFault, 'Cache-Control of responses in which the upstream says nothing of it, as long as `keep` names it.'),
  keep: optional(
    list(oneOf(KEPT), {
      max: KEPT.length,
      describe: "Keys whose field the upstream knows better: where a response has it, the upstream's stays, else the gateway's is added.",
    }),
    ['cacheControl'],
  ),
  remove: optional(
    list(removable, {
      max: 100,
      describe: 'Fields of the upstream that do not reach the client, in place of the default list of those that tell about software.',
    }),
    TELLTALES,
  ),
})
type Config = Infer<typeof config>

export const secureHeaders = definePolicy<Config>({
  name: 'secure-headers',
  stage: 'shape',
  summary: 'Says in every response what keeps browsers and caches from doing harm with it, and leaves out what tells about software.',
  when: 'For every API that a browser could be led to, and for what a scanner finds. Without a key it says what OWASP recommends for APIs. An API that serves pages keeps their own Content-Security-Policy: `keep: [contentSecurityPolicy, cacheControl]`.',
  config,
  uses: [],
  denials: {},
  examples: [
    { title: 'What OWASP recommends for an API', config: {}, send: {}, expect: { status: 200 } },
    {
      title: 'Pages know better what they load; what stands in front of them is theirs alone',
      config: {
        strictTransportSecurity: { maxAge: '730d', includeSubDomains: true, preload: true },
        keep: ['contentSecurityPolicy', 'cacheControl'],
        referrerPolicy: 'strict-origin-when-cross-origin',
        crossOriginEmbedderPolicy: false,
      },
      send: {},
      expect: { status: 200 },
    },
    {
      title: 'Public images that other sites may embed and caches may keep',
      config: { crossOriginResourcePolicy: 'cross-origin', cacheControl: 'public, max-age=300' },
      send: {},
      expect: { status: 200 },
    },
  ],
  related: ['cors'],
  single: true,
  faults({ keep, remove }) {
    const faults: { code: string; message: string }[] = []
    if (new Set(keep).size < keep.length) faults.push({ code: 'duplicate-item', message: "'keep' names something twice" })
    const names = remove.map((name) => name.toLowerCase())
    const kept = KEPT.find((key) => keep.includes(key) && names.includes(FIELDS[key].toLowerCase()))
    if (kept !== undefined) faults.push({ code: 'contradiction', message: `${FIELDS[kept]} is to be kept and removed` })
    return faults
  },
  compile({ keep, remove, strictTransportSecurity, ...values }) {
    const fields: ResponseField[] = []
    const defaults: ResponseField[] = []
    const replaces = [...remove]
    for (const key of KEPT) {
      const value = values[key]
      if (value === false) continue
      if (keep.includes(key)) defaults.push([FIELDS[key], value])
      else {
        fields.push([FIELDS[key], value])
        replaces.push(FIELDS[key])
      }
    }
    const transportSecurity =
      strictTransportSecurity === false
        ? {}
        : {
            transportSecurity: {
              value: transportSecurityValue(strictTransportSecurity ?? USUAL_TRANSPORT_SECURITY),
              yields: strictTransportSecurity === undefined,
            },
          }
    if (fields.length === 0 && defaults.length === 0 && replaces.length === 0 && strictTransportSecurity === false) return null
    return { standing: { fields, defaults, replaces, ...transportSecurity } }
  },
})
