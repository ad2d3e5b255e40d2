// The envelope key: 32 octets from outside the store, read strictly, refused when they are no key, and known by an id that may be told.
import { createHash } from 'node:crypto'
import { randomSecret } from '../base/ids.ts'
import { Secret } from '../base/secret.ts'

export const ENVELOPE_KEY_OCTETS = 32
/** The text of a key is at most 64 hex digits and a line end; what is longer is something else. */
export const KEY_TEXT_MAX = 1024

/** A key that may be used, and its id: what sealed values name. */
export interface EnvelopeKey {
  readonly id: string
  readonly secret: Secret
}

/** Why a text is no key. Never holds any of it. */
export interface KeyRefusal {
  readonly refused: string
}

/** 32 octets as a key. Throws when they are not 32. */
export function envelopeKey(octets: Uint8Array): EnvelopeKey {
  if (octets.length !== ENVELOPE_KEY_OCTETS) throw new RangeError(`an envelope key has ${ENVELOPE_KEY_OCTETS} octets, not ${octets.length}`)
  const id = createHash('sha256').update('gatehouse envelope key\0').update(octets).digest('hex').slice(0, 16)
  return { id, secret: new Secret(octets) }
}

/** A key of random octets. */
export const newEnvelopeKey = (random: (octets: number) => Uint8Array = randomSecret): EnvelopeKey => envelopeKey(random(ENVELOPE_KEY_OCTETS))

/** The text in which a key is kept: base64url without padding. */
export const envelopeKeyText = ({ secret }: EnvelopeKey): string => Buffer.from(secret.octets()).toString('base64url')

/** Reads a key written as 64 hex digits, or as base64 or base64url of 32 octets; white space around it does not count. */
export function readEnvelopeKey(text: string): EnvelopeKey | KeyRefusal {
  const octets = octetsOf(text.trim())
  if (!octets) return { refused: 'it is not 32 octets written in base64url, base64 or hex' }
  const weakness = weaknessOf(octets)
  return weakness === undefined ? envelopeKey(octets) : { refused: weakness }
}

function octetsOf(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  if (!/^[A-Za-z0-9_-]{43}$/.test(text) && !/^[A-Za-z0-9+/]{43}=?$/.test(text)) return undefined
  const octets = Buffer.from(text, 'base64')
  // Two bits of the last digit carry nothing: set, they would make one key of four texts, which is what a slip of the pen looks like.
  const again = octets.toString('base64').slice(0, 43)
  return again === text.slice(0, 43).replaceAll('-', '+').replaceAll('_', '/') ? octets : undefined
}

/** What random octets do not look like; each rule refuses fewer than one in 10^12 keys that are drawn at random. */
function weaknessOf(octets: Uint8Array): string | undefined {
  if (new Set(octets).size < 16) return 'its octets repeat: draw it at random, for example with `openssl rand -base64 32`'
  if (octets.every((octet) => octet >= 0x20 && octet <= 0x7e))
    return 'it is text and not random octets: draw it at random, for example with `openssl rand -base64 32`'
  const step = (octets[1]! - octets[0]!) & 255
  if (octets.every((octet, i) => i === 0 || ((octet - octets[i - 1]!) & 255) === step)) return 'its octets count up or down: draw it at random'
  return undefined
}
