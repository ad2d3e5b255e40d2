// Texts and times as the management API takes and tells them, each with its bound.
import { checked, mapped, type Schema, string } from '../base/schema.ts'
import { NAME, NAME_MEANS } from '../model/names.ts'

/** A name of ours: of an API, a consumer, a team. */
export const nameText = (describe: string): Schema<string> => string({ pattern: NAME, maxLength: 64, means: NAME_MEANS, describe })

/** One line without control characters. */
export const line = (maxLength: number, describe: string): Schema<string> =>
  checked(string({ pattern: /^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$/, maxLength, means: 'one line without control characters', describe }), (text) =>
    text.isWellFormed() ? undefined : { code: 'bad-value', message: 'the text holds half a character' },
  )

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?(?:Z|[+-]\d{2}:\d{2})$/
/** A time by RFC 3339, told and taken as text. */
export const moment = (describe: string): Schema<string> => {
  const read = checked(string({ pattern: MOMENT, maxLength: 32, means: 'a time such as 2027-01-31T12:00:00Z', describe }), (text) =>
    Number.isNaN(Date.parse(text)) || new Date(`${text.slice(0, 10)}T00:00:00Z`).toISOString().slice(0, 10) !== text.slice(0, 10)
      ? { code: 'bad-date', message: 'this time does not exist' }
      : undefined,
  )
  return { ...read, json: { ...read.json, format: 'date-time' } }
}
/** The same, read as whole milliseconds since the epoch. */
export const momentMs = (describe: string): Schema<number> => mapped(moment(describe), (text) => Date.parse(text))
export const momentOf = (ms: number): string => new Date(ms).toISOString()
