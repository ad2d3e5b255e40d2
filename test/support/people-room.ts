// The room of people as tests use it: a store in memory, a clock by hand, a real envelope, and every trail entry at hand.
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import { manualClock } from '../../src/base/clock.ts'
import { randomSecret } from '../../src/base/ids.ts'
import type { TrailEvent } from '../../src/model/trail-event.ts'
import { EVERYTHING, type Holder } from '../../src/people/grants.ts'
import { type Means, type Moment, momentOf, type Visit } from '../../src/people/means.ts'
import { PasswordHashing } from '../../src/people/password-hashing.ts'
import { redeemLink } from '../../src/people/passwords.ts'
import { invitePerson } from '../../src/people/people.ts'
import type { Person } from '../../src/people/person.ts'
import { isRefused } from '../../src/people/refusal.ts'
import { beginTotp, confirmTotp } from '../../src/people/second-factor.ts'
import { findSession, type LiveSession } from '../../src/people/sessions.ts'
import { codeAt, stepAt } from '../../src/people/totp.ts'
import { type Egress, EgressRefused } from '../../src/ports/egress.ts'
import { testEnvelope } from './envelope.ts'

export const PASSWORD = 'eleven purple walruses'
export const CHEAP = { memoryKib: 64, passes: 1, parallelism: 1 }
export const ADMIN: Holder = { actor: { kind: 'admin-token', id: 'admin-token' }, permissions: EVERYTHING, ownTeams: [] }

export interface PeopleRoom {
  readonly means: Means
  readonly clock: ReturnType<typeof manualClock>
  readonly events: TrailEvent[]
  at(): Moment
}

export function peopleRoom(changed: Partial<Means> = {}): PeopleRoom {
  const clock = manualClock()
  const events: TrailEvent[] = []
  const key = randomSecret(32)
  const nowhere: Egress = { fetch: () => Promise.reject(new EgressRefused('nothing is reached from this test')) }
  const means: Means = {
    store: new MemoryStore(),
    record: (_, event) => void events.push(event),
    clock,
    random: randomSecret,
    key,
    envelope: testEnvelope(),
    egress: nowhere,
    hashing: new PasswordHashing({ key, random: randomSecret, costs: CHEAP }),
    site: { origin: 'https://console.example', rpId: 'console.example', name: 'Gatehouse' },
    policy: { secondFactor: 'writers' },
    ...changed,
  }
  return { means, clock, events, at: () => momentOf(means) }
}

export const visitFrom = (address: string, more: Partial<Visit> = {}): Visit => ({ address, browser: 'browser-of-the-test', ...more })
export const VISIT = visitFrom('192.0.2.1')

/** What is wanted, or the test fails with the refusal. */
export function granted<T>(result: T): Exclude<T, { readonly refused: string }> {
  if (isRefused(result)) throw new Error(`refused: ${result.refused}`)
  return result as Exclude<T, { readonly refused: string }>
}

export interface Member {
  readonly person: Person
  /** The session cookie's value. */
  readonly secret: string
  readonly device?: string
  /** Base32. */
  readonly seed?: string
  readonly recoveryCodes?: readonly string[]
}

/** Somebody with a password who has come, and with an authenticator app unless `isPlain`. */
export async function member(
  room: PeopleRoom,
  roles: readonly string[],
  given: { mail?: string; teams?: readonly string[]; isPlain?: true } = {},
): Promise<Member> {
  const { means } = room
  const mail = given.mail ?? `${Buffer.from(randomSecret(6)).toString('hex')}@example.org`
  const input = { name: 'Ada Example', mail, roles, teams: given.teams ?? [] }
  const invited = granted(await means.store.write((writing) => invitePerson(writing, room.at(), ADMIN, input)))
  const came = granted(await redeemLink(means, { secret: invited.link.secret, password: PASSWORD, visit: VISIT }))
  if (came.outcome !== 'enrol' && came.outcome !== 'signed-in') throw new Error(came.outcome)
  if (given.isPlain)
    return { person: (await live(room, came.session.secret)).person, secret: came.session.secret, ...(came.outcome === 'signed-in' && { device: came.device }) }
  const begun = await live(room, came.session.secret)
  const { seed } = granted(await means.store.write((writing) => beginTotp(writing, room.at(), means, begun)))
  const code = codeOf(seed, room.at().nowMs)
  const enrolled = granted(await means.store.write((writing) => confirmTotp(writing, room.at(), means, begun, code)))
  room.clock.advanceMs(60_000)
  const { person } = await live(room, enrolled.session.secret)
  return { person, secret: enrolled.session.secret, seed, recoveryCodes: enrolled.recoveryCodes }
}

export async function live(room: PeopleRoom, secret: string): Promise<LiveSession> {
  const found = await room.means.store.read((reading) => findSession(reading, room.at().nowMs, secret))
  if (!found) throw new Error('no such session')
  return found
}

/** The code that an authenticator app shows. */
export const codeOf = (seed: string, nowMs: number): string => codeAt(fromBase32(seed), stepAt(nowMs))
export function fromBase32(text: string): Buffer {
  const octets: number[] = []
  let bits = 0
  let value = 0
  for (const sign of text) {
    value = ((value << 5) | 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign)) & 0xfff
    bits += 5
    if (bits >= 8) octets.push((value >>> (bits -= 8)) & 255)
  }
  return Buffer.from(octets)
}
