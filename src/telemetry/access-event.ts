// An access event as a JSON line, with whatever may be a secret blanked before it is text.
import type { CredentialPlace } from '../pipeline/contract.ts'

/** What is known of an exchange when it is over. Sizes in octets, times in microseconds. */
export interface AccessEvent {
  readonly timeUs: number
  readonly id: string
  readonly address: string
  readonly api: string
  readonly operation: string
  readonly consumer: string
  readonly credential: string
  readonly method: string
  readonly path: string
  readonly query: string | undefined
  readonly status: number
  readonly code: string
  readonly bytesIn: number
  readonly bytesOut: number
  readonly durationUs: number
}

/** Query parameters that carry secrets whatever the configuration says. */
const SECRET_NAMES = /^(?:.*(?:token|secret|passw(?:or)?d|api[-_]?key|signature|credential).*|key|sig|auth|code|jwt|assertion)$/i

let second = -1
let secondText = ''
/** RFC 3339 in UTC with microseconds; the text of the second is kept. */
function timestamp(timeUs: number): string {
  const now = Math.floor(timeUs / 1_000_000)
  if (now !== second) {
    second = now
    secondText = new Date(now * 1000).toISOString().slice(0, 19)
  }
  return `${secondText}.${String(timeUs % 1_000_000).padStart(6, '0')}Z`
}

export function accessLine(event: AccessEvent, places: readonly CredentialPlace[]): string {
  let line = `{"time":"${timestamp(event.timeUs)}","id":"${event.id}","address":"${event.address}","method":"${plain(event.method)}","path":"${plain(event.path)}"`
  if (event.query !== undefined) line += `,"query":"${plain(redactQuery(event.query, places))}"`
  if (event.api !== '') line += `,"api":"${event.api}","operation":"${plain(event.operation)}"`
  if (event.consumer !== '') line += `,"consumer":"${plain(event.consumer)}","credential":"${plain(event.credential)}"`
  line += `,"status":${event.status}`
  if (event.code !== '') line += `,"code":"${event.code}"`
  return `${line},"bytesIn":${event.bytesIn},"bytesOut":${event.bytesOut},"durationUs":${event.durationUs}}`
}

const NEEDS_ESCAPE = /["\\]|[^\x20-\x7e]/
const EACH_ESCAPE = /["\\]|[^\x20-\x7e]/g
/** Text as it stands inside a JSON string, ASCII only: control characters, DEL, C1, U+2028 and the rest as escapes (ASVS v5.0.0-16.4.1). */
function plain(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text
  return text.replace(EACH_ESCAPE, (char) => (char === '"' || char === '\\' ? `\\${char}` : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`))
}

/** Every value that may be a secret replaced by `-`. Names are compared decoded: an encoded spelling of `api_key` is the same parameter. */
export function redactQuery(query: string, places: readonly CredentialPlace[]): string {
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=')
      if (equals < 0) return pair
      const name = decoded(pair.slice(0, equals))
      const secret = SECRET_NAMES.test(name) || places.some((place) => place.in === 'query' && place.name === name)
      return secret ? `${pair.slice(0, equals)}=-` : pair
    })
    .join('&')
}
function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}
