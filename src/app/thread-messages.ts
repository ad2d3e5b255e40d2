// What the main thread and the gateway threads say to each other.
import type { DirectoryContent, KeyCredential } from '../model/directory.ts'
import type { SnapshotPieces } from '../model/snapshot-pieces.ts'
import type { ThreadMeasures } from '../telemetry/measures.ts'

/** A snapshot with the directory that belongs to it. */
export interface Publication {
  readonly generation: number
  readonly pieces: SnapshotPieces
  readonly directory: DirectoryContent
}

/** What a gateway thread starts from. The memories are shared by all threads. */
export interface ThreadStart {
  readonly index: number
  readonly threads: number
  readonly wallOffsetUs: number
  readonly counters: SharedArrayBuffer
  readonly counterSecret: Uint8Array
  readonly caps: SharedArrayBuffer
  readonly crashes: SharedArrayBuffer
  /** Several threads listen on one port. */
  readonly sharedPort: boolean
  readonly listen: readonly { readonly host: string; readonly port: number }[]
  readonly publication: Publication
}

export type ToThread =
  | { readonly kind: 'publish'; readonly publication: Publication }
  | { readonly kind: 'add-keys'; readonly keys: readonly KeyCredential[]; readonly ask: number }
  | { readonly kind: 'measure'; readonly ask: number }
  | { readonly kind: 'drain' }

export type FromThread =
  | { readonly kind: 'listening'; readonly ports: readonly number[] }
  | { readonly kind: 'live'; readonly generation: number }
  | { readonly kind: 'refused'; readonly generation: number; readonly message: string }
  | { readonly kind: 'answer'; readonly ask: number; readonly measures?: ThreadMeasures }
  | { readonly kind: 'report'; readonly text: string }
  | { readonly kind: 'drained' }
