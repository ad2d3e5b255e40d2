// Tells webhooks of each act in the transaction that puts it into the trail: the trail itself calls this, so that no act can be recorded and forgotten here.
import type { Configuration } from '../catalog/resolving/resolve.ts'
import { type NewMessage, putMessage } from '../outbox/outbox.ts'
import type { Envelope } from '../ports/envelope.ts'
import type { Writing } from '../ports/store.ts'
import { type WebhookContent, webhookContent } from '../ports/webhook.ts'
import type { TrailEntry } from '../trail/entry.ts'
import { Trail } from '../trail/trail.ts'

export type Webhooks = Configuration['settings']['webhooks']

/** A trail whose entries webhooks are told of, and how others put messages into the same outbox. */
export class ActNotices {
  readonly trail: Trail
  /** As it is live now; before anything is, as the file says that is started with. */
  webhooks: () => Webhooks
  private readonly envelope: Envelope
  private readonly report: (text: string) => void

  constructor(envelope: Envelope, webhooks: () => Webhooks, report: (text: string) => void) {
    this.envelope = envelope
    this.webhooks = webhooks
    this.report = report
    this.trail = new Trail(envelope, (writing, entry) => this.told(writing, entry))
  }

  /** Puts a message down for every webhook that asks for such events. */
  async event(writing: Writing, event: string, content: WebhookContent, nowMs: number): Promise<void> {
    for (const [name, { events }] of Object.entries(this.webhooks()))
      if (events.some((pattern) => asksFor(pattern, event))) await this.put(writing, { kind: 'webhook', target: name, content, nowMs })
  }

  /** A destination that is dead for long must not stand in the way of the act. */
  async put(writing: Writing, message: NewMessage): Promise<void> {
    const put = await putMessage(writing, this.envelope, message)
    if ('refused' in put) this.report(`a message for ${message.kind} '${message.target}' was not kept (${put.refused})`)
  }

  /** What was refused stays in the trail: strangers can be refused as often as they like, and would fill the outbox. */
  private async told(writing: Writing, { act, actor, outcome, object, detail, time }: TrailEntry): Promise<void> {
    if (outcome !== 'done') return
    const nowMs = Date.parse(time)
    await this.event(writing, act, webhookContent(act, { actor, ...(object && { object }), ...(detail && { detail }) }, nowMs), nowMs)
  }
}

/** `*`, `key.*`, or the event itself. */
function asksFor(pattern: string, event: string): boolean {
  return pattern === '*' || pattern === event || (pattern.endsWith('.*') && event.startsWith(pattern.slice(0, -1)))
}
