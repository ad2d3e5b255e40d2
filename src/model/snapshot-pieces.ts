// A snapshot cut into pieces that a gateway thread can take in one at a time without ever standing still for long.
import type { RouteTableMemory } from './route-table.ts'
import { buildRouteTable } from './route-table-builder.ts'
import type { Api, GatewaySettings, Snapshot, UpstreamTrust, VersionFront, WellKnownDocument } from './snapshot.ts'

/** The description of one API without its routes, which are a table of their own. */
export type ApiHead = Omit<Api, 'routes'>

/** What is posted to a thread. All memory is shared between threads, not copied to each. */
export interface SnapshotPieces {
  readonly gateway: GatewaySettings
  readonly fronts: readonly VersionFront[]
  readonly documents: readonly WellKnownDocument[]
  readonly upstreamTrust: { readonly [digest: string]: UpstreamTrust }
  readonly apis: readonly { readonly name: string; readonly hash: string; readonly head: Uint8Array; readonly routes: RouteTableMemory }[]
}

export function cutSnapshot(snapshot: Snapshot): SnapshotPieces {
  return {
    gateway: snapshot.gateway,
    fronts: snapshot.fronts ?? [],
    documents: snapshot.documents ?? [],
    upstreamTrust: snapshot.upstreamTrust ?? {},
    apis: snapshot.apis.map(({ routes, ...head }) => ({
      name: head.name,
      hash: head.hash,
      head: shared(head),
      routes: buildRouteTable(routes),
    })),
  }
}

export const readApiHead = (bytes: Uint8Array): ApiHead => parse(bytes) as ApiHead

function shared(value: unknown): Uint8Array {
  const octets = Buffer.from(JSON.stringify(value))
  const memory = new Uint8Array(new SharedArrayBuffer(octets.length))
  memory.set(octets)
  return memory
}
const parse = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
