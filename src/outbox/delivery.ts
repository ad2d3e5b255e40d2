// Carries what waits in the outbox: each message at least once, a few at a time for one destination, again later when it failed, and not for ever.
import { randomSeed } from '../base/ids.ts'
import type { Carried, Courier } from '../ports/courier.ts'
import { type Envelope, UnreadableSecret } from '../ports/envelope.ts'
import type { Reading, Store, Writing } from '../ports/store.ts'
import { ASKED_MS_MAX, backOffMs, TRIES_MAX } from './back-off.ts'
import { bury } from './dead-letters.ts'
import {
  contextOf,
  DESTINATIONS_MAX,
  destinationOf,
  destinations,
  duePrefix,
  leave,
  messageKey,
  partsOf,
  timeText,
  type Waiting,
  waitingMessages,
} from './outbox.ts'

export interface DeliveryOptions {
  readonly store: Store
  readonly envelope: Envelope
  /** By the kind of their destinations. */
  readonly couriers: { readonly [kind: string]: Courier }
  readonly nowMs: () => number
  /** From 0 up to 1. */
  readonly random?: () => number
}
export interface Round {
  readonly delivered: number
  readonly failed: number
  /** Given up in this round. */
  readonly buried: number
  /** When the next one is due; undefined when nothing waits. */
  readonly nextDueMs: number | undefined
}

/** Of one destination at once, and of all: a dead server takes up no more of a round than its share. */
const AT_ONCE_PER_DESTINATION = 4
const AT_ONCE = 32
/** A message that is being carried is nobody else's for so long: longer than any courier takes. After a crash it is due again by then. */
export const LEASE_MS = 5 * 60_000

interface Claim {
  readonly key: string
  readonly message: Waiting
}

export class Delivery {
  private readonly options: DeliveryOptions
  private readonly random: () => number
  /** The destination that was last served: the next round begins after it. */
  private last = ''

  constructor(options: DeliveryOptions) {
    this.options = options
    this.random = options.random ?? (() => (randomSeed() >>> 0) / 2 ** 32)
  }

  /** Carries what is due now, once each. Rejects only when the store does; then what was under way is due again after its lease. */
  async round(): Promise<Round> {
    const { store, nowMs } = this.options
    const counts = { delivered: 0, failed: 0, buried: 0 }
    const soonest = await store.read((reading) => this.soonest(reading))
    if (soonest === undefined || soonest > nowMs()) return { ...counts, nextDueMs: soonest }
    const { claims, buried } = await store.write((writing) => this.claim(writing))
    counts.buried += buried
    await Promise.all(
      claims.map(async (claim) => {
        const carried = await this.carry(claim)
        const result = await store.write((writing) => this.settle(writing, claim, carried))
        counts[result]++
      }),
    )
    return { ...counts, nextDueMs: await store.read((reading) => this.soonest(reading)) }
  }

  private async soonest(reading: Reading): Promise<number | undefined> {
    let soonest: number | undefined
    for (const { key } of await reading.scan(destinations, { limit: DESTINATIONS_MAX })) {
      const first = (await reading.scan(waitingMessages, { prefix: duePrefix(key), limit: 1 }))[0]
      if (first) soonest = Math.min(soonest ?? Number.POSITIVE_INFINITY, partsOf(first.key).dueMs)
    }
    return soonest
  }

  /** Takes what is due for this process alone: counted as a try before it is one, so that what kills the process is not tried for ever. */
  private async claim(writing: Writing): Promise<{ readonly claims: readonly Claim[]; readonly buried: number }> {
    const now = this.options.nowMs()
    const claims: Claim[] = []
    let buried = 0
    const all = (await writing.scan(destinations, { limit: DESTINATIONS_MAX })).map(({ key }) => key)
    const turn = [...all.filter((key) => key > this.last), ...all.filter((key) => key <= this.last)]
    for (const destination of turn) {
      const prefix = duePrefix(destination)
      const due = await writing.scan(waitingMessages, { prefix, before: `${prefix}${timeText(now + 1)}`, limit: AT_ONCE_PER_DESTINATION })
      for (const { key, value } of due.slice(0, AT_ONCE - claims.length)) {
        if (value.attempts >= TRIES_MAX) {
          await bury(writing, key, value, value.why ?? 'the last try was never finished', now)
          buried++
          continue
        }
        const message = { ...value, attempts: value.attempts + 1 }
        const leased = messageKey(destination, now + LEASE_MS, value.id)
        writing.remove(waitingMessages, key)
        writing.put(waitingMessages, leased, message)
        claims.push({ key: leased, message })
      }
      this.last = destination
      if (claims.length >= AT_ONCE) break
    }
    return { claims, buried }
  }

  private async carry({ key, message }: Claim): Promise<Carried> {
    const { kind, target } = destinationOf(partsOf(key).destination)
    const courier = Object.hasOwn(this.options.couriers, kind) ? this.options.couriers[kind] : undefined
    if (!courier) return { outcome: 'failed', why: `nobody here carries '${kind}'` }
    try {
      const content: unknown = JSON.parse(Buffer.from(this.options.envelope.open(message.sealed, contextOf(message.id))).toString('utf8'))
      return await courier.carry({ id: message.id, target, content })
    } catch (cause) {
      if (cause instanceof UnreadableSecret) return { outcome: 'refused', why: 'what is in it cannot be opened with this envelope key' }
      // A fault of the courier must not end the deliveries of all others; its message was not written for operators.
      return { outcome: 'failed', why: `the courier broke (${(cause as Error).name})` }
    }
  }

  private async settle(writing: Writing, { key, message }: Claim, carried: Carried): Promise<'delivered' | 'failed' | 'buried'> {
    const now = this.options.nowMs()
    const held = await writing.get(waitingMessages, key)
    // Carried for longer than the lease: another node has it by now, and what happens to it is told by that one.
    if (!held) return carried.outcome === 'delivered' ? 'delivered' : 'failed'
    if (carried.outcome === 'delivered') {
      await leave(writing, key)
      return 'delivered'
    }
    if (carried.outcome === 'refused' || message.attempts >= TRIES_MAX) {
      await bury(writing, key, held, carried.why, now)
      return 'buried'
    }
    const waitMs = Math.max(backOffMs(message.attempts, this.random()), Math.min(ASKED_MS_MAX, carried.afterMs ?? 0))
    writing.remove(waitingMessages, key)
    writing.put(waitingMessages, messageKey(partsOf(key).destination, now + waitMs, message.id), { ...held, why: carried.why })
    return 'failed'
  }
}
