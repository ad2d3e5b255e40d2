// What a hostile request is as data, and the few builders that keep the tables short.

/** One rule broken in one way. */
export interface HostileRequest {
  /** The guarantee, as a test's name. */
  readonly name: string
  /** The clause that makes it hostile. */
  readonly rule: string
  /** latin1: one character is one octet. */
  readonly bytes: string
  readonly status: number | readonly number[]
  /**
   * `must`: the gateway can no longer know where the next message starts, or cannot trust who wrote this one. `may`: the message was understood, so
   * keeping the connection is right too, as long as the next request gets its own answer.
   */
  readonly closes: 'must' | 'may'
  /** Text that no byte sent to the upstream may hold (compared without regard to case). */
  readonly hides?: string
  /** The body that the upstream must have got, when the message passes. */
  readonly body?: string
  /** A field that the answer must carry. */
  readonly answers?: string
}

export type Row = readonly [name: string, bytes: string, status?: number | readonly number[]]

/** Rows that share a rule and an end. */
export function rows(rule: string, closes: 'must' | 'may', table: readonly Row[], rest: Partial<HostileRequest> = {}): HostileRequest[] {
  return table.map(([name, bytes, status = 400]) => ({ name, rule, bytes, status, closes, ...rest }))
}

/** A GET of `/a` whose head also holds the lines given, as they stand. */
export const get = (...lines: readonly string[]): string => `GET /a HTTP/1.1\r\nHost: api.example\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`

/** A GET whose request line is given whole. */
export const line = (start: string): string => `${start}\r\nHost: api.example\r\n\r\n`

/** A GET of a target. */
export const target = (text: string): string => line(`GET ${text} HTTP/1.1`)

/** A POST with the framing lines and payload given. */
export const post = (framing: readonly string[], payload: string): string =>
  `POST /a HTTP/1.1\r\nHost: api.example\r\n${framing.map((each) => `${each}\r\n`).join('')}\r\n${payload}`

/** A chunked POST with the payload given. */
export const chunked = (payload: string): string => post(['Transfer-Encoding: chunked'], payload)

/** The request that must never be taken for one of its own. */
export const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: api.example\r\n\r\n'
