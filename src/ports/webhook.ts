// Webhooks: what is told to somebody's server, in the form of Standard Webhooks (standardwebhooks.com, specification 1.0.0).
import type { Secret } from '../base/secret.ts'

/** Where a webhook goes. Looked up at each try, so that a changed address or key holds for what waits already. */
export interface WebhookEndpoint {
  readonly url: string
  /** `whsec_` and base64 of 24 to 64 octets. Every one signs: while a receiver changes its key it may hold either. */
  readonly keys: readonly Secret[]
  /** PEM certificates to trust in place of the system's. */
  readonly trust?: string
}

/** What the outbox holds of a webhook: the very text that is sent, the same at every try. */
export interface WebhookContent {
  readonly body: string
}

/** A message of a type (`version.deprecated`) about data that is JSON. */
export const webhookContent = (type: string, data: unknown, nowMs: number): WebhookContent => ({
  body: JSON.stringify({ type, timestamp: new Date(nowMs).toISOString(), data }),
})
