// An envelope for tests of rooms that seal: real AES-256-GCM under a key of its own, bound to its place.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { type Envelope, UnreadableSecret } from '../../src/ports/envelope.ts'

export function testEnvelope(key: Uint8Array = randomBytes(32)): Envelope {
  return {
    keyId: '0123456789abcdef',
    seal(plain, context) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64')
    },
    open(sealed, context) {
      const octets = Buffer.from(sealed, 'base64')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, octets.subarray(0, 12)).setAAD(Buffer.from(context)).setAuthTag(octets.subarray(-16))
        return Buffer.concat([decipher.update(octets.subarray(12, -16)), decipher.final()])
      } catch {
        throw new UnreadableSecret(context)
      }
    },
  }
}
