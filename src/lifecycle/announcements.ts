// What consumers who still call a deprecated version are told, and when: each message once, however often and on however many nodes this is asked.
import { collection, type Writing } from '../ports/store.ts'
import { type Schedule, stateAt } from './schedule.ts'
import { stillCalling, type UsageRecord } from './usage.ts'

/** Days before the sunset on which callers are told. */
const SUNSET_NOTICE_DAYS = [90, 30, 7, 1] as const
/** How long before a brown-out its callers are told. */
const BROWN_OUT_NOTICE_MS = 24 * 3600 * 1000
const DAY_MS = 86_400_000
/** Who has not called for so long has moved on. */
export const CALLER_FOR_MS = 30 * DAY_MS

/** A version with the life it leads. `api` is its name in metrics and usage records, `bookshop@v1`. */
export interface LivingVersion {
  readonly api: string
  readonly schedule: Schedule
  /** Name of the version to move to. */
  readonly successor?: string
  /** Where its documentation or migration guide is. */
  readonly docs?: string
}

export type AnnouncementKind = 'deprecated' | 'sunset' | 'brown-out'

/** For an outbox; who sends it, and by mail or webhook, is not decided here. */
export interface Announcement {
  /** Stable: an outbox that has seen it need not take it again. */
  readonly id: string
  readonly kind: AnnouncementKind
  readonly api: string
  readonly consumer: string
  /** When what is announced happens or happened, and until when a brown-out lasts. */
  readonly atMs: number
  readonly untilMs?: number
  readonly calls: number
  readonly lastCallMs: number
  readonly subject: string
  readonly text: string
}

/** What was announced, so that it is not announced twice. */
export const announced = collection<{ readonly atMs: number }>('lifecycle-announcement')

/** Something to tell of, due now. Of several dates that have passed by, only the latest is told of: three mails at once say no more than one. */
export interface Occasion {
  readonly key: string
  readonly kind: AnnouncementKind
  readonly atMs: number
  readonly untilMs?: number
}

function deprecationAt(schedule: Schedule, nowMs: number): Occasion[] {
  const { deprecatedMs } = schedule
  if (deprecatedMs === undefined || nowMs < deprecatedMs || stateAt(schedule, nowMs) !== 'deprecated') return []
  return [{ key: `deprecated/${deprecatedMs}`, kind: 'deprecated', atMs: deprecatedMs }]
}

/** What is due to be told of a version at a time: at most one notice of its deprecation or sunset, and one brown-out. */
export function occasionsAt(schedule: Schedule, nowMs: number): Occasion[] {
  if (stateAt(schedule, nowMs) === 'retired') return []
  const occasions: Occasion[] = []
  const { sunsetMs, brownOuts } = schedule
  if (sunsetMs !== undefined) {
    const days = SUNSET_NOTICE_DAYS.findLast((each) => nowMs >= sunsetMs - each * DAY_MS)
    if (days !== undefined) occasions.push({ key: `sunset/${sunsetMs}/${days}`, kind: 'sunset', atMs: sunsetMs })
  }
  const out = brownOuts.find(({ fromMs, untilMs }) => nowMs >= fromMs - BROWN_OUT_NOTICE_MS && nowMs < untilMs)
  if (occasions.length === 0) occasions.push(...deprecationAt(schedule, nowMs))
  if (out !== undefined) occasions.push({ key: `brown-out/${out.fromMs}/${out.untilMs}`, kind: 'brown-out', atMs: out.fromMs, untilMs: out.untilMs })
  return occasions
}

/**
 * The messages that are due and were never returned before; that they were is recorded in the same transaction, in which the caller puts them into its
 * outbox. A date that is moved is announced anew.
 */
export async function announce(writing: Writing, versions: readonly LivingVersion[], usage: readonly UsageRecord[], nowMs: number): Promise<Announcement[]> {
  const due: Announcement[] = []
  for (const version of versions) {
    const occasions = occasionsAt(version.schedule, nowMs)
    if (occasions.length === 0) continue
    for (const caller of stillCalling(usage, version.api, nowMs - CALLER_FOR_MS)) {
      for (const occasion of occasions) {
        const id = `${version.api}/${occasion.key}/${caller.consumer}`
        if ((await writing.get(announced, id)) !== undefined) continue
        writing.put(announced, id, { atMs: nowMs })
        due.push(message(id, version, occasion, caller))
      }
    }
  }
  return due
}

/** What happens to a version, for those who watch over all of them, whoever calls it. */
export interface VersionNews extends Omit<Occasion, 'key'> {
  readonly api: string
}

/** The same for a whole version: each occasion once, and its deprecation too when its sunset is near already. */
export async function versionNews(writing: Writing, { api, schedule }: LivingVersion, nowMs: number): Promise<VersionNews[]> {
  const occasions = new Map([...deprecationAt(schedule, nowMs), ...occasionsAt(schedule, nowMs)].map((each) => [each.key, each]))
  const news: VersionNews[] = []
  for (const [key, { key: _key, ...occasion }] of occasions) {
    const id = `${api}/${key}`
    if ((await writing.get(announced, id)) !== undefined) continue
    writing.put(announced, id, { atMs: nowMs })
    news.push({ api, ...occasion })
  }
  return news
}

function message(
  id: string,
  { api, successor, docs, schedule: { sunsetMs } }: LivingVersion,
  { kind, atMs, untilMs }: Occasion,
  caller: UsageRecord,
): Announcement {
  const day = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const move = `${successor === undefined ? '' : ` Move to ${successor}.`}${docs === undefined ? '' : ` See ${docs}`}`
  const ends = sunsetMs === undefined ? '' : ` and will answer 410 Gone from ${day(sunsetMs)} on`
  const [subject, what] = {
    deprecated: [`${api} is deprecated`, `${api} is deprecated since ${day(atMs)}${ends}.`],
    sunset: [`${api} ends on ${day(atMs)}`, `${api} is deprecated${ends}.`],
    'brown-out': [
      `${api} pauses on ${day(atMs)}`,
      `${api} is deprecated and will answer 503 from ${day(atMs)} until ${day(untilMs ?? atMs)}, so that whoever depends on it notices before it ends.`,
    ],
  }[kind] as [string, string]
  const text = `${what} ${caller.consumer} called it ${caller.calls} times, last on ${day(caller.lastCallMs)}.${move}`
  const { consumer, calls, lastCallMs } = caller
  return { id, kind, api, consumer, atMs, ...(untilMs !== undefined && { untilMs }), calls, lastCallMs, subject, text }
}
