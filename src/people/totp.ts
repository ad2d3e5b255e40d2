// Time-based one-time codes (RFC 6238 over RFC 4226): SHA-1, thirty seconds, six digits, because that is what every authenticator app does.
import { createHmac } from 'node:crypto'
import { sameText } from './secret-text.ts'

const STEP_MS = 30_000
const DIGITS = 6
/** How many steps a clock may be off either way (RFC 6238 5.2: at most one step for the delay). */
const DRIFT_STEPS = 1
/** RFC 4226 4, R6: at least 128 bits, 160 recommended. */
export const SEED_OCTETS = 20

/** The code of one step (RFC 4226 5.3). */
export function codeAt(seed: Uint8Array, step: number, digits = DIGITS): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', seed).update(counter).digest()
  const offset = mac[19]! & 15
  return String((mac.readUInt32BE(offset) & 0x7fff_ffff) % 10 ** digits).padStart(digits, '0')
}

export const stepAt = (nowMs: number): number => Math.floor(nowMs / STEP_MS)

/**
 * The step whose code this is, among those that count now and come after `lastStep`: a code is good once (RFC 6238 5.2). Every step is compared, so
 * that the time taken does not tell which one was near.
 */
export function matchingStep(seed: Uint8Array, code: string, nowMs: number, lastStep: number): number | undefined {
  let found: number | undefined
  if (!/^\d{6}$/.test(code)) return undefined
  for (let step = stepAt(nowMs) - DRIFT_STEPS; step <= stepAt(nowMs) + DRIFT_STEPS; step++)
    if (step >= 0 && sameText(codeAt(seed, step), code) && step > lastStep) found ??= step
  return found
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** Base32 without padding (RFC 4648 6). */
export function base32(octets: Uint8Array): string {
  let out = ''
  let bits = 0
  let value = 0
  for (const octet of octets) {
    value = ((value << 8) | octet) & 0xffff
    for (bits += 8; bits >= 5; bits -= 5) out += BASE32[(value >>> (bits - 5)) & 31]
  }
  return bits > 0 ? out + BASE32[(value << (5 - bits)) & 31] : out
}

/** What an authenticator app reads from a QR code. */
export function keyUri(seed: Uint8Array, issuer: string, account: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`
  return `otpauth://totp/${label}?secret=${base32(seed)}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=${DIGITS}&period=${STEP_MS / 1000}`
}
