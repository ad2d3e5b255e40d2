// Sessions: what a signed-in browser shows. 256 random bits, kept as a digest, over after 30 idle minutes or twelve hours.
import { collection, type Reading, SCAN_LIMIT_MAX, type Writing } from '../ports/store.ts'
import type { Moment, Visit } from './means.ts'
import { getPerson, type Person } from './person.ts'
import { digestOf, newSecret, SECRET_FORM, tag } from './secret-text.ts'

export const SESSION_LIFE_MS = 12 * 3_600_000
export const SESSION_IDLE_MS = 30 * 60_000
/** How long after a proof of who they are somebody may do what is dangerous. */
export const RECENT_MS = 5 * 60_000
/** A session that is used is written at most so often. */
export const TOUCH_MS = 60_000
/** Signing in once more ends the oldest: sessions cannot be piled up. */
export const SESSIONS_MAX = 20

/** `enrol-only` can do nothing but set up the second factor that its person must have. */
export type SessionLevel = 'full' | 'enrol-only'
export type SignInMethod = 'password' | 'totp' | 'recovery-code' | 'passkey' | 'single-sign-on' | 'link'

export interface Session {
  readonly personId: string
  readonly level: SessionLevel
  readonly methods: readonly SignInMethod[]
  readonly createdAtMs: number
  /** When who they are was last proved. */
  readonly provedAtMs: number
  readonly seenAtMs: number
  /** The person's epoch at the time: another one now, and the session is over. */
  readonly epoch: number
  /** Personal: shown to the person only, gone with the session. */
  readonly address: string
  readonly agent: string
}
/** Key: digest of the secret. */
export const SESSIONS = collection<Session>('session')
/** Whose sessions there are. Key: person id, `/`, digest. */
const OF_PERSON = collection<true>('person-session')

export interface IssuedSession {
  /** For the session cookie; shown once. */
  readonly secret: string
  readonly digest: string
  readonly csrf: string
  readonly level: SessionLevel
  readonly personId: string
}

/** Opens a session with a new secret, and ends the one that the browser had: a secret planted before a sign-in is worth nothing after it (CWE-384). */
export async function openSession(
  writing: Writing,
  at: Moment,
  key: Uint8Array,
  person: Person,
  visit: Visit,
  how: { readonly level: SessionLevel; readonly methods: readonly SignInMethod[] },
): Promise<IssuedSession> {
  if (visit.session !== undefined) await endSession(writing, digestOf(visit.session))
  const open = (await listSessions(writing, person.id)).toSorted((a, b) => a.session.seenAtMs - b.session.seenAtMs)
  for (const { digest } of open.slice(0, Math.max(0, open.length - SESSIONS_MAX + 1))) await endSession(writing, digest)
  return keepSession(writing, at, key, {
    personId: person.id,
    level: how.level,
    methods: how.methods,
    createdAtMs: at.nowMs,
    provedAtMs: at.nowMs,
    seenAtMs: at.nowMs,
    epoch: person.epoch,
    address: visit.address,
    agent: (visit.agent ?? '').slice(0, 200),
  })
}

/** The same session under a new secret, with what is different now. Its twelve hours go on from where they were. */
export async function rotateSession(writing: Writing, at: Moment, key: Uint8Array, digest: string, now: Partial<Session>): Promise<IssuedSession | undefined> {
  const session = await writing.get(SESSIONS, digest)
  if (!session) return undefined
  await endSession(writing, digest)
  return keepSession(writing, at, key, { ...session, seenAtMs: at.nowMs, ...now })
}

function keepSession(writing: Writing, at: Moment, key: Uint8Array, session: Session): IssuedSession {
  const secret = newSecret(at.random)
  const digest = digestOf(secret)
  writing.put(SESSIONS, digest, session)
  writing.put(OF_PERSON, `${session.personId}/${digest}`, true)
  return { secret, digest, csrf: csrfOf(key, secret), level: session.level, personId: session.personId }
}

/** The token that a page sends beside the cookie with every unsafe request. Derived from the secret, so that the store does not know it. */
export const csrfOf = (key: Uint8Array, sessionSecret: string): string => tag(key, 'csrf', sessionSecret)

export const isOver = (session: Session, nowMs: number): boolean =>
  nowMs - session.createdAtMs >= SESSION_LIFE_MS || nowMs - session.seenAtMs >= SESSION_IDLE_MS

export interface LiveSession {
  readonly digest: string
  readonly session: Session
  readonly person: Person
}

/** The session that this cookie value stands for, when it is not over and its person is active. */
export async function findSession(reading: Reading, nowMs: number, secret: string): Promise<LiveSession | undefined> {
  return SECRET_FORM.test(secret) ? liveSession(reading, nowMs, digestOf(secret)) : undefined
}
export async function liveSession(reading: Reading, nowMs: number, digest: string): Promise<LiveSession | undefined> {
  const session = await reading.get(SESSIONS, digest)
  if (!session || isOver(session, nowMs)) return undefined
  const person = await getPerson(reading, session.personId)
  return person?.state === 'active' && person.epoch === session.epoch ? { digest, session, person } : undefined
}

/** Writes that the session was used. Asked for when `who` says so: at most once a minute. */
export async function touchSession(writing: Writing, nowMs: number, digest: string): Promise<void> {
  const session = await writing.get(SESSIONS, digest)
  if (session && !isOver(session, nowMs) && nowMs - session.seenAtMs >= TOUCH_MS) writing.put(SESSIONS, digest, { ...session, seenAtMs: nowMs })
}

export async function listSessions(reading: Reading, personId: string): Promise<readonly { readonly digest: string; readonly session: Session }[]> {
  const sessions: { digest: string; session: Session }[] = []
  for (const { key } of await reading.scan(OF_PERSON, { prefix: `${personId}/`, limit: SCAN_LIMIT_MAX })) {
    const digest = key.slice(personId.length + 1)
    const session = await reading.get(SESSIONS, digest)
    if (session) sessions.push({ digest, session })
  }
  return sessions
}

/** Ends one session. Whose it is, is for the caller to have seen. */
export async function endSession(writing: Writing, digest: string): Promise<void> {
  const session = await writing.get(SESSIONS, digest)
  if (!session) return
  writing.remove(SESSIONS, digest)
  writing.remove(OF_PERSON, `${session.personId}/${digest}`)
}

export async function endSessions(writing: Writing, personId: string, but?: string): Promise<number> {
  let ended = 0
  for (const { digest } of await listSessions(writing, personId)) {
    if (digest === but) continue
    await endSession(writing, digest)
    ended++
  }
  return ended
}
