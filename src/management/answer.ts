// What leaves the control listener: an answer as plain data, and the fields that every answer has.
import type { ServerResponse } from 'node:http'
import { problemDocument } from '../model/problem.ts'

export interface Answer {
  readonly status: number
  readonly fields: Readonly<Record<string, string | readonly string[]>>
  /** Text, octets, or the pieces of a text as they come. */
  readonly body: string | Uint8Array | AsyncIterable<string>
}

/**
 * Nothing here is for caches, for frames, for other origins or for guessing at types (OWASP REST Security Cheat Sheet). `Referrer-Policy` keeps ids in
 * paths to ourselves.
 */
const ALWAYS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const

export const text = (status: number, body: string, type = 'text/plain; charset=utf-8'): Answer => ({ status, fields: { 'Content-Type': type }, body })
export const json = (status: number, value: unknown, fields: Answer['fields'] = {}): Answer => ({
  status,
  fields: { 'Content-Type': 'application/json', ...fields },
  body: JSON.stringify(value),
})

/** A refusal as a problem document (RFC 9457), with further members of its own. */
export function problem(status: number, code: string, detail: string, fields: Answer['fields'] = {}, more: object = {}): Answer {
  const document = { ...(JSON.parse(problemDocument(status, code, detail)) as object), ...more }
  return { status, fields: { 'Content-Type': 'application/problem+json', ...fields }, body: JSON.stringify(document) }
}

/** The same answer with further fields; its own win. */
export const withFields = (answer: Answer, fields: Answer['fields']): Answer => ({ ...answer, fields: { ...fields, ...answer.fields } })

/** Writes it. A body in pieces waits for a slow reader, and ends with the connection when its source fails: half an export must not look whole. */
export async function send(response: ServerResponse, { status, fields, body }: Answer, isHead: boolean): Promise<void> {
  if (response.headersSent) return
  response.writeHead(status, { ...ALWAYS, ...(fields as Record<string, string | string[]>) })
  if (isHead || typeof body === 'string' || body instanceof Uint8Array) {
    response.end(isHead ? undefined : body)
    return
  }
  try {
    for await (const piece of body) {
      if (response.destroyed) return
      if (!response.write(piece)) await new Promise<void>((resolve) => response.once('drain', resolve).once('close', resolve))
    }
    response.end()
  } catch {
    response.destroy()
  }
}
