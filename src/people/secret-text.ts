// Secrets as text, and what is kept of them: digests, and tags under the room's key that say what they are for.
import { createHmac, hash, timingSafeEqual } from 'node:crypto'

const SECRET_OCTETS = 32
/** The form of every secret that a cookie or a link carries: 256 random bits in base64url. */
export const SECRET_FORM = /^[A-Za-z0-9_-]{43}$/

export const newSecret = (random: (octets: number) => Uint8Array): string => Buffer.from(random(SECRET_OCTETS)).toString('base64url')

/** What is kept of a secret with 256 random bits: its SHA-256 in lower-case hex. Too many to guess, so nothing slow is needed. */
export const digestOf = (secret: string): string => hash('sha256', secret)

/**
 * HMAC-SHA-256 over a purpose and parts, in base64url. The parts are written as a JSON list, so that no two lists read the same; a tag made for one
 * purpose is good for no other.
 */
export const tag = (key: Uint8Array, purpose: string, ...parts: readonly (string | number)[]): string =>
  createHmac('sha256', key)
    .update(JSON.stringify([purpose, ...parts]))
    .digest('base64url')

/** Compares in a time that tells nothing of where they differ. */
export function sameText(one: string, other: string): boolean {
  const a = hash('sha256', one, 'buffer')
  return timingSafeEqual(a, hash('sha256', other, 'buffer'))
}

/** An identifier that says what it names: `person_` and 120 random bits. Not secret. */
export const newId = (kind: string, random: (octets: number) => Uint8Array): string => `${kind}_${Buffer.from(random(15)).toString('base64url')}`
