// What the main thread and the gateway threads say to each other.
import type { DirectoryMemory } from '../adapters/shared-memory/shared-directory.ts'
import type { DrainedTarget } from '../gateway/upstreams/drained-targets.ts'
import type { AcmeChallenges } from '../model/acme.ts'
import type { StatusAnswer, StatusQuestion } from '../model/certificate-status.ts'
import type { CheckedAddress } from '../model/checked-targets.ts'
import type { Listener } from '../model/snapshot.ts'
import type { SnapshotPieces } from '../model/snapshot-pieces.ts'
import type { PolicyRevision } from '../own-policies/revisions.ts'
import type { Purge, Purged } from '../ports/responses.ts'
import type { ThreadMeasures } from '../telemetry/measures.ts'
import type { Use } from '../telemetry/usage.ts'

/** A snapshot with what the file says of consumers and keys: both go live in the same turn. */
export interface Publication {
  readonly generation: number
  readonly pieces: SnapshotPieces
  readonly directory: DirectoryMemory
  /** What active checks are to ask. */
  readonly checked?: readonly CheckedAddress[]
  /** Which word of the shared memory says what of each target that is checked. */
  readonly checks?: ReadonlyMap<string, number>
  /** Policies that operators wrote, in their order. */
  readonly ownPolicies: readonly PolicyRevision[]
  /** Where these may fetch from besides public addresses, and where never. */
  readonly egress: { readonly allowPrivate: readonly string[]; readonly own: readonly { readonly host: string; readonly port: number }[] }
}

/** What a gateway thread starts from. The memories are shared by all threads. */
export interface ThreadStart {
  readonly index: number
  readonly threads: number
  readonly wallOffsetUs: number
  readonly counters: SharedArrayBuffer
  readonly counterSecret: Uint8Array
  /** By which stored responses become void on every thread at once. */
  readonly epochs: SharedArrayBuffer
  readonly caps: SharedArrayBuffer
  readonly crashes: SharedArrayBuffer
  /** What active checks find. */
  readonly health: SharedArrayBuffer
  /** Where each thread says whose policy it runs. */
  readonly watched: SharedArrayBuffer
  /** 48 octets. */
  readonly ticketKeys: Uint8Array
  /** Several threads listen on one port. */
  readonly sharedPort: boolean
  readonly listen: readonly Listener[]
  /** Of each listener: what the system chose where 0 is configured, once it is known. */
  readonly ports: readonly number[]
  readonly publication: Publication
  /** What ACME servers are answered. */
  readonly challenges: AcmeChallenges
  /** Targets that take no further requests. */
  readonly drained: readonly DrainedTarget[]
  /** Consumers and keys of the store. */
  readonly directory: DirectoryMemory
}

export type ToThread =
  | { readonly kind: 'publish'; readonly publication: Publication }
  | { readonly kind: 'directory'; readonly memory: DirectoryMemory; readonly ask: number }
  | { readonly kind: 'challenges'; readonly challenges: AcmeChallenges; readonly ask: number }
  | { readonly kind: 'drain-targets'; readonly drained: readonly DrainedTarget[]; readonly ask: number }
  | { readonly kind: 'purge'; readonly purge: Purge; readonly ask: number }
  | { readonly kind: 'measure'; readonly ask: number }
  | { readonly kind: 'ticket-keys'; readonly keys: Uint8Array }
  | { readonly kind: 'status'; readonly answer: StatusAnswer }
  | { readonly kind: 'drain' }

export type FromThread =
  | { readonly kind: 'listening'; readonly ports: readonly number[] }
  | { readonly kind: 'live'; readonly generation: number }
  | { readonly kind: 'refused'; readonly generation: number; readonly message: string }
  | { readonly kind: 'answer'; readonly ask: number; readonly measures?: ThreadMeasures; readonly purged?: Purged }
  | { readonly kind: 'used'; readonly uses: readonly Use[] }
  | { readonly kind: 'report'; readonly text: string }
  | { readonly kind: 'status'; readonly question: StatusQuestion }
  | { readonly kind: 'drained' }
