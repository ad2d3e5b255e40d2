// The load of the handshake cases: a connection for each request, shaken hands in full or resumed, from a client that knows which it was.

import { fileURLToPath } from 'node:url'
import { run } from './children.ts'
import type { HandshakeOrder } from './handshake-client.ts'
import { type Load, type LoadResult, readResult } from './wrk.ts'

const client = fileURLToPath(new URL('./handshake-client.ts', import.meta.url))
/** At once: enough that the proxy never waits for the client, few enough that none waits long for the proxy. */
const lanes = 16

/** Rejects unless every connection had the version and the kind of handshake that is meant, and every answer was 200. */
export function sendHandshakes(resumed: boolean): (load: Load) => Promise<LoadResult> {
  return async ({ origin, calls, seconds, cores, tlsVersion }) => {
    const [call] = calls
    const { hostname, port } = new URL(origin)
    const order: HandshakeOrder = { host: hostname, port: Number(port), path: call!.prefix + call!.path, version: tlsVersion!, resumed, seconds, lanes }
    return readResult(await run(process.execPath, [client, JSON.stringify(order)], cores))
  }
}
