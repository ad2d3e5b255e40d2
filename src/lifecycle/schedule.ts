// The life of one version as a schedule: what state it is in at a time, when that changes next, and what is wrong with its dates.

/** In the order of a life. A version never goes back by itself. */
export const STATES = ['preview', 'active', 'deprecated', 'retired'] as const
export type State = (typeof STATES)[number]

/** A time in which a deprecated version answers as if it were gone already, so that who still calls it notices while it can be undone. */
export interface BrownOut {
  readonly fromMs: number
  readonly untilMs: number
}

/** Milliseconds since the epoch. */
export interface Schedule {
  /** As declared; dates carry it further. */
  readonly state: State
  readonly deprecatedMs?: number
  /** From here on the version answers 410, whether or not anybody has said that it is retired. */
  readonly sunsetMs?: number
  /** In order, without overlap. */
  readonly brownOuts: readonly BrownOut[]
}

/** The state at a time: what was declared, carried on by the dates. */
export function stateAt({ state, deprecatedMs, sunsetMs }: Schedule, nowMs: number): State {
  if (state === 'retired' || (sunsetMs !== undefined && nowMs >= sunsetMs)) return 'retired'
  return state === 'deprecated' || (deprecatedMs !== undefined && nowMs >= deprecatedMs) ? 'deprecated' : state
}

/** What a version does with requests: it serves them, is browned out until a time, or is gone for good. */
export type Phase = { readonly kind: 'serving' } | { readonly kind: 'retired' } | { readonly kind: 'brown-out'; readonly untilMs: number }
const SERVING: Phase = { kind: 'serving' }
const RETIRED: Phase = { kind: 'retired' }

export function phaseAt(schedule: Schedule, nowMs: number): Phase {
  if (stateAt(schedule, nowMs) === 'retired') return RETIRED
  const out = schedule.brownOuts.find(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs)
  return out === undefined ? SERVING : { kind: 'brown-out', untilMs: out.untilMs }
}

/** When state or phase change next, strictly after `nowMs`; infinity when they never do. */
export function nextChangeMs(schedule: Schedule, nowMs: number): number {
  if (stateAt(schedule, nowMs) === 'retired') return Number.POSITIVE_INFINITY
  const moments = schedule.brownOuts.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs])
  for (const moment of [schedule.deprecatedMs, schedule.sunsetMs]) if (moment !== undefined) moments.push(moment)
  return Math.min(...moments.filter((moment) => moment > nowMs), Number.POSITIVE_INFINITY)
}

/** A brown-out as it is written: once, or again and again until the sunset. */
export interface WrittenBrownOut {
  readonly fromMs: number
  readonly forMs: number
  readonly everyMs?: number
}
/** More than any plan needs; fewer than would make a snapshot heavy. */
export const BROWN_OUTS_MAX = 1000

/** Every window of the brown-outs, in order. A repeated one ends with the sunset, which it therefore needs. */
export function brownOutsOf(written: readonly WrittenBrownOut[], sunsetMs: number | undefined): BrownOut[] {
  const windows: BrownOut[] = []
  for (const { fromMs, forMs, everyMs } of written) {
    const end = everyMs === undefined ? fromMs + 1 : (sunsetMs ?? fromMs + 1)
    for (let at = fromMs; at < end && windows.length <= BROWN_OUTS_MAX; at += everyMs ?? 1) {
      // The last repetition is cut off by the sunset, after which nothing is served anyway.
      windows.push({ fromMs: at, untilMs: everyMs === undefined ? at + forMs : Math.min(at + forMs, end) })
    }
  }
  return windows.sort((a, b) => a.fromMs - b.fromMs)
}

/** What is wrong with a life as it is written; `at` is the key, and the index of a brown-out. */
export interface ScheduleFault {
  readonly code: string
  readonly message: string
  readonly at: readonly (string | number)[]
}
export interface WrittenSchedule {
  readonly state?: State | undefined
  readonly deprecated?: number | undefined
  readonly sunset?: number | undefined
  readonly brownOuts: readonly WrittenBrownOut[]
}

export function scheduleFaults({ state = 'active', deprecated, sunset, brownOuts }: WrittenSchedule): ScheduleFault[] {
  const faults: ScheduleFault[] = []
  const fault = (code: string, message: string, ...at: readonly (string | number)[]): void => void faults.push({ code, message, at })
  if (state === 'deprecated' && deprecated === undefined)
    fault('deprecated-undated', "a deprecated version says since when: it needs 'deprecated', which its responses carry (RFC 9745)", 'state')
  // RFC 9745 4: the sunset is no earlier than the deprecation.
  if (deprecated !== undefined && sunset !== undefined && sunset < deprecated)
    fault('sunset-before-deprecation', "'sunset' is earlier than 'deprecated' (RFC 9745 4)", 'sunset')
  if (state === 'preview' && (deprecated !== undefined || brownOuts.length > 0))
    fault('preview-deprecated', 'a preview is not deprecated: it becomes active first, or is taken away', 'state')
  if (state === 'retired' && brownOuts.length > 0) fault('retired-serves', 'a retired version serves nobody: there is nothing to brown out', 'brownOuts')
  for (const [i, { fromMs, forMs, everyMs }] of brownOuts.entries()) {
    if (deprecated === undefined || fromMs < deprecated || (sunset !== undefined && fromMs + forMs > sunset))
      fault('brown-out-outside', 'a brown-out lies between deprecation and sunset: before, nobody was told; after, nothing is served', 'brownOuts', i)
    if (everyMs !== undefined && sunset === undefined)
      fault('brown-out-endless', "a brown-out with 'every' goes on until the sunset, and there is none", 'brownOuts', i, 'every')
    if (everyMs !== undefined && everyMs <= forMs) fault('brown-out-overlap', "'every' is no longer than 'for': it would never end", 'brownOuts', i, 'every')
  }
  if (faults.length > 0) return faults
  const windows = brownOutsOf(brownOuts, sunset)
  if (windows.length > BROWN_OUTS_MAX) fault('too-long', `these are more than ${BROWN_OUTS_MAX} brown-outs`, 'brownOuts')
  else if (windows.some(({ fromMs }, i) => i > 0 && fromMs < windows[i - 1]!.untilMs)) fault('brown-out-overlap', 'two brown-outs overlap', 'brownOuts')
  return faults
}
