// Dead letters: messages that were given up, kept for a while so that somebody can see why, send them again or throw them away.
import type { SealedCollection } from '../ports/sealed-collection.ts'
import { collection, type Reading, type Writing } from '../ports/store.ts'
import { contextOf, type Destination, destinationOf, leave, partsOf, timeText, type Waiting, wait } from './outbox.ts'

/** The oldest goes when there is one more. */
export const DEAD_LETTERS_MAX = 1000

interface DeadRecord extends Waiting {
  readonly destination: string
  readonly diedMs: number
  readonly why: string
}
export const deadLetters = collection<DeadRecord>('outbox-dead')
const counts = collection<{ readonly count: number }>('outbox-dead-count')
const ALL = 'all'

/** A dead letter without what is in it. */
export interface DeadLetter extends Destination {
  /** What to name it by; in the order of the times of death. */
  readonly key: string
  readonly id: string
  readonly createdMs: number
  readonly diedMs: number
  readonly attempts: number
  readonly why: string
}

/** Gives up a waiting message. */
export async function bury(writing: Writing, key: string, message: Waiting, why: string, nowMs: number): Promise<void> {
  await leave(writing, key)
  const count = (await writing.get(counts, ALL))?.count ?? 0
  const oldest = count >= DEAD_LETTERS_MAX ? (await writing.scan(deadLetters, { limit: 1 }))[0] : undefined
  if (oldest) writing.remove(deadLetters, oldest.key)
  else writing.put(counts, ALL, { count: count + 1 })
  writing.put(deadLetters, `${timeText(nowMs)}~${message.id}`, { ...message, destination: partsOf(key).destination, diedMs: nowMs, why })
}

export const countDeadLetters = async (reading: Reading): Promise<number> => (await reading.get(counts, ALL))?.count ?? 0

/** Lets it wait again, with all its tries before it. */
export async function sendAgain(writing: Writing, key: string, nowMs: number): Promise<DeadLetter | { readonly refused: 'outbox.unknown' | 'outbox.full' }> {
  const dead = await known(writing, key)
  if (!dead) return { refused: 'outbox.unknown' }
  const message: Waiting = { id: dead.id, createdMs: dead.createdMs, attempts: 0, sealed: dead.sealed, why: dead.why }
  if (!(await wait(writing, dead.destination, message, nowMs))) return { refused: 'outbox.full' }
  await forget(writing, key)
  return letterOf(key, dead)
}

/** Throws it away. */
export async function discardDeadLetter(writing: Writing, key: string): Promise<DeadLetter | { readonly refused: 'outbox.unknown' }> {
  const dead = await known(writing, key)
  if (!dead) return { refused: 'outbox.unknown' }
  await forget(writing, key)
  return letterOf(key, dead)
}

export const DEAD_LETTER_KEY = /^\d{15}~msg_[0-9a-f]{32}$/
/** A key that none can have is not looked up: the store would throw. */
const known = async (reading: Reading, key: string): Promise<DeadRecord | undefined> =>
  DEAD_LETTER_KEY.test(key) ? await reading.get(deadLetters, key) : undefined

async function forget(writing: Writing, key: string): Promise<void> {
  writing.remove(deadLetters, key)
  writing.put(counts, ALL, { count: Math.max(0, ((await writing.get(counts, ALL))?.count ?? 1) - 1) })
}

/** A record as it is told. */
export function letterOf(key: string, { destination, id, createdMs, diedMs, attempts, why }: DeadRecord): DeadLetter {
  return { key, ...destinationOf(destination), id, createdMs, diedMs, attempts, why }
}

export const sealedDeadLetters: SealedCollection<DeadRecord> = {
  collection: deadLetters,
  map: (value, _key, reseal) => ({ ...value, sealed: reseal(value.sealed, contextOf(value.id)) }),
}
