// How the witness in this Gatehouse and the logs that it follows are told.
import { type Infer, integer, list, object, optional, string } from '../../../base/schema.ts'
import { LOGS_MAX, type WitnessedLog } from '../../../trail/witness.ts'

export const keyText = string({
  pattern: /^[^+\s]{1,255}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/,
  maxLength: 320,
  means: 'a key such as NAME+ID+BASE64',
  describe: 'A public key as `NAME+ID+BASE64` (c2sp.org/signed-note).',
})
export const logSchema = object({
  origin: string({ pattern: /^[\s\S]+$/, maxLength: 255, describe: 'The log’s name.' }),
  keys: list(keyText, { max: 16, describe: 'The keys that are trusted for it.' }),
  size: integer({ min: 0, max: Number.MAX_SAFE_INTEGER, describe: 'Of how many entries it was signed last.' }),
})
export const witnessSchema = object({ key: optional(keyText), logs: list(logSchema, { max: LOGS_MAX, describe: 'What is witnessed here.' }) })
export const shownLog = ({ origin, keys, size }: WitnessedLog): Infer<typeof logSchema> => ({ origin, keys, size })
