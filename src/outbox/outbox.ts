// The outbox: messages that are to leave, put down in the transaction of the act they tell of, so that neither is ever without the other.
import { randomSecret } from '../base/ids.ts'
import type { Envelope } from '../ports/envelope.ts'
import type { SealedCollection } from '../ports/sealed-collection.ts'
import { collection, type Writing } from '../ports/store.ts'

/** Most messages that wait for one destination: what is dead for long is not heaped up for ever. */
export const WAITING_MAX = 10_000
/** Most destinations that messages wait for. */
export const DESTINATIONS_MAX = 1000
/** Longest content, in octets of its JSON. */
export const CONTENT_OCTETS_MAX = 128 * 1024

export interface Destination {
  /** Which courier carries it: `webhook`, `mail`. */
  readonly kind: string
  /** A name that the courier knows: of an endpoint, of a mail server. Messages of one destination are carried a few at a time. */
  readonly target: string
}
export interface NewMessage extends Destination {
  /** Sealed in the store: it may hold what only its receiver should read. */
  readonly content: unknown
  readonly nowMs: number
  /** Not to be carried before; default: at once. */
  readonly notBeforeMs?: number
}
/** A message as it waits. */
export interface Waiting {
  readonly id: string
  readonly createdMs: number
  /** Tries that were begun. */
  readonly attempts: number
  readonly sealed: string
  /** What came of the last try. */
  readonly why?: string
}
export interface OutboxRefusal {
  readonly refused: 'outbox.full' | 'outbox.too-long' | 'outbox.bad-destination'
}

export const waitingMessages = collection<Waiting>('outbox-message')
export const destinations = collection<{ readonly waiting: number }>('outbox-destination')
export const contextOf = (id: string): string => `outbox/${id}`

/** Puts a message into the outbox, in the caller's transaction. Resolves to its id. */
export async function putMessage(
  writing: Writing,
  envelope: Envelope,
  message: NewMessage,
  random: (octets: number) => Uint8Array = randomSecret,
): Promise<{ readonly id: string } | OutboxRefusal> {
  const { kind, target, content, nowMs, notBeforeMs = nowMs } = message
  if (!/^[a-z][a-z-]{0,31}$/.test(kind) || !/^[A-Za-z0-9._-]{1,128}$/.test(target)) return { refused: 'outbox.bad-destination' }
  const octets = Buffer.from(JSON.stringify(content), 'utf8')
  if (octets.length > CONTENT_OCTETS_MAX) return { refused: 'outbox.too-long' }
  const id = `msg_${Buffer.from(random(16)).toString('hex')}`
  const waiting: Waiting = { id, createdMs: nowMs, attempts: 0, sealed: envelope.seal(octets, contextOf(id)) }
  return (await wait(writing, destinationKey(message), waiting, notBeforeMs)) ? { id } : { refused: 'outbox.full' }
}

/** Lets a message wait for its destination; false when too many do. */
export async function wait(writing: Writing, destination: string, message: Waiting, dueMs: number): Promise<boolean> {
  const count = (await writing.get(destinations, destination))?.waiting ?? 0
  if (count >= WAITING_MAX) return false
  if (count === 0 && (await writing.scan(destinations, { limit: DESTINATIONS_MAX })).length === DESTINATIONS_MAX) return false
  writing.put(destinations, destination, { waiting: count + 1 })
  writing.put(waitingMessages, messageKey(destination, dueMs, message.id), message)
  return true
}

/** Takes a message out; its destination goes with the last one. */
export async function leave(writing: Writing, key: string): Promise<void> {
  const { destination } = partsOf(key)
  const count = (await writing.get(destinations, destination))?.waiting ?? 1
  if (count > 1) writing.put(destinations, destination, { waiting: count - 1 })
  else writing.remove(destinations, destination)
  writing.remove(waitingMessages, key)
}

export const destinationKey = ({ kind, target }: Destination): string => `${kind}:${target}`
export function destinationOf(key: string): Destination {
  const colon = key.indexOf(':')
  return { kind: key.slice(0, colon), target: key.slice(colon + 1) }
}

/** `~` stands in no destination, and times have one length: within a destination the order of keys is that of due times. */
export const messageKey = (destination: string, dueMs: number, id: string): string => `${duePrefix(destination)}${timeText(dueMs)}~${id}`
export const duePrefix = (destination: string): string => `${destination}~`
export const timeText = (ms: number): string => String(Math.max(0, Math.floor(ms))).padStart(15, '0')
export function partsOf(key: string): { readonly destination: string; readonly dueMs: number } {
  const [destination, due] = key.split('~') as [string, string]
  return { destination, dueMs: Number(due) }
}

export const sealedMessages: SealedCollection<Waiting> = {
  collection: waitingMessages,
  map: (value, _key, reseal) => ({ ...value, sealed: reseal(value.sealed, contextOf(value.id)) }),
}
