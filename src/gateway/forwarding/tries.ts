// The tries of one exchange: where each goes, when the next one begins, and when nobody waits for an answer any more.
import type { ResponseHead } from '../../http/response-head.ts'
import type { RetryCause } from '../../model/resilience.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import type { ClientConnection } from '../clients/client-connection.ts'
import { BODY } from '../clients/client-state.ts'
import type { GatewayCode } from '../denials.ts'
import type { LiveRoute } from '../live/live-snapshot.ts'
import { ERROR, FAILED, TIMED_OUT } from '../upstreams/target.ts'
import { TargetVisit, type TurnedAway } from '../upstreams/target-visit.ts'
import type { UpstreamConnection } from '../upstreams/upstream-connection.ts'
import { mayAskAgain } from './asking-again.ts'
import { Attempts, NO_MORE } from './attempts.ts'
import { deadlineLines, endOf } from './deadline.ts'
import type { EarlyBody } from './early-body.ts'

const NEVER = Number.POSITIVE_INFINITY

/** Who makes them. */
export interface TriesOwner {
  /** The upstream does not take the body as fast as the client brings it. */
  readonly stalled: boolean
  /** A target was chosen: a connection to it is wanted. */
  acquire(fresh: boolean): void
  turnedAway(code: TurnedAway): void
}

/** Belongs to one client connection and serves its exchanges one after the other. */
export class Tries {
  /** When nobody waits for the answer any more, on the gateway's coarse clock. */
  endsMs = NEVER
  readonly visit: TargetVisit
  readonly attempts = new Attempts()
  private readonly client: ClientConnection
  private readonly owner: TriesOwner
  private readonly early: EarlyBody
  /** Once, beside all settings, because a kept connection had closed. */
  private wasAskedAgain = false
  private x!: Exchange
  private route: LiveRoute | undefined
  /** Until the next one. */
  private pause: NodeJS.Timeout | undefined

  /** `early`: where what was kept of a body waits for the next try. */
  constructor(client: ClientConnection, owner: TriesOwner, early: EarlyBody) {
    this.client = client
    this.owner = owner
    this.early = early
    this.visit = new TargetVisit(client.gateway)
  }

  /** The first one. `upgrade`: it asks for a WebSocket. */
  begin(x: Exchange, route: LiveRoute, upgrade: boolean): void {
    const { client } = this
    const { live } = route.api.targets
    this.x = x
    this.route = route
    this.wasAskedAgain = false
    if (live !== undefined || client.converses) this.endsMs = endOf(x, route, client.converses, client.gateway.coarseMs)
    this.attempts.begin(x, live, route.retries, upgrade)
    this.go(this.visit.begin(x, route.api.targets), false)
  }
  private go(turnedAway: TurnedAway | undefined, fresh: boolean): void {
    if (turnedAway === undefined) this.owner.acquire(fresh)
    else this.owner.turnedAway(turnedAway)
  }

  mayAfterTimeout(connection: UpstreamConnection): boolean {
    return this.attempts.may(connection.connected ? 'timeout' : 'connect')
  }
  /** No answer came in time, and the connection was given up. */
  afterTimeout(connection: UpstreamConnection): boolean {
    const cause = connection.connected ? 'timeout' : 'connect'
    this.visit.end(this.attempts.blame(TIMED_OUT, cause))
    return this.again(cause)
  }
  mayAfter(head: ResponseHead): boolean {
    return this.attempts.isBad(head) && this.attempts.may(`${head.status}` as RetryCause)
  }
  /** The answer is one that retries are made for. */
  afterAnswer(head: ResponseHead): boolean {
    const cause = `${head.status}` as RetryCause
    this.attempts.heed(head, this.client.gateway.coarseMs)
    this.visit.end(this.attempts.blame(ERROR, cause))
    return this.again(cause)
  }
  /** The connection broke, or what came over it could not be read. */
  afterBreak(connection: UpstreamConnection, fault: number): boolean {
    const { attempts } = this
    const cause = connection.connected ? 'reset' : 'connect'
    // Where retries are made, all of them are paid for.
    if (fault === 0 && !this.wasAskedAgain && !attempts.covers(cause) && mayAskAgain(connection, this.x)) {
      this.wasAskedAgain = true
      this.owner.acquire(true)
      return true
    }
    const wasKept = connection.served > 0 && !connection.answered
    this.visit.end(attempts.blame(FAILED, cause, wasKept || (connection.connected && this.awaitsBody)))
    return this.again(cause)
  }

  /** The client holds its body back: whoever gives up waiting for it is not ill. */
  private get awaitsBody(): boolean {
    return this.client.state === BODY && !this.owner.stalled
  }

  /** Another one in the place of one that failed; false: that was the last. Nothing of what was under way may stand in the output. */
  private again(cause: RetryCause): boolean {
    const { client, visit, route } = this
    const { gateway } = client
    const kept = this.attempts.takeKept()
    if (kept !== undefined) this.early.put(kept, 0, kept.length)
    const waitMs = this.attempts.next(cause, visit, route!.api.targets, this.endsMs, gateway)
    if (waitMs === NO_MORE) return false
    client.deadlineMs = gateway.coarseMs + waitMs + (client.state === BODY ? client.silenceMs : route!.headMs)
    if (waitMs === 0) this.go(undefined, false)
    else this.pause = setTimeout(() => this.goOn(), waitMs)
    return true
  }
  private goOn(): void {
    try {
      // Where one kept connection broke the others may have, too.
      this.go(this.visit.beginAgain(this.x, this.route!.api.targets), true)
      this.client.pump()
    } catch (cause) {
      this.client.broke(cause)
    }
  }

  /** Nobody waits for the answer any more. */
  get isOver(): boolean {
    return this.endsMs <= this.client.gateway.coarseMs
  }
  /** Why there is no answer. An upstream that was told until when it is waited for, and was silent until then, was too slow. */
  codeOf({ distrust, answered }: UpstreamConnection, fault: number): GatewayCode {
    const { gateway } = this.client
    if (fault === 0 && distrust === undefined && !answered && this.endsMs * 1000 <= gateway.nowUs()) return 'upstream.timeout'
    return gateway.failureOf(this.route!.api.settings.name, distrust, fault)
  }
  /** What the upstream is told of the time that is left. */
  get deadline(): string {
    return this.endsMs === NEVER ? '' : deadlineLines(this.route!.api.deadlineField, this.client.converses, this.endsMs, this.client.gateway.coarseMs)
  }
  /** The answer has no end of its own. */
  goesOn(): void {
    this.endsMs = NEVER
    this.visit.goesOn()
  }
  clear(): void {
    if (this.pause !== undefined) clearTimeout(this.pause)
    this.pause = undefined
    this.endsMs = NEVER
    this.route = undefined
    this.attempts.clear()
  }
}
