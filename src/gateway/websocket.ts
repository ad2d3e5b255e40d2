// The WebSocket opening handshake, as far as the gateway answers for it (RFC 6455 4).
import { hash } from 'node:crypto'
import { randomSecret } from '../base/ids.ts'
import { fieldName } from '../http/field-names.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { ResponseHead } from '../http/response-head.ts'

const KEY = fieldName('sec-websocket-key')
const ACCEPT = fieldName('sec-websocket-accept')
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** A nonce for a handshake that came without one: that of HTTP/2 (RFC 8441 5). */
export const websocketNonce = (): string => Buffer.from(randomSecret(16)).toString('base64')

/** The client's nonce, or '' when there is none. */
export const websocketKey = (head: RequestHead): string => head.get(KEY) ?? ''

/** True when the response proves that the upstream understood this very handshake (RFC 6455 4.2.2). */
export function acceptsKey(head: ResponseHead, key: string): boolean {
  return key !== '' && head.get(ACCEPT) === hash('sha1', key + GUID, 'base64')
}
