// A circuit breaker: closed, it lets all through and counts; open, nothing; half open, a few that find out.
import type { Circuit } from '../../../model/resilience.ts'
import type { TargetOutcome } from '../target-health.ts'
import { RollingWindow } from './rolling-window.ts'

export type CircuitState = 'closed' | 'open' | 'half-open'
/** What `begin` gives when it lets nothing through. */
export const REFUSED = -1

export class CircuitBreaker {
  state: CircuitState = 'closed'
  /** How often it opened. */
  openings = 0
  private readonly settings: Circuit
  private readonly window: RollingWindow
  /** Another one with each change of state: what began under an older one says nothing of this. */
  private epoch = 0
  /** Open, it lets nothing through before; half open, no more than its probes. */
  private untilMs = 0
  private probing = 0
  private successes = 0
  private readonly changed: (state: CircuitState) => void

  constructor(settings: Circuit, changed: (state: CircuitState) => void = () => {}) {
    this.settings = settings
    this.window = new RollingWindow(settings.windowMs)
    this.changed = changed
  }

  /** When an open one lets the first through again. */
  get opensUntilMs(): number {
    return this.untilMs
  }
  /** Would `begin` let one through? */
  admits(nowMs: number): boolean {
    if (this.state === 'closed') return true
    return nowMs >= this.untilMs || (this.state === 'half-open' && this.probing < this.settings.probes)
  }
  /** Lets a request through, with a ticket that `ended` wants back exactly once; or `REFUSED`. */
  begin(nowMs: number): number {
    if (!this.admits(nowMs)) return REFUSED
    if (this.state === 'open') this.become('half-open')
    if (this.state === 'half-open') {
      // Probes that do not end, such as bodies that trickle, must not keep everybody else out: others may find out in their place.
      if (nowMs >= this.untilMs) {
        this.probing = 0
        this.untilMs = nowMs + this.settings.openMs
      }
      this.probing++
    }
    return this.epoch
  }
  ended(ticket: number, outcome: TargetOutcome, nowMs: number): void {
    if (ticket !== this.epoch) return
    const failed = outcome !== 'ok'
    if (this.state === 'half-open') {
      if (this.probing > 0) this.probing--
      // What was given up says nothing: its place is free for another probe.
      if (outcome === 'abandoned') return
      if (failed) this.open(nowMs)
      else if (++this.successes >= this.settings.probes) this.become('closed')
      return
    }
    if (outcome === 'abandoned') return
    const { window, settings } = this
    window.roll(nowMs)
    window.count(failed, 0)
    if (failed && window.allRequests >= settings.minimum && window.allFailures * 100 >= settings.errorPercent * window.allRequests) this.open(nowMs)
  }

  private open(nowMs: number): void {
    this.untilMs = nowMs + this.settings.openMs
    this.openings++
    this.become('open')
  }
  private become(state: CircuitState): void {
    this.state = state
    this.epoch++
    this.probing = this.successes = 0
    this.window.clear()
    this.changed(state)
  }
}
