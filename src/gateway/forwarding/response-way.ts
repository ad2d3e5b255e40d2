// A response's way to its client: past the policies that have a word in it, and out.
import { fieldName } from '../../http/field-names.ts'
import { BY_CHUNKS, BY_CLOSE, NO_BODY, type ResponseHead } from '../../http/response-head.ts'
import { Answer } from '../../pipeline/answer.ts'
import type { Verdict } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import type { ClientConnection } from '../clients/client-connection.ts'
import { BODY } from '../clients/client-state.ts'
import type { LiveRoute } from '../live/live-snapshot.ts'
import { putInformational, putResponse, settleTransportSecurity } from '../messages.ts'
import type { UpstreamPool } from '../upstreams/upstream-pool.ts'
import { BodyPassage, type PassageOwner } from './body-passage.ts'

/** One for all: the hooks of a response run to their end before anything else does. */
const ANSWER = new Answer()
const NOTHING: readonly never[] = []

/** Belongs to one client connection and serves its responses one after the other. */
export class ResponseWay {
  /** What is answered in the place of a response that has no body, once it is whole. */
  replacement: Verdict
  /** The response has no end of its own: it goes on for as long as somebody reads. */
  isEndless = false
  /** How long the upstream may be silent within the response under way. */
  silenceMs = 0
  /** Some of it has left the output: it can no longer become another one. */
  hasLeft = false
  private readonly client: ClientConnection
  private readonly passage: BodyPassage
  /** What the client was to be told before policies had their word in this response. */
  private fieldsBefore: string | undefined
  private defaultsBefore: Exchange['defaultFields'] = NOTHING

  constructor(client: ClientConnection, owner: PassageOwner) {
    this.client = client
    this.passage = new BodyPassage(owner)
  }

  /** A request begins its way to the upstream. */
  begin(): void {
    this.hasLeft = false
    this.fieldsBefore = undefined
  }
  /** All of the body stands in the output, or has left. */
  get isWhole(): boolean {
    return this.passage.isWhole
  }
  /** Octets that wait for the client: in its wire, and in filters. */
  get held(): number {
    return this.passage.waiting
  }

  informational(head: ResponseHead, x: Exchange): void {
    const { client } = this
    // 100 was answered by the gateway itself; an HTTP/1.0 client knows no 1xx (RFC 9110 15.2).
    if (head.status === 100 || client.minor === 0) return
    settleTransportSecurity(head, client, x)
    putInformational(client.gateway.output, head, x)
  }

  /** Puts the head of the final response into the output; a verdict takes its place, and then nothing of it is put. */
  head(head: ResponseHead, x: Exchange, route: LiveRoute, pool: UpstreamPool, toHead: boolean): Verdict {
    const { client, passage } = this
    const { answering } = route.chain
    const answer = answering?.responds === true ? ANSWER.begin(head, toHead) : undefined
    if (answer !== undefined) {
      const verdict = answering!.response(x, answer, route.meter.tally)
      if (verdict !== undefined) {
        answer.abandon()
        if (head.framing === NO_BODY) this.replacement = verdict
        return verdict
      }
      this.fieldsBefore = x.clientFields
      this.defaultsBefore = x.defaultFields
      answer.settle(x)
    }
    client.status = head.status
    if (client.state === BODY) client.keepAlive = false
    const isOpen = head.framing === BY_CHUNKS || head.framing === BY_CLOSE
    try {
      passage.begin(isOpen && client.minor === 1, toHead, answer?.makers ?? NOTHING, answer?.watchers ?? NOTHING)
    } catch (cause) {
      client.gateway.report(cause)
      answer!.abandon()
      this.takeBack(x)
      return client.gateway.refusalOf('gateway.broken')
    }
    answer?.release()
    // An HTTP/1.0 client learns the end of such a body only from the close.
    if (isOpen && client.minor === 0) client.keepAlive = false
    const { timeouts } = pool.upstream
    this.isEndless = isOpen && isEventStream(head)
    this.silenceMs = this.isEndless ? timeouts.eventsMs : timeouts.idleMs
    client.responseStarted = true
    // Nobody will read what has no end.
    if (this.isEndless && client.inputEnded) client.socket.destroy()
    putResponse(client.gateway.output, head, x, client, client.gateway.dateLine)
    return undefined
  }
  body(bytes: Buffer, start: number, end: number): void {
    this.passage.take(bytes, start, end)
    this.client.bytesOut = this.passage.passed
  }
  /** Nothing more comes from the upstream. */
  close(): void {
    this.passage.close()
    this.client.bytesOut = this.passage.passed
  }
  /** Sends what filters made later than they were asked. */
  sendLater(): void {
    const { client } = this
    this.hasLeft = true
    client.bytesOut = this.passage.passed
    client.gateway.output.send(client.socket)
  }

  /** Nothing of it has left, and nothing of it will: what policies told the client with it is forgotten. */
  takeBack(x: Exchange): void {
    this.passage.abandon()
    this.client.responseStarted = false
    if (this.fieldsBefore !== undefined) {
      x.clientFields = this.fieldsBefore
      x.defaultFields = this.defaultsBefore
    }
    this.fieldsBefore = undefined
  }
  /** The exchange is over. */
  clear(): void {
    this.passage.abandon()
    this.replacement = undefined
    this.isEndless = false
  }
}
const CONTENT_TYPE = fieldName('content-type')
const isEventStream = (head: ResponseHead): boolean => /^text\/event-stream(?:[ \t;]|$)/i.test(head.get(CONTENT_TYPE) ?? '')
