// An envelope under a key of its own, for tests of rooms that seal.
import { KeyedEnvelope } from '../../src/secrets/envelope.ts'
import { newEnvelopeKey } from '../../src/secrets/envelope-key.ts'

export const freshEnvelope = (): KeyedEnvelope => new KeyedEnvelope(newEnvelopeKey())
