// What a run found: the shape of the JSON file and of what the text table shows.

import type { Machine } from './machine.ts'
import type { Summary } from './statistics.ts'

/** One round of one proxy. */
export type Sample = {
  /** CPU microseconds (user and system, all threads and workers) per completed request. */
  readonly cpuMicros: number
  readonly requests: number
  readonly perSecond: number
  readonly medianMs: number
  readonly p99Ms: number
  /** Share of all cores (0 to 1) that processes outside this run used meanwhile. */
  readonly othersShare: number
}

export type Verdict = { readonly goal: string; readonly met: boolean }

export type Row = {
  readonly proxy: string
  readonly cpuMicros: Summary
  /** Whether it is what other rows are compared with. */
  readonly isBaseline: boolean
  /** To its baseline, round by round; null for a baseline and where that one failed. */
  readonly ratio: Summary | null
  readonly perSecond: Summary
  readonly p99Ms: Summary
  readonly verdict: Verdict | null
  readonly samples: readonly Sample[]
}

/** A figure that is no CPU time per request: a publish time, a stall, a share. */
export type Figure = {
  readonly name: string
  readonly unit: string
  readonly summary: Summary
  readonly samples: readonly number[]
  readonly verdict: Verdict | null
}

/** A row that is not there. `failed` tells a proxy that did wrong from one that is not installed or has no such feature. */
export type Absence = { readonly proxy: string; readonly reason: string; readonly failed: boolean }

export type CaseResult = {
  readonly name: string
  readonly says: string
  /** What the ratios refer to. */
  readonly against: string
  readonly rows: readonly Row[]
  readonly figures: readonly Figure[]
  readonly absent: readonly Absence[]
}

export type RunResult = {
  readonly startedAt: string
  readonly rounds: number
  readonly seconds: number
  readonly machine: Machine
  readonly cases: readonly CaseResult[]
}
