// What is known of whether a target answers: told of each request that goes there, asked before the next one does.

/**
 * How a request to a target went. `ok`: an answer below 500 that came whole; `error`: one of 500 or more; `failed`: no connection, one that broke, or an
 * answer that could not be read; `timeout`: one that did not come in time; `abandoned`: its client, or the gateway, gave it up, which says nothing.
 */
export type TargetOutcome = 'ok' | 'error' | 'failed' | 'timeout' | 'abandoned'

/** Called from within requests: nothing of it waits, throws, or makes anything. `nowMs` is the gateway's coarse clock. */
export interface TargetHealth {
  /** False: no request goes there, for as long as another target takes it. */
  available(nowMs: number): boolean
  /** The part of its weight that counts, 0 to 1: less than 1 while it starts slowly. */
  share(nowMs: number): number
  /** A request goes there, or waits for a connection to it. Exactly one `ended` follows. */
  began(): void
  /** `latencyMs`: from `began` to the head of the answer; where there was none, to the end. */
  ended(outcome: TargetOutcome, latencyMs: number): void
}

/** Of targets of which nobody keeps account: always there. */
export const HEALTHY: TargetHealth = {
  available: () => true,
  share: () => 1,
  began() {},
  ended() {},
}
