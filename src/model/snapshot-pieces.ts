// A snapshot cut into pieces that a gateway thread can take in one at a time without ever standing still for long.
import type { Api, GatewaySettings, Route, Snapshot } from './snapshot.ts'

/** How many routes a piece holds: about 10 KB of JSON, some 0.1 ms to take in. */
const ROUTES_PER_PIECE = 50

/** The description of one API without its routes, which follow in pieces of their own. */
export type ApiHead = Omit<Api, 'routes'>

/** What is posted to a thread. The octets are shared between threads, not copied to each. */
export interface SnapshotPieces {
  readonly gateway: GatewaySettings
  readonly apis: readonly { readonly name: string; readonly hash: string; readonly head: Uint8Array; readonly routes: readonly Uint8Array[] }[]
}

export function cutSnapshot(snapshot: Snapshot): SnapshotPieces {
  return {
    gateway: snapshot.gateway,
    apis: snapshot.apis.map(({ routes, ...head }) => ({
      name: head.name,
      hash: head.hash,
      head: shared(head),
      routes: Array.from({ length: Math.ceil(routes.length / ROUTES_PER_PIECE) }, (_, i) =>
        shared(routes.slice(i * ROUTES_PER_PIECE, (i + 1) * ROUTES_PER_PIECE)),
      ),
    })),
  }
}

export const readApiHead = (bytes: Uint8Array): ApiHead => parse(bytes) as ApiHead
export const readRoutes = (bytes: Uint8Array): readonly Route[] => parse(bytes) as readonly Route[]

function shared(value: unknown): Uint8Array {
  const octets = Buffer.from(JSON.stringify(value))
  const memory = new Uint8Array(new SharedArrayBuffer(octets.length))
  memory.set(octets)
  return memory
}
const parse = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
