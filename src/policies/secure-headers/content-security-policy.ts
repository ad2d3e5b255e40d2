// Reads a Content-Security-Policy as strictly as nobody else does: browsers pass over what they do not understand, and the typo protects nobody.
import { suggestion } from '../../base/fault.ts'

type Kind = 'sources' | 'places' | 'sandbox' | 'nothing' | 'reports' | 'group' | 'types-for' | 'types' | 'webrtc'

/** CSP Level 3 and what stands beside it (HTML, Trusted Types). Without what browsers have dropped again. */
const DIRECTIVES: ReadonlyMap<string, Kind> = new Map([
  ...'child-src connect-src default-src fenced-frame-src font-src frame-src img-src manifest-src media-src object-src script-src script-src-attr script-src-elem style-src style-src-attr style-src-elem worker-src'
    .split(' ')
    .map((name) => [name, 'sources'] as const),
  ['base-uri', 'places'],
  ['form-action', 'places'],
  ['frame-ancestors', 'places'],
  ['sandbox', 'sandbox'],
  ['upgrade-insecure-requests', 'nothing'],
  ['block-all-mixed-content', 'nothing'],
  ['report-uri', 'reports'],
  ['report-to', 'group'],
  ['require-trusted-types-for', 'types-for'],
  ['trusted-types', 'types'],
  ['webrtc', 'webrtc'],
] satisfies readonly (readonly [string, Kind])[])

const PLACE_WORDS = ['none', 'self']
const SOURCE_WORDS = [
  ...PLACE_WORDS,
  ...'unsafe-inline unsafe-eval unsafe-hashes unsafe-webtransport-hashes strict-dynamic report-sample report-sha256 report-sha384 report-sha512 wasm-unsafe-eval inline-speculation-rules trusted-types-eval'.split(
    ' ',
  ),
]
const SANDBOX_WORDS =
  'allow-downloads allow-forms allow-modals allow-orientation-lock allow-pointer-lock allow-popups allow-popups-to-escape-sandbox allow-presentation allow-same-origin allow-scripts allow-storage-access-by-user-activation allow-top-navigation allow-top-navigation-by-user-activation allow-top-navigation-to-custom-protocols'.split(
    ' ',
  )

const SCHEME = /^[a-z][a-z0-9+.-]*:$/i
const HOST = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(?:\d{1,5}|\*))?(?:\/[^;,'"]*)?$/i
const HASH = /^'sha(?:256|384|512)-[A-Za-z0-9+/_-]{20,100}={0,2}'$/
const TOKEN = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/
const POLICY_NAME = /^[A-Za-z0-9\-#=_/@.%]+$/

/** The first thing that is wrong with a serialized policy (CSP 3, 2.2.1) of visible ASCII, as a sentence; undefined: nothing. */
export function contentSecurityPolicyFault(text: string): string | undefined {
  if (text.includes(',')) return "',' would begin a second policy: parts end with ';', and sources stand apart by spaces"
  const seen = new Set<string>()
  const directives = text.split(';').map((part) => part.trim())
  if (directives.every((part) => part === '')) return 'a Content-Security-Policy without directives forbids nothing: write false to say none'
  for (const directive of directives) {
    if (directive === '') continue
    const [written, ...values] = directive.split(/ +/) as [string, ...string[]]
    const name = written.toLowerCase()
    const kind = DIRECTIVES.get(name)
    if (kind === undefined) return `'${written.slice(0, 60)}' is no directive of Content-Security-Policy${suggestion(name, [...DIRECTIVES.keys()])}`
    if (seen.has(name)) return `'${name}' stands there twice, and browsers pass over the second`
    seen.add(name)
    const wrong = valuesFault(name, kind, values)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function valuesFault(name: string, kind: Kind, values: readonly string[]): string | undefined {
  switch (kind) {
    case 'sources':
      return sourcesFault(name, values, SOURCE_WORDS)
    case 'places':
      return sourcesFault(name, values, PLACE_WORDS)
    case 'sandbox':
      return wordsFault(name, values, SANDBOX_WORDS)
    case 'nothing':
      return values.length === 0 ? undefined : `'${name}' takes nothing behind it`
    case 'reports':
      return values.length > 0 && values.every((value) => /^(?:https?:\/\/|\/)/.test(value)) ? undefined : `'${name}' takes addresses: https://... or a path`
    case 'group':
      return values.length === 1 && TOKEN.test(values[0]!) ? undefined : `'${name}' takes the name of one endpoint`
    case 'types-for':
      return values.length === 1 && values[0] === "'script'" ? undefined : `'${name}' takes 'script', in quotes`
    case 'types':
      return values.every((value) => ["'none'", "'allow-duplicates'", '*'].includes(value) || POLICY_NAME.test(value))
        ? undefined
        : `'${name}' takes names of policies, 'none', 'allow-duplicates' or *`
    case 'webrtc':
      return values.length === 1 ? wordsFault(name, values, ["'allow'", "'block'"]) : `'${name}' takes 'allow' or 'block', in quotes`
  }
}

function wordsFault(name: string, values: readonly string[], words: readonly string[]): string | undefined {
  const unknown = values.find((value) => !words.includes(value))
  return unknown === undefined ? undefined : `'${unknown.slice(0, 60)}' means nothing in ${name}${suggestion(unknown, words)}`
}

function sourcesFault(name: string, values: readonly string[], words: readonly string[]): string | undefined {
  if (values.length === 0) return `'${name}' needs sources: 'none', in quotes, for none at all`
  for (const value of values) {
    const wrong = sourceFault(name, value, words)
    if (wrong !== undefined) return wrong
  }
  return values.includes("'none'") && values.length > 1 ? `in ${name} 'none' stands beside others, and browsers then pass over it` : undefined
}

function sourceFault(name: string, value: string, words: readonly string[]): string | undefined {
  const shown = value.slice(0, 60)
  if (SOURCE_WORDS.includes(value.toLowerCase())) return `in ${name} ${shown} without quotes is the name of a host: write '${shown}' in single quotes`
  if (SCHEME.test(value) || HOST.test(value)) return undefined
  if (!/^'.*'$/.test(value)) return `in ${name} ${shown} is no source: a host such as https://cdn.example, a scheme such as https:, or a word in single quotes`
  if (/^'nonce-/i.test(value))
    return `in ${name} a nonce that stays the same guards nothing: let the upstream say its own policy, with keep: [contentSecurityPolicy]`
  if (HASH.test(value) && words === SOURCE_WORDS) return undefined
  const word = value.slice(1, -1).toLowerCase()
  return words.includes(word) ? undefined : `in ${name} ${shown} means nothing${suggestion(word, words)}`
}
