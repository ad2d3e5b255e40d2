// The anchor at the slow end: a proxy of node:http and http.request, as most Node gateways are built.

import { fileURLToPath } from 'node:url'
import { launch } from '../children.ts'
import { freePort, waitUntilAnswers } from '../http-client.ts'
import type { Place, ProxyServer, Running } from '../proxy-server.ts'
import type { Work } from '../work.ts'

const server = fileURLToPath(new URL('./node-http-server.ts', import.meta.url))

export const nodeHttp: ProxyServer = {
  name: 'node:http',
  version: () => process.version,
  cannot: ({ routes, deny, keys, limit, log, tls }) =>
    tls !== undefined || routes.length > 1 || routes.some((route) => route.templates !== null) || deny.length > 0 || keys.length > 0 || limit !== null || log
      ? 'an anchor for the plain cases only'
      : null,
  async start(work: Work, place: Place): Promise<Running> {
    const port = await freePort()
    const args = [server, String(port), place.upstream, work.routes[0]!.prefix]
    const child = launch({ name: 'node-http', command: process.execPath, args, cores: place.cores, folder: place.folder })
    await waitUntilAnswers(`http://127.0.0.1:${port}/`, child)
    return { origin: `http://127.0.0.1:${port}`, child, accessLog: null, control: null }
  },
}
