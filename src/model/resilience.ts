// How an upstream is watched, and what is done when it fails, as plain data. Times in milliseconds, shares in percent; counts are per gateway thread.

/** Judged from the requests that go there anyway. */
export interface PassiveHealth {
  /** So many failures in a row (no connection, one that broke, no answer in time) put a target aside; 0: never. */
  readonly consecutive: number
  /** So large a share of failures and answers of 500 or more within the window does, when it is at least twice that of the other targets; 0: never. */
  readonly errorPercent: number
  readonly windowMs: number
  /** Requests within the window below which no share is judged. */
  readonly minimum: number
  /** A mean latency so many times that of the other targets does; 0: never. */
  readonly latencyFactor: number
  /** And only when it is so much longer. */
  readonly latencyOverMs: number
  /** The first time aside; doubled with each that follows, up to the longest. */
  readonly ejectMs: number
  readonly ejectMsMax: number
  /** Never more than this share of the targets is aside. */
  readonly ejectedPercentMax: number
}

/** Asked for: one check for the whole process, whatever the number of threads. */
export interface ActiveHealth {
  readonly kind: 'http' | 'tcp' | 'grpc'
  readonly method: 'GET' | 'HEAD'
  readonly path: string
  /** Sent as `Host`; absent: the target's own. */
  readonly host?: string
  /** Statuses that are expected, as ranges: both ends belong to them. */
  readonly statuses: readonly (readonly [from: number, to: number])[]
  /** The service that is asked about (grpc.health.v1); '' for the server as a whole. */
  readonly service: string
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Checks in a row that must succeed before a target that is down counts as up. */
  readonly up: number
  /** And that must fail before one that is up counts as down. */
  readonly down: number
  /** So much of the interval is left to chance. */
  readonly jitterPercent: number
}

export interface Health {
  readonly active?: ActiveHealth
  readonly passive?: PassiveHealth
  /** Fewer available targets than this share, and all are used again. */
  readonly panicPercent: number
  /** How long a target that comes back takes to get its whole share; 0: it gets it at once. */
  readonly slowStartMs: number
}

export interface Circuit {
  readonly scope: 'target' | 'upstream' | 'both'
  readonly errorPercent: number
  readonly minimum: number
  readonly windowMs: number
  readonly openMs: number
  /** Requests that are let through at once when it is half open, and successes in a row that close it. */
  readonly probes: number
}

export type RetryCause = 'connect' | 'reset' | 'timeout' | '502' | '503' | '504'
export interface Retries {
  /** Tries beside the first. */
  readonly attempts: number
  readonly on: readonly RetryCause[]
  /** Besides the idempotent ones (RFC 9110 9.2.2). */
  readonly methods: readonly string[]
  readonly backOffMs: number
  readonly backOffMsMax: number
  /** A `Retry-After` up to so long is waited for; a longer one ends the tries. */
  readonly retryAfterMsMax: number
  /** Retries per hundred requests. */
  readonly budgetPercent: number
  /** Retries a second that are always allowed. */
  readonly budgetPerSecond: number
  /** Bodies up to so many octets are kept so that they can be sent again. */
  readonly bodyBytes: number
}

export interface InFlightLimits {
  /** Requests to all targets together. */
  readonly inFlight?: number
  readonly inFlightPerTarget?: number
  /** How long one may wait for a connection. */
  readonly queueMs?: number
}

/** Why no answer of the upstream is there. */
export type FallbackCause = 'unreachable' | 'timeout' | 'invalid' | 'busy' | 'open'
export interface Fallback {
  readonly on: readonly FallbackCause[]
  readonly status: number
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

/** What one operation says of itself in place of what its upstream says. */
export interface OperationResilience {
  readonly retries?: Retries
  readonly headMs?: number
  readonly totalMs?: number
}

export interface Resilience {
  readonly health?: Health
  readonly retries?: Retries
  readonly circuit?: Circuit
  readonly limits?: InFlightLimits
  readonly fallback?: Fallback
  /** Until an answer is whole, all tries included. Absent: no such bound. */
  readonly totalMs?: number
  /** The field in which an upstream is told how many milliseconds are left. */
  readonly deadlineField?: string
  readonly operations?: { readonly [operation: string]: OperationResilience }
}
