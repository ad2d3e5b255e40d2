// What operations can reach: the store, the trail, and the services of the running Gatehouse. `app/` puts it together.
import type { NetworkSet } from '../base/ip.ts'
import type { CatalogPublishing } from '../catalog/revisions/catalog-publishing.ts'
import type { ContactKeys } from '../directory/contact-keys.ts'
import type { KeyDigests } from '../directory/key-digests.ts'
import type { Contact, FileOwned } from '../directory/records.ts'
import type { Operator } from '../model/operator.ts'
import type { TrailEvent } from '../model/trail-event.ts'
import type { Means as PeopleMeans } from '../people/means.ts'
import type { SingleSignOn } from '../people/single-sign-on.ts'
import type { Limiter } from '../ports/counters.ts'
import type { Egress } from '../ports/egress.ts'
import type { Envelope } from '../ports/envelope.ts'
import type { Purge, Purged } from '../ports/responses.ts'
import type { Store, Writing } from '../ports/store.ts'
import type { TargetMeasure } from '../telemetry/measures.ts'
import type { Trail } from '../trail/trail.ts'
import type { RefusalLog } from './refusal-log.ts'
import type { Resolving } from './resolving.ts'

/** What a request shows of who sends it. */
export interface ShownCredentials {
  /** The whole `Authorization` field. */
  readonly authorization: string | undefined
  /** The session cookie's value. */
  readonly session: string | undefined
  readonly address: string
}

/** What the journey of a request needs, whatever the operation. */
export interface Plane {
  readonly store: Store
  /** Whole milliseconds since the epoch. */
  nowMs(): number
  /** Puts the event into the trail, in this transaction; what was done is told to the webhooks that asked for it. */
  record(writing: Writing, event: TrailEvent): Promise<void>
  /** Who it is; undefined: nobody that is known here, told alike for every reason. */
  authenticate(shown: ShownCredentials): Promise<Operator | undefined>
  /** The team that owns an API, by its live configuration. */
  ownerOf(api: string): string | undefined
  /** Resolves when what this node has committed so far is live on its gateway threads. */
  settle(): Promise<void>
  /** Counts requests by operator. */
  readonly limiter: Limiter
  /** Counts requests by address before anyone is known, in a table of its own: strangers take no room of operators. */
  readonly guests: Limiter
  /** Tells the trail of refusals before an operation runs. */
  readonly refusals: RefusalLog
  readonly requestsPerMinute: number
  /** Keys what is remembered of requests with an idempotency key: bodies can hold secrets that are short enough to guess. */
  readonly repetitionKey: Uint8Array
  /** A mistake of ours, for the operator to read; nothing of it is told to the caller. */
  report(cause: unknown): void
  /** Where people reach the console, when that is not this listener's own address: `https://console.example`. */
  readonly origin?: string
  /** Whether people reach this listener over TLS: cookies are named and marked by it. */
  readonly isSecure: boolean
  /** Proxies that are believed about whom they speak for, by the live configuration. */
  trusted?(): NetworkSet | undefined
  ready(): boolean
  /** Names that wait for their certificate: told beside being ready, for they are proved by traffic that has to arrive. */
  unready?(): readonly string[]
  metrics(): Promise<string>
  readonly services: Services
}

/** A back-up as it stands in its folder. */
export interface BackUpFile {
  readonly name: string
  readonly folder: string
  readonly takenMs: number
  readonly octets: number
  readonly sha256: string
}
export interface BackUps {
  take(nowMs: number): Promise<BackUpFile | { readonly refused: 'under-way' | 'too-many' }>
  /** Newest first. */
  list(): Promise<readonly BackUpFile[]>
}

/** One API's targets as the gateway threads of this node have them together. */
export interface MeasuredTargets {
  readonly api: string
  readonly targets: readonly TargetMeasure[]
}
export interface LiveTargets {
  measured(): Promise<readonly MeasuredTargets[]>
}

/** What this process is. */
export interface SystemFacts {
  readonly version: string
  readonly storeKind: 'sqlite' | 'postgres' | 'memory'
  generation(): number
}

/** The rooms that operations act on, as they are in this process. */
export interface Services {
  readonly envelope: Envelope
  readonly egress: Egress
  readonly random: (octets: number) => Uint8Array
  readonly trail: Trail
  readonly people: PeopleMeans
  readonly singleSignOn: SingleSignOn
  readonly directory: {
    readonly digests: KeyDigests
    /** Sign what webhooks of teams are told. */
    readonly contactKeys: ContactKeys
    /** What the live configuration's files own. */
    readonly file: FileOwned
  }
  readonly catalog: CatalogPublishing
  readonly resolving: Resolving
  readonly backUps: BackUps
  /** Stored responses, on all gateway threads. */
  readonly responses: { purge(what: Purge): Promise<Purged> }
  readonly system: SystemFacts
  readonly targets: LiveTargets
  /**
   * Tells webhooks that asked for such events, and the contacts, through the outbox: told if and only if the transaction commits. Whatever is recorded
   * with `plane.record` is told to webhooks already, under its act; this is for what says more, or has contacts.
   */
  tell(writing: Writing, notice: Notice): Promise<void>
}

/** What is to be told. */
export interface Notice {
  /** As the trail names acts: `key.leaked`. */
  readonly event: string
  /** What webhooks are told, as JSON. Never a secret. */
  readonly data: { readonly [name: string]: unknown }
  /** Whose contacts these are. */
  readonly team?: string
  readonly contacts?: readonly Contact[]
  /** Webhooks that ask for such events are not told: they were told of the whole already. */
  readonly contactsOnly?: true
  /** What a mail says: one line of at most 200 characters, and the text. */
  readonly subject?: string
  readonly text?: string
}
