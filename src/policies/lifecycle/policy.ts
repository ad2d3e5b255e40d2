// lifecycle: tells callers that an API ends, lets them feel it in brown-outs, and answers that it is gone once it is.
import { moment } from '../../base/moment.ts'
import { duration, type Infer, list, object, oneOf, optional, string } from '../../base/schema.ts'
import { brownOutsOf, nextChangeMs, type Phase, phaseAt, type Schedule, STATES, scheduleFaults, type WrittenSchedule } from '../../lifecycle/schedule.ts'
import { definePolicy, type ResponseField } from '../../pipeline/contract.ts'

/** A reference without anything that would end it inside `<...>` (RFC 8288 3). */
const REFERENCE = /^(?:https?:\/\/[A-Za-z0-9][^\s"<>\\^`{|}\x00-\x1f\x7f-\uffff]*|\/[^\s"<>\\^`{|}\x00-\x1f\x7f-\uffff]*)$/
const reference = (describe: string) =>
  string({ pattern: REFERENCE, maxLength: 2048, means: 'an address such as https://example.com/migrate, or a path such as /bookshop/v2', describe })

const brownOut = object(
  {
    from: moment('from', 'When it begins.'),
    for: duration({ minMs: 1000, maxMs: 7 * 86_400_000, describe: 'How long it lasts.' }),
    every: optional(duration({ minMs: 60_000, describe: 'Repeats it at this distance, until the sunset.' })),
  },
  'A time in which requests are answered 503, so that who still calls notices while there is time.',
)

const config = object({
  state: optional(oneOf(STATES, 'The state; dates carry it further by themselves.'), 'active'),
  deprecated: optional(moment('deprecated', 'From then on callers are advised to move (RFC 9745).')),
  sunset: optional(moment('sunset', 'From then on requests are answered 410 (RFC 8594).')),
  successor: optional(reference('What takes its place: `Link` with `successor-version` (RFC 5829).')),
  successorHint: optional(
    string({
      pattern: /^(?:type|title)="[A-Za-z0-9._+/-]{1,200}"$/,
      means: 'type="..." or title="..."',
      describe: 'An attribute of that link, where versions share their address.',
    }),
  ),
  deprecationPolicy: optional(reference('Where it says why and what to do: `Link` with `deprecation` (RFC 9745).')),
  sunsetPolicy: optional(reference('Where it says what ends and when: `Link` with `sunset` (RFC 8594).')),
  brownOuts: optional(list(brownOut, { max: 100, describe: 'Rehearsals of the end, between deprecation and sunset.' }), []),
})
type Config = Infer<typeof config>

const written = ({ state, deprecated, sunset, brownOuts }: Config): WrittenSchedule => ({
  state,
  deprecated,
  sunset,
  brownOuts: brownOuts.map(({ from, for: forMs, every }) => ({ fromMs: from, forMs, ...(every !== undefined && { everyMs: every }) })),
})
function scheduleOf(config: Config): Schedule {
  const { state, deprecated, sunset } = config
  const brownOuts = brownOutsOf(written(config).brownOuts, sunset)
  return { state, brownOuts, ...(deprecated !== undefined && { deprecatedMs: deprecated }), ...(sunset !== undefined && { sunsetMs: sunset }) }
}

/** RFC 9745 2.1: a structured date, in seconds. RFC 8594 3: an HTTP-date. Both are told before they have come, so the fields never change. */
function fieldsOf({ deprecated, sunset, successor, successorHint, deprecationPolicy, sunsetPolicy }: Config): ResponseField[] {
  const fields: ResponseField[] = []
  if (deprecated !== undefined) fields.push(['Deprecation', `@${Math.floor(deprecated / 1000)}`])
  if (sunset !== undefined) fields.push(['Sunset', new Date(sunset).toUTCString()])
  const links: string[] = []
  if (successor !== undefined) links.push(`<${successor}>; rel="successor-version"${successorHint === undefined ? '' : `; ${successorHint}`}`)
  if (deprecationPolicy !== undefined) links.push(`<${deprecationPolicy}>; rel="deprecation"`)
  if (sunsetPolicy !== undefined) links.push(`<${sunsetPolicy}>; rel="sunset"`)
  if (links.length > 0) fields.push(['Link', links.join(', ')])
  return fields
}

export const lifecycle = definePolicy<Config, never, 'retired' | 'brown-out'>({
  name: 'lifecycle',
  stage: 'admit',
  summary: 'Tells callers that an API ends, rehearses it in brown-outs, and answers 410 once it has.',
  when: 'The versions of an API have it by themselves. By hand, for an API without versions, or a single operation, that will be taken away.',
  config,
  uses: [],
  denials: {
    retired: {
      status: 410,
      says: 'This version has been retired.',
      ref: 'RFC 9110 15.5.11; OWASP API9:2023',
      mend: 'Move to the version that the `Link` field with `rel="successor-version"` names, or ask the owner of the API.',
    },
    'brown-out': {
      // RFC 9110 15.6.4: it passes, and Retry-After says when. 410 would be "likely permanent" and may be cached (15.5.11).
      status: 503,
      says: 'This version is paused for a time, because it will be retired.',
      ref: 'RFC 9110 15.6.4',
      mend: 'Try again when `Retry-After` says, and move to the successor before the date in `Sunset`: from then on there is no answer but 410.',
    },
  },
  examples: [
    { title: 'After its sunset it is gone', config: { sunset: '2023-01-31' }, send: {}, expect: { status: 410, code: 'lifecycle.retired' } },
    {
      title: 'In a brown-out it answers as if it were paused',
      config: { deprecated: '2023-01-01', sunset: '2024-01-01', brownOuts: [{ from: '2023-11-14T22:00:00Z', for: '1h' }] },
      send: {},
      expect: { status: 503, code: 'lifecycle.brown-out' },
    },
    {
      title: 'Before that it serves, and says what is coming',
      config: { deprecated: '2023-01-01', sunset: '2027-03-01', successor: '/bookshop/v2' },
      send: {},
      expect: { status: 200 },
    },
  ],
  faults: (config) => scheduleFaults(written(config)),
  compile(config, { deny }) {
    const schedule = scheduleOf(config)
    const fields = fieldsOf(config)
    const standing = { fields, replaces: fields.filter(([name]) => name !== 'Link').map(([name]) => name) }
    const retired = deny('retired')
    let phase: Phase = { kind: 'serving' }
    let changesUs = Number.NEGATIVE_INFINITY
    if (config.state !== 'retired' && config.sunset === undefined && config.brownOuts.length === 0) return fields.length === 0 ? null : { standing }
    return {
      standing,
      request({ nowUs }) {
        if (nowUs >= changesUs) {
          const nowMs = Math.floor(nowUs / 1000)
          phase = phaseAt(schedule, nowMs)
          changesUs = nextChangeMs(schedule, nowMs) * 1000
        }
        if (phase.kind === 'serving') return undefined
        if (phase.kind === 'retired') return retired
        return deny('brown-out', { fields: [['Retry-After', String(Math.max(1, Math.ceil(phase.untilMs / 1000 - nowUs / 1_000_000)))]] })
      },
      // A brown-out is for requests that begin in it; the end is for all.
      still: (_x, nowMs) => phaseAt(schedule, nowMs).kind !== 'retired',
    }
  },
})
