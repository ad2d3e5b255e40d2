// Signs webhooks by Standard Webhooks (specification 1.0.0, "Webhook signatures"): HMAC-SHA-256 over id, time and body.
import { createHmac } from 'node:crypto'
import type { Secret } from '../../base/secret.ts'

const PREFIX = 'whsec_'
const KEY_OCTETS_MIN = 24
const KEY_OCTETS_MAX = 64
export const KEYS_MAX = 4

/** The octets of a key; undefined when it is not `whsec_` and base64 of 24 to 64 octets. */
export function webhookKey(key: Secret): Uint8Array | undefined {
  const text = key.reveal().trim()
  const base64 = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : ''
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  const octets = Buffer.from(base64, 'base64')
  if (octets.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, '')) return undefined
  return octets.length >= KEY_OCTETS_MIN && octets.length <= KEY_OCTETS_MAX ? octets : undefined
}

/** The three fields of a webhook. The time is part of what is signed, so that a receiver can refuse an old one that is sent again. */
export function signedFields(id: string, nowMs: number, body: string, keys: readonly Uint8Array[]): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowMs / 1000))
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}
