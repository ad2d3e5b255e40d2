// Idempotency keys (draft-ietf-httpapi-idempotency-key-header): a repeated POST gets the answer of the first, by the same caller, for the same content.
import { canonicalJson } from '../base/canonical-json.ts'
import type { Actor } from '../model/trail-event.ts'
import { tag } from '../people/secret-text.ts'
import { collection, type Reading, type Writing } from '../ports/store.ts'
import type { Answer } from './answer.ts'

interface Kept {
  readonly content: string
  readonly answer?: { readonly status: number; readonly fields: Answer['fields']; readonly body: string }
  readonly atMs: number
}
const kept = collection<Kept>('idempotency')
/** By time, so that what is old is found without looking at the rest. */
const keptAt = collection<string>('idempotency-at')
const KEPT_MS = 24 * 3_600_000
/** How many old ones are removed with each new one: more than come in, so they never pile up. */
const REMOVED_AT_ONCE = 4

/** RFC 8941 string or bare token: 1 to 128 visible characters without quotes. */
export function idempotencyKey(field: string | undefined): string | undefined {
  return /^"?([!#-~]{1,128})"?$/.exec(field ?? '')?.[1]
}

/**
 * One use of a key: by whom, for which operation, with which content (hardening.md: scoped to principal, operation and body digest). `secret` keys what
 * is kept of the content: who reads the store cannot try out what a password in it was.
 */
export class IdempotentUse {
  private readonly key: string
  private readonly content: string

  constructor(secret: Uint8Array, actor: Actor, operation: string, key: string, content: unknown) {
    this.key = tag(secret, 'idempotency', actor.kind, actor.id, operation, key)
    this.content = tag(secret, 'idempotent content', canonicalJson(content))
  }

  /** What the first use was answered with, or why this use is refused; undefined when there was none. */
  async earlier(reading: Reading, nowMs: number): Promise<Answer | 'idempotency-reused' | 'already-done' | undefined> {
    const found = await reading.get(kept, this.key)
    if (found === undefined || found.atMs < nowMs - KEPT_MS) return undefined
    if (found.content !== this.content) return 'idempotency-reused'
    if (found.answer === undefined) return 'already-done'
    return { ...found.answer, fields: { ...found.answer.fields, 'Idempotency-Replayed': 'true' } }
  }

  /** `answer` absent: it held a secret. */
  async keep(writing: Writing, nowMs: number, answer: Kept['answer']): Promise<void> {
    await forgetRepetitions(writing, nowMs, REMOVED_AT_ONCE)
    writing.put(kept, this.key, { content: this.content, atMs: nowMs, ...(answer && { answer }) })
    writing.put(keptAt, `${timeKey(nowMs)}/${this.key.slice(0, 16)}`, this.key)
  }
}

/** Removes what is older than a day: answers can hold what somebody wants forgotten. */
export async function forgetRepetitions(writing: Writing, nowMs: number, limit: number): Promise<void> {
  for (const { key, value } of await writing.scan(keptAt, { before: timeKey(nowMs - KEPT_MS), limit })) {
    writing.remove(keptAt, key)
    const record = await writing.get(kept, value)
    if (record !== undefined && record.atMs < nowMs - KEPT_MS) writing.remove(kept, value)
  }
}

const timeKey = (ms: number): string => String(Math.max(0, ms)).padStart(15, '0')
