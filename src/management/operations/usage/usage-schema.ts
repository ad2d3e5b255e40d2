// How calls are told: by API or version, and by who made them.
import { type Infer, integer, object, string } from '../../../base/schema.ts'
import type { UsageRecord } from '../../../directory/usage-book.ts'
import type { Plane } from '../../plane.ts'
import { moment, momentOf, nameText } from '../../texts.ts'

/** A name of ours, with `@` and a version where one is meant. */
export const apiName = string({
  pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?(?:@[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?)?$/,
  maxLength: 129,
  means: 'the name of an API, or of a version such as bookshop@v1',
  describe: 'An API, or a version of one, as `bookshop@v1`.',
})
const calls = integer({ min: 0, max: Number.MAX_SAFE_INTEGER, describe: 'Calls since the beginning of the day that was asked about.' })
const lastCall = moment('The last call, to within some seconds.')
export const callerSchema = object({ api: apiName, consumer: nameText('Who called.'), calls, lastCall })
export const apiUsageSchema = object({ api: apiName, calls, lastCall })

export const shownCaller = ({ api, consumer, calls: count, lastCallMs }: UsageRecord): Infer<typeof callerSchema> => ({
  ...{ api, consumer, calls: count },
  lastCall: momentOf(lastCallMs),
})

/** Since when, where it was not said: everything that is kept. */
export const sinceOf = (asked: number | undefined, plane: Plane, nowMs: number): number =>
  asked ?? nowMs - plane.services.catalog.configuration.settings.retention.usage
