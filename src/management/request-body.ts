// Reads what a request brings: its body as JSON, its query as text, both bounded and strict.

import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { Fault } from '../base/fault.ts'
import { parseJson } from '../catalog/reading/json-document.ts'

const CAPS = { depth: 32, aliases: 0, values: 100_000, strictNames: true }

/** All bodies that are being read at one time, in octets: two of the largest kind, or a great many of the usual ones. */
const IN_FLIGHT_MAX = 128 * 1024 * 1024
let inFlight = 0

export type ReadBody =
  | { readonly value: unknown }
  | { readonly refused: 'body-too-large' | 'unsupported-media-type' | 'rate-limited' }
  | { readonly faults: readonly Fault[] }

/** The body as plain data. Repeated and prototype keys are faults (RFC 8259 4, RFC 7493 2.3). An absent body is an empty object. */
export async function readJsonBody(request: IncomingMessage, bytesMax: number): Promise<ReadBody> {
  const bytes = await readBytes(request, bytesMax)
  if (!Buffer.isBuffer(bytes)) return bytes
  if (bytes.length === 0) return { value: {} }
  // Without this, a form of another site could send JSON as text/plain and need no preflight (Fetch 4.8).
  if (!isOfType(request, 'application/json')) return { refused: 'unsupported-media-type' }
  if (!isUtf8(bytes)) return NOT_UTF8
  const { value, faults } = parseJson(bytes.toString('utf8'), CAPS)
  return faults.length === 0 ? { value } : { faults: faults.map(({ code, message }) => ({ code, path: [], message })) }
}

/** The body as text. */
export async function readTextBody(request: IncomingMessage, bytesMax: number): Promise<ReadBody> {
  const bytes = await readBytes(request, bytesMax)
  if (!Buffer.isBuffer(bytes)) return bytes
  if (!isOfType(request, 'text/plain')) return { refused: 'unsupported-media-type' }
  return isUtf8(bytes) ? { value: bytes.toString('utf8') } : NOT_UTF8
}

const TOO_LARGE: ReadBody = { refused: 'body-too-large' }
const CUT_SHORT: ReadBody = { faults: [{ code: 'cut-short', path: [], message: 'the body was cut short' }] }
const NOT_UTF8: ReadBody = { faults: [{ code: 'not-utf8', path: [], message: 'the body is not UTF-8' }] }
/** RFC 9110 8.4: a body in a coding that we do not undo is not what its type says, and whoever looks at it on the way would see another. */
function isOfType(request: IncomingMessage, type: string): boolean {
  if (!/^(?:identity)?$/i.test(request.headers['content-encoding'] ?? '')) return false
  const [given = '', charset = ''] = (request.headers['content-type'] ?? '').toLowerCase().split(/\s*;\s*(.*)/s)
  return given.trim() === type && /^(?:charset="?utf-8"?)?\s*$/.test(charset)
}

/** The octets, or why they are not read. Many large bodies at once must not cost the process its memory, whoever sends them. */
async function readBytes(request: IncomingMessage, bytesMax: number): Promise<Buffer | ReadBody> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > bytesMax) return TOO_LARGE
  const parts: Buffer[] = []
  let length = 0
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      length += part.length
      inFlight += part.length
      if (length > bytesMax) return TOO_LARGE
      if (inFlight > IN_FLIGHT_MAX) return { refused: 'rate-limited' }
      parts.push(part)
    }
    return Buffer.concat(parts)
  } catch {
    // Whoever sent it is gone, or took too long: nothing of ours is broken.
    return CUT_SHORT
  } finally {
    inFlight -= length
  }
}

/** The query as an object of texts; a parameter that stands there twice is a fault: which of the two counts is not to be guessed. */
export function readQuery(search: string): { readonly value: Record<string, string>; readonly faults: readonly Fault[] } {
  const value: Record<string, string> = Object.create(null)
  const faults: Fault[] = []
  for (const [name, text] of new URLSearchParams(search)) {
    if (name === '__proto__' || Object.hasOwn(value, name))
      faults.push({ code: 'duplicate-key', path: [name], message: `'${name.slice(0, 60)}' stands in the query twice` })
    value[name] = text
  }
  return { value, faults }
}
