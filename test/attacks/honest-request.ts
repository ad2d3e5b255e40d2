// What an honest request is as data, and the few builders that keep the tables short.
import type { Step } from '../support/raw-client.ts'

/** What must reach the upstream of one message. */
export interface ExpectedMessage {
  readonly method: string
  /** As the client wrote it; it arrives in canonical form (RFC 3986 6.2.2). */
  readonly target: string
  /** latin1; the empty string when there is no body. */
  readonly body: string
  /** Values that must arrive, in this order among those of their name. */
  readonly fields: readonly (readonly [name: string, value: string])[]
}

/** One legal shape of a connection's bytes. */
export interface HonestRequest {
  readonly name: string
  /** Written one after the other, each in a segment of its own. */
  readonly steps: readonly Step[]
  readonly messages: readonly ExpectedMessage[]
  /** True when the connection may be used for another request afterwards. */
  readonly keeps: boolean
}

export interface Shape {
  readonly method?: string
  readonly target?: string
  readonly version?: string
  /** Whole `Host` line; the empty string for none. */
  readonly host?: string
  readonly lines?: readonly string[]
  readonly payload?: string
}

/** The bytes of one request. */
export function write({ method = 'GET', target = '/a', version = 'HTTP/1.1', host = 'Host: api.example', lines = [], payload = '' }: Shape): string {
  const head = [`${method} ${target} ${version}`, host, ...lines].filter((line) => line !== '')
  return `${head.join('\r\n')}\r\n\r\n${payload}`
}

export type Expected = Partial<ExpectedMessage>

/** One request in one segment, and what of it must arrive. */
export function honest(name: string, shape: Shape, expected: Expected = {}, keeps = true): HonestRequest {
  return { name, steps: [write(shape)], messages: [expect(shape, expected)], keeps }
}

/** What arrives of a shape, unless told otherwise. */
export function expect(shape: Shape, expected: Expected = {}): ExpectedMessage {
  return { method: shape.method ?? 'GET', target: shape.target ?? '/a', body: '', fields: [], ...expected }
}
