// What a hostile connection of HTTP/2 is as data, and the few builders that keep the tables short.
import { block, data, type Fields, FLAG, headers } from '../support/stream-frames.ts'

/** How it must end (RFC 9113 5.4). A stream error may be answered as an HTTP error too (8.1.1), and what is fatal to a stream may be to its connection. */
export type StreamOutcome =
  /** The stream is reset with one of these codes; others go on. */
  | { readonly reset: readonly number[] }
  /** The connection ends behind a GOAWAY with one of these codes. */
  | { readonly goaway: readonly number[] }
  /** An HTTP answer with one of these statuses, a problem document; others go on. */
  | { readonly status: readonly number[] }
  /** The connection ends, with words or without. */
  | { readonly closed: true }
  /** Taken as a request, and defused: what it `hides` does not go on. */
  | { readonly passes: number }
  /** Nothing comes of it, and the next request is answered. */
  | { readonly ignored: true }

/** One rule broken in one way. */
export interface HostileStream {
  /** The guarantee, as a test's name. */
  readonly name: string
  /** The clause that makes it hostile. */
  readonly rule: string
  /** What is sent behind preface and settings. */
  readonly frames: readonly Buffer[]
  /** What is sent in the place of preface and settings. */
  readonly greeting?: Buffer
  readonly outcome: StreamOutcome
  /** The stream whose end is watched. */
  readonly stream: number
  /** A target that may reach the upstream: that of an honest request of the same connection. */
  readonly besides?: string
  /** Text that no octet sent to the upstream may hold (compared without regard to case). */
  readonly hides?: string
}

export type StreamRow = readonly [name: string, frames: readonly Buffer[] | Buffer, outcome?: StreamOutcome | undefined, rest?: Partial<HostileStream>]

/** Rows that share a rule and, as a rule, an end. */
export function streams(rule: string, outcome: StreamOutcome, table: readonly StreamRow[], rest: Partial<HostileStream> = {}): HostileStream[] {
  return table.map(([name, frames, own, more]) => ({
    name,
    rule,
    frames: Buffer.isBuffer(frames) ? [frames] : frames,
    outcome: own ?? outcome,
    stream: 1,
    ...rest,
    ...more,
  }))
}

export const GET: Fields = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'api.example'],
  [':path', '/hostile'],
]
export const POST: Fields = [[':method', 'POST'], ...GET.slice(1)]
export const HONEST: Fields = [...GET.slice(0, 3), [':path', '/honest']]

/** A GET whose field of that name has another value, or is not there. */
export const withField = (name: string, value?: string, fields: Fields = GET): Fields =>
  fields.flatMap((pair): Fields => (pair[0] !== name ? [pair] : value === undefined ? [] : [[name, value]]))
/** A request without a body, as a whole. */
export const asks = (fields: Fields, stream = 1): Buffer => headers(stream, block(fields))
/** A request whose body follows. */
export const begins = (fields: Fields, stream = 1): Buffer => headers(stream, block(fields), FLAG.endHeaders)
/** A GET with further fields. */
export const get = (...more: Fields): Buffer => asks([...GET, ...more])
/** A POST with further fields and a body of one frame. */
export const post = (more: Fields, body: string): Buffer[] => [begins([...POST, ...more]), data(1, body)]
/** An honest request on that stream. */
export const honest = (stream = 1): Buffer => asks(HONEST, stream)

/** Every control character. */
export const controls: readonly number[] = Array.from({ length: 33 }, (_, index) => (index === 32 ? 0x7f : index))
export const octet = (code: number): string => `%x${code.toString(16).padStart(2, '0')}`
