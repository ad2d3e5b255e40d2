// An envelope for tests of rooms that seal: the real one, under the key given or one of its own.

import { KeyedEnvelope } from '../../src/secrets/envelope.ts'
import { envelopeKey, newEnvelopeKey } from '../../src/secrets/envelope-key.ts'

export const testEnvelope = (octets?: Uint8Array): KeyedEnvelope => new KeyedEnvelope(octets ? envelopeKey(octets) : newEnvelopeKey())
