// Gatehouse doing the work, started as its users start it: the launcher, a file, nothing else.

import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { launch } from '../children.ts'
import { freePort, waitUntilAnswers } from '../http-client.ts'
import { openapiDocument } from '../openapi-document.ts'
import type { Place, ProxyServer, Running } from '../proxy-server.ts'
import type { Work } from '../work.ts'
import { versionOf } from './version.ts'

export type Addresses = { readonly listen: string; readonly control: string }

/** The Gatehouse behind this launcher. Runs on the Node that runs the benchmark. */
export function gatehouse(launcher: string): ProxyServer {
  return {
    name: 'gatehouse',
    version: () => versionOf(process.execPath, ['-p', `require(${JSON.stringify(join(dirname(launcher), '..', 'package.json'))}).version`], /^(\S+)/),
    cannot: () => null,
    async start(work: Work, place: Place): Promise<Running> {
      const addresses = { listen: `127.0.0.1:${await freePort()}`, control: `127.0.0.1:${await freePort()}` }
      const accessLog = work.log ? join(place.folder, 'access.log') : null
      const file = join(place.folder, 'gatehouse.yaml')
      writeFileSync(file, configuration(work, place, addresses, accessLog), { mode: 0o600 })
      const running = await startGatehouse(launcher, file, place, addresses, accessLog)
      return work.tls === undefined ? running : { ...running, origin: `https://${addresses.listen}`, authority: work.tls.authority }
    },
  }
}

/** Starts it on a file that stands already and waits until it says that it is ready. */
export async function startGatehouse(launcher: string, file: string, place: Place, addresses: Addresses, accessLog: string | null): Promise<Running> {
  const child = launch({ name: 'gatehouse', command: process.execPath, args: [launcher, 'start', file], cores: place.cores, folder: place.folder })
  await waitUntilAnswers(`http://${addresses.control}/readyz`, child, { accepted: (status) => status === 200 })
  return { origin: `http://${addresses.listen}`, child, accessLog, control: `http://${addresses.control}` }
}

/** JSON is YAML, so the file is written as JSON: nothing to quote by hand. */
function configuration(work: Work, place: Place, addresses: Addresses, accessLog: string | null): string {
  const names = work.routes.map((_, index) => `api-${index}`)
  const policies = policiesOf(work)
  const { tls } = work
  const listen =
    tls === undefined
      ? `http://${addresses.listen}`
      : { address: `https://${addresses.listen}`, tls: { certificates: [{ cert: tls.certificate, key: tls.key }] } }
  const apis = work.routes.map((route, index) => {
    const document = `api-${index}.openapi.json`
    if (route.templates !== null) writeFileSync(join(place.folder, document), openapiDocument(route.templates), { mode: 0o600 })
    return {
      path: route.prefix,
      upstream: `http://${place.upstream}`,
      ...(route.templates !== null && { openapi: `./${document}` }),
      ...(work.keys.length === 0 && { public: true }),
      ...(Object.keys(policies).length > 0 && { policies }),
      ...work.api,
    }
  })
  return JSON.stringify(
    {
      gatehouse: 1,
      gateway: {
        listen: [listen],
        threads: place.threads,
        accessLog: accessLog === null ? 'off' : { file: accessLog },
        // As nginx here: connections are kept for as long as a run may last.
        ...(tls !== undefined && { timeouts: { idle: '1h' } }),
      },
      control: { listen: `http://${addresses.control}` },
      apis: Object.fromEntries(apis.map((api, index) => [names[index], api])),
      ...(work.keys.length > 0 && {
        consumers: Object.fromEntries(work.keys.map((key) => [key.consumer, { apis: names, keys: [{ hash: `sha256:${sha256(key.secret)}` }] }])),
      }),
    },
    null,
    2,
  )
}

function policiesOf({ deny, keys, limit }: Work): Record<string, unknown> {
  return {
    ...(deny.length > 0 && { 'ip-filter': { deny } }),
    ...(keys.length > 0 && { 'api-key': { header: 'X-API-Key', format: 'any' } }),
    ...(limit !== null && { 'rate-limit': { limit: limit.requests, window: `${limit.windowSeconds}s`, by: limit.by } }),
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
