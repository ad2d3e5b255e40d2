// haproxy doing the work with its own means: source list, key map, stick table, JSON log on standard output.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { launch } from '../children.ts'
import { freePort, waitUntilAnswers } from '../http-client.ts'
import type { Place, ProxyServer, Running } from '../proxy-server.ts'
import type { Work } from '../work.ts'
import { versionOf } from './version.ts'

export const haproxy: ProxyServer = {
  name: 'haproxy',
  version: () => versionOf('haproxy', ['-v'], /version (\S+)/),
  cannot: (work) =>
    work.tls !== undefined
      ? 'TLS is compared with nginx alone'
      : work.routes.some((route) => route.templates !== null)
        ? 'it has no table of routes by template'
        : null,
  async start(work: Work, place: Place): Promise<Running> {
    const address = `127.0.0.1:${await freePort()}`
    const file = join(place.folder, 'haproxy.cfg')
    const accessLog = work.log ? join(place.folder, 'access.log') : null
    writeFileSync(join(place.folder, 'deny.lst'), work.deny.map((network) => `${network}\n`).join(''))
    writeFileSync(join(place.folder, 'keys.map'), work.keys.map((key) => `${key.secret} ${key.consumer}\n`).join(''))
    writeFileSync(join(place.folder, 'routes.lst'), work.routes.map((route) => `${route.prefix}\n`).join(''))
    writeFileSync(file, configuration(work, place, address))
    const stdout = accessLog === null ? {} : { stdout: accessLog }
    const child = launch({ name: 'haproxy', command: 'haproxy', args: ['-db', '-f', file], cores: place.cores, folder: place.folder, ...stdout })
    await waitUntilAnswers(`http://${address}/`, child)
    return { origin: `http://${address}`, child, accessLog, control: null }
  },
}

function configuration(work: Work, place: Place, address: string): string {
  return `global
  nbthread ${place.threads}
  maxconn 8192
${work.log ? '  log stdout format raw daemon\n' : ''}
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-request 60s
  timeout http-keep-alive 3600s
  http-reuse always
${work.log ? `  log global\n  log-format '${logLine}'\n` : ''}
frontend gate
  bind ${address} backlog 4096
${refusals(work)}
  http-request deny deny_status 404 unless { path_dir -f ${place.folder}/routes.lst }
  http-request set-var(txn.id) uuid()
  http-request set-header Forwarded "for=%[src];host=\\"%[req.hdr(host)]\\";proto=http"
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header Via "1.1 haproxy"
  http-request set-header X-Request-Id %[var(txn.id)]
  http-request replace-path ^/[^/]+(/.*)$ \\1
  http-response set-header X-Request-Id %[var(txn.id)]
  default_backend origin

backend origin
  server origin ${place.upstream}
${work.limit?.by === 'consumer' ? '\nbackend callers\n  stick-table type string len 32 size 100k expire 2m store http_req_rate(60s)\n' : ''}${work.limit?.by === 'address' ? '\nbackend callers\n  stick-table type ip size 100k expire 2m store http_req_rate(60s)\n' : ''}`
}

const logLine =
  '{"time":"%Ts","id":"%[var(txn.id)]","address":"%ci","method":"%HM","path":"%HPO","status":"%ST","bytes":"%B","milliseconds":"%Ta","consumer":"%[var(txn.consumer)]"}'

function refusals({ deny, keys, limit }: Work): string {
  const rules: string[] = []
  if (deny.length > 0) rules.push('http-request deny deny_status 403 if { src -f deny.lst }')
  if (keys.length > 0) {
    rules.push('http-request set-var(txn.consumer) req.hdr(x-api-key),map_str(keys.map)')
    rules.push('http-request deny deny_status 401 unless { var(txn.consumer) -m found }')
    rules.push('http-request del-header X-API-Key')
    rules.push('http-request set-header Gatehouse-Consumer %[var(txn.consumer)]')
  }
  if (limit !== null) {
    const perMinute = Math.round((limit.requests * 60) / limit.windowSeconds)
    rules.push(`http-request track-sc0 ${limit.by === 'consumer' ? 'var(txn.consumer)' : 'src'} table callers`)
    rules.push(`http-request deny deny_status 429 if { sc_http_req_rate(0,callers) gt ${perMinute} }`)
  }
  return rules.map((rule) => `  ${rule}\n`).join('')
}
