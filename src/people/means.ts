// What this room is handed: the store, time, chance, keys, the way out, and where the trail is written.
import type { Clock } from '../base/clock.ts'
import type { TrailEvent } from '../model/trail-event.ts'
import type { Egress } from '../ports/egress.ts'
import type { Envelope } from '../ports/envelope.ts'
import type { Store, Writing } from '../ports/store.ts'
import type { PasswordHashing } from './password-hashing.ts'

/** One moment of one act: every time in it is the same, and chance comes from one source. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly nowMs: number
  /** So many octets, good enough for a secret. */
  readonly random: (octets: number) => Uint8Array
}

/** Where people reach the console. All three come from the configuration, never from a request. */
export interface Site {
  /** `https://console.example`, as browsers write it: no path, no default port. */
  readonly origin: string
  /** The relying party's id (WebAuthn 5.1.2): the host of `origin` or a parent domain of it. */
  readonly rpId: string
  readonly name: string
}

/** What an installation demands of people. */
export interface SignInPolicy {
  /** Who needs a second factor: everyone, whoever can change something (default), or nobody. */
  readonly secondFactor: 'everyone' | 'writers' | 'nobody'
}

/** Writes what happened to the trail in the same transaction. What it throws undoes the act: an act that cannot be logged is refused. */
export type Recording = (writing: Writing, event: TrailEvent) => void | Promise<void>

export interface Means {
  readonly store: Store
  readonly record: Recording
  readonly clock: Clock
  readonly random: (octets: number) => Uint8Array
  /** At least 32 octets that stand in the store only sealed. Peppers passwords, signs tickets and CSRF tokens: replacing it voids all of these. */
  readonly key: Uint8Array
  readonly envelope: Envelope
  readonly egress: Egress
  readonly hashing: PasswordHashing
  readonly site: Site
  readonly policy: SignInPolicy
}

export const momentOf = ({ clock, random }: Pick<Means, 'clock' | 'random'>): Moment => ({ nowMs: Math.floor(clock.nowUs() / 1000), random })

/** What a sign-in knows of the browser it comes from. */
export interface Visit {
  /** The caller's address as the listener saw it, never from a field that the caller wrote. */
  readonly address: string
  readonly agent?: string
  /** The value of the browser cookie: what was begun in one browser is not finished in another. */
  readonly browser: string
  /** The value of the device cookie, when there is one. */
  readonly device?: string
  /** The value of the session cookie that came along: ended by a new sign-in. */
  readonly session?: string
}
