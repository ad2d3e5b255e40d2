// Moments as people write them: a date, or a time by RFC 3339, read as milliseconds since the epoch.
import { checked, mapped, type Schema, string } from './schema.ts'

const FORM = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?)(Z|[+-]\d{2}:\d{2}))?$/
const MEANS = 'a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z'

/** Milliseconds since the epoch of a date (its first instant, UTC) or a time by RFC 3339; NaN when the text is neither, or a day that does not exist. */
export function momentMs(text: string): number {
  const parts = FORM.exec(text)
  if (!parts) return Number.NaN
  const [, date, time = '00:00:00', zone = 'Z'] = parts
  // Date.parse turns 31 February into 3 March: a date that does not come back as written does not exist.
  const day = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) return Number.NaN
  return Date.parse(`${date}T${time}${zone}`)
}

/** A moment as a value of a configuration. `name` is its key, for the fault's sentence. */
export const moment = (name: string, describe: string): Schema<number> =>
  mapped(
    checked(string({ maxLength: 40, means: MEANS, describe: `${describe} A date (its first instant, UTC) or a time by RFC 3339.` }), (text) =>
      Number.isNaN(momentMs(text)) ? { code: 'bad-date', message: `'${name}' must be ${MEANS}` } : undefined,
    ),
    momentMs,
  )
