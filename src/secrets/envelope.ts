// The envelope over AES-256-GCM: `v1.<key id>.<base64url of nonce, ciphertext and tag>`, bound to its place.
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { randomSecret } from '../base/ids.ts'
import { type Envelope, UnreadableSecret } from '../ports/envelope.ts'
import { StoreUnavailable } from '../ports/store.ts'
import type { EnvelopeKey } from './envelope-key.ts'

const NONCE_OCTETS = 12
const TAG_OCTETS = 16
/** The most that is sealed in one piece. */
export const SEALED_PLAIN_MAX = 1024 * 1024
const FORM = /^v1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{38,})$/

/**
 * Seals under one key and opens under it and others. Nonces are 96 random bits: NIST SP 800-38D 8.3 bounds one key to 2^32 sealings, at a thousand a
 * second fifty days of nothing else; rotate the key before. `use` swaps the keys while others hold this object: a rotation needs no restart.
 */
export class KeyedEnvelope implements Envelope {
  private current: EnvelopeKey
  private retired: string | undefined
  private readonly keys = new Map<string, EnvelopeKey>()
  private readonly random: (octets: number) => Uint8Array

  constructor(current: EnvelopeKey, older: readonly EnvelopeKey[] = [], random: (octets: number) => Uint8Array = randomSecret) {
    this.current = current
    this.random = random
    this.use(current, older)
  }

  get keyId(): string {
    return this.current.id
  }

  /** From now on seals under `current`, and opens what was sealed under it or under `older`. */
  use(current: EnvelopeKey, older: readonly EnvelopeKey[] = []): void {
    this.current = current
    this.keys.clear()
    for (const key of [...older, current]) this.keys.set(key.id, key)
  }

  /** From now on seals under `to`, and opens what was sealed under it or under the key before it. */
  succeed(to: EnvelopeKey): void {
    this.use(to, [this.current])
  }

  /** From now on seals nothing: the store goes by another key, and whatever this one sealed would be lost with it. What was sealed still opens. */
  retire(why: string): void {
    this.retired = why
  }

  /** The key in use, sealed under another one. */
  keyUnder(other: EnvelopeKey, context: string): string {
    return new KeyedEnvelope(other, [], this.random).seal(this.current.secret.octets(), context)
  }

  seal(plain: Uint8Array, context: string): string {
    if (this.retired !== undefined) throw new StoreUnavailable(this.retired)
    if (plain.length > SEALED_PLAIN_MAX) throw new RangeError(`at most ${SEALED_PLAIN_MAX} octets are sealed in one piece`)
    const { id, secret } = this.current
    const nonce = this.random(NONCE_OCTETS)
    const cipher = createCipheriv('aes-256-gcm', secret.octets(), nonce, { authTagLength: TAG_OCTETS })
    cipher.setAAD(boundTo(id, context))
    const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    return `v1.${id}.${sealed.toString('base64url')}`
  }

  open(sealed: string, context: string): Uint8Array {
    const [, id, text] = FORM.exec(sealed) ?? []
    const key = id === undefined ? undefined : this.keys.get(id)
    if (key === undefined || text === undefined) throw new UnreadableSecret(context)
    const octets = Buffer.from(text, 'base64url')
    // Another spelling of the same octets is not what `seal` wrote.
    if (octets.toString('base64url') !== text) throw new UnreadableSecret(context)
    try {
      const decipher = createDecipheriv('aes-256-gcm', key.secret.octets(), octets.subarray(0, NONCE_OCTETS), { authTagLength: TAG_OCTETS })
      decipher.setAAD(boundTo(key.id, context))
      decipher.setAuthTag(octets.subarray(-TAG_OCTETS))
      return Uint8Array.from(Buffer.concat([decipher.update(octets.subarray(NONCE_OCTETS, -TAG_OCTETS)), decipher.final()]))
    } catch {
      // The reason is dropped: whoever alters sealed values learns nothing from the difference.
      throw new UnreadableSecret(context)
    }
  }
}

/** The id has a fixed length, so that no two pairs make the same octets. */
const boundTo = (id: string, context: string): Buffer => Buffer.from(`gatehouse sealed v1\0${id}\0${context}`, 'utf8')

/** The id of the key that a value was sealed under; undefined when it is no sealed value. */
export const keyIdOf = (sealed: string): string | undefined => FORM.exec(sealed)?.[1]

/** How a value sealed under a key begins, wherever it stands. */
export const sealedUnder = (id: string): string => `v1.${id}.`
