// What the store holds of a key: enough to know it again and to fill the table at the start, and nothing to whoever stole the store.
import { createHmac } from 'node:crypto'
import { DigestHmac } from '../base/hmac.ts'

/** A key at rest: lower-case hexadecimal, 64 digits each. */
export interface SealedDigest {
  /** HMAC-SHA-256 of the key's SHA-256: by it the key is found. */
  readonly tag: string
  /** The key's SHA-256, sealed under its tag. */
  readonly sealed: string
}

/**
 * Deterministic authenticated encryption of a digest by the synthetic-IV construction (Rogaway and Shrimpton, "Deterministic Authenticated-Encryption",
 * 2006) with HMAC-SHA-256 for both of its functions: the tag is the IV, and one block of HMAC output over the tag is the key stream. Gateway threads are
 * asked for plain SHA-256 digests and need no key; without the data key the store tells neither what a digest is nor whether a guessed key is held.
 */
export class KeyDigests {
  private readonly tags: DigestHmac
  private readonly streams: DigestHmac

  /** `dataKey` has 32 octets, and the secrets room keeps it. */
  constructor(dataKey: Uint8Array) {
    if (dataKey.length !== 32) throw new RangeError('the data key of the directory has 32 octets')
    const derived = (purpose: string): DigestHmac => new DigestHmac(createHmac('sha256', dataKey).update(`gatehouse directory: ${purpose}`).digest())
    this.tags = derived('tag')
    this.streams = derived('stream')
  }

  tag(digest: string): string {
    return this.tags.of(digest)
  }
  seal(digest: string): SealedDigest {
    const tag = this.tags.of(digest)
    return { tag, sealed: exclusiveOr(digest, this.streams.of(tag)) }
  }
  /** The digest; undefined when it was sealed under another key, or altered. */
  open({ tag, sealed }: SealedDigest): string | undefined {
    if (!DIGITS.test(tag) || !DIGITS.test(sealed)) return undefined
    const digest = exclusiveOr(sealed, this.streams.of(tag))
    // No secret is compared: whoever can alter the store sees the tag.
    return this.tags.of(digest) === tag ? digest : undefined
  }
}
const DIGITS = /^[0-9a-f]{64}$/

const left = Buffer.alloc(32)
const right = Buffer.alloc(32)
function exclusiveOr(a: string, b: string): string {
  left.write(a, 'hex')
  right.write(b, 'hex')
  for (let i = 0; i < 32; i++) left[i]! ^= right[i]!
  return left.toString('hex')
}
