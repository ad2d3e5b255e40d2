// Carries webhooks out of the outbox through the guarded way out.
import type { Carried, Courier } from '../../ports/courier.ts'
import { type Egress, EgressFailed, EgressRefused } from '../../ports/egress.ts'
import type { WebhookContent, WebhookEndpoint } from '../../ports/webhook.ts'
import { KEYS_MAX, signedFields, webhookKey } from './signature.ts'

export interface WebhookCourierOptions {
  readonly egress: Egress
  /** The endpoint of a name, as it is now; undefined when there is none any more. */
  readonly endpoint: (name: string) => Promise<WebhookEndpoint | undefined>
  readonly nowMs: () => number
}

const TIMEOUT_MS = 20_000
/** The answer is read to see that it ends, and thrown away. */
const ANSWER_BYTES_MAX = 64 * 1024

export function webhookCourier({ egress, endpoint, nowMs }: WebhookCourierOptions): Courier {
  return {
    async carry({ id, target, content }) {
      const to = await endpoint(target)
      if (!to) return { outcome: 'refused', why: `there is no webhook endpoint '${target}' any more` }
      const keys = to.keys.flatMap((key) => webhookKey(key) ?? [])
      // A key that is wrong can be mended. Unsigned, or signed with fewer keys than were meant, nothing leaves.
      if (keys.length === 0 || keys.length !== to.keys.length || keys.length > KEYS_MAX)
        return { outcome: 'failed', why: `the keys of the webhook endpoint '${target}' are not 1 to ${KEYS_MAX} of whsec_ and base64 of 24 to 64 octets` }
      const { body } = content as WebhookContent
      const headers = { 'content-type': 'application/json', ...signedFields(id, nowMs(), body, keys) }
      const trust = to.trust === undefined ? {} : { trust: to.trust }
      try {
        const answer = await egress.fetch({ method: 'POST', url: to.url, headers, body, timeoutMs: TIMEOUT_MS, bytesMax: ANSWER_BYTES_MAX, ...trust })
        return outcomeOf(answer.status, answer.headers['retry-after'], nowMs())
      } catch (cause) {
        // What the guard refuses, an operator can allow: it is tried again, and given up in the end.
        if (cause instanceof EgressFailed || cause instanceof EgressRefused) return { outcome: 'failed', why: cause.message }
        throw cause
      }
    },
  }
}

/** Standard Webhooks, "Deliverability": 2xx is received, 410 asks never to be told again, all else is tried again. A redirect is not followed. */
function outcomeOf(status: number, retryAfter: string | undefined, nowMs: number): Carried {
  if (status >= 200 && status < 300) return { outcome: 'delivered' }
  if (status === 410) return { outcome: 'refused', why: 'the receiver says that it is gone (410)' }
  const afterMs = waitOf(retryAfter, nowMs)
  return { outcome: 'failed', why: `the receiver answered ${status}`, ...(afterMs !== undefined && { afterMs }) }
}

/** RFC 9110 10.2.3: seconds, or a date. */
function waitOf(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isFinite(ms) && ms > 0 ? ms : undefined
}
