// The fetch that the OpenID Connect library is given: every request of it goes the guarded way out, and no other.
import type { CustomFetch } from 'openid-client'
import type { Egress } from '../ports/egress.ts'

const TIMEOUT_MS = 10_000
const ANSWER_OCTETS_MAX = 512 * 1024

export const egressFetch =
  (egress: Egress): CustomFetch =>
  async (url, { method, headers, body }) => {
    if (method !== 'GET' && method !== 'POST') throw new TypeError(`single sign-on has no use for ${method}`)
    const text =
      body === undefined || body === null ? undefined : typeof body === 'string' ? body : body instanceof URLSearchParams ? body.toString() : undefined
    if (text === undefined && body !== undefined && body !== null) throw new TypeError('single sign-on sends forms only')
    const answer = await egress.fetch({ method, url, headers, ...(text !== undefined && { body: text }), timeoutMs: TIMEOUT_MS, bytesMax: ANSWER_OCTETS_MAX })
    // A Response of these statuses must have no body (Fetch 2.2.4).
    const hasBody = ![101, 103, 204, 205, 304].includes(answer.status)
    return new Response(hasBody ? Buffer.from(answer.body) : null, { status: answer.status, headers: answer.headers })
  }
