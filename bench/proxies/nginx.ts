// nginx doing the work with its own modules: deny list, key map, limit_req and a buffered access log.

import { join } from 'node:path'
import { freePort, waitUntilAnswers } from '../http-client.ts'
import { launchNginx } from '../nginx-process.ts'
import type { Place, ProxyServer, Running } from '../proxy-server.ts'
import type { Route, Work } from '../work.ts'
import { versionOf } from './version.ts'

export const nginx: ProxyServer = {
  name: 'nginx',
  version: () => versionOf('nginx', ['-v'], /nginx\/(\S+)/),
  cannot: () => null,
  async start(work: Work, place: Place): Promise<Running> {
    const address = `127.0.0.1:${await freePort()}`
    const accessLog = work.log ? join(place.folder, 'access.log') : null
    // Beside ten thousand clients that wait there are the connections to the upstream.
    const connections = work.tls === undefined ? 8192 : 16_384
    const child = launchNginx({ name: 'nginx', ...place, workers: place.threads, connections, http: configuration(work, place, address, accessLog) })
    const origin = `${work.tls === undefined ? 'http' : 'https'}://${address}`
    await waitUntilAnswers(`${origin}/`, child, { authority: work.tls?.authority })
    return { origin, child, accessLog, control: null, authority: work.tls?.authority }
  },
}

function configuration(work: Work, place: Place, address: string, accessLog: string | null): string {
  return `${accessLogOf(accessLog)}
  upstream origin {
    server ${place.upstream};
    keepalive 512;
    keepalive_requests 1000000000;
  }
${keyMap(work)}
${limitZone(work)}
  server {
    listen ${address} backlog=4096${work.tls === undefined ? '' : ' ssl'}${work.http2 ? ' http2' : ''}${place.threads > 1 ? ' reuseport' : ''};
${tlsOf(work)}${work.deny.map((network) => `    deny ${network};\n`).join('')}${work.keys.length > 0 ? '    if ($consumer = "") { return 401; }\n' : ''}${limitOf(work)}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header Forwarded "for=$remote_addr;host=\\"$http_host\\";proto=$scheme";
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header Via "1.1 nginx";
    proxy_set_header X-Request-Id $request_id;
${work.keys.length > 0 ? '    proxy_set_header X-API-Key "";\n    proxy_set_header Gatehouse-Consumer $consumer;\n' : ''}    add_header X-Request-Id $request_id always;
${work.routes.map(locationsOf).join('')}    location / { return 404; }
  }`
}

/** The suites, groups and tickets that Gatehouse has as it comes, in the same order: another cipher would be another work. */
function tlsOf({ tls }: Work): string {
  if (tls === undefined) return ''
  const suites = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'].flatMap((suite) => [`ECDHE-ECDSA-${suite}`, `ECDHE-RSA-${suite}`])
  return `    ssl_certificate ${tls.certificate};
    ssl_certificate_key ${tls.key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ${suites.join(':')};
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256;
    ssl_prefer_server_ciphers on;
    ssl_ecdh_curve X25519:prime256v1:secp384r1;
    ssl_session_cache shared:tls:10m;
`
}

function accessLogOf(file: string | null): string {
  if (file === null) return '  access_log off;'
  const fields = {
    time: '$time_iso8601',
    id: '$request_id',
    address: '$remote_addr',
    method: '$request_method',
    path: '$uri',
    status: '$status',
    bytes: '$bytes_sent',
    seconds: '$request_time',
    upstreamSeconds: '$upstream_response_time',
    consumer: '$consumer',
    agent: '$http_user_agent',
  }
  const line = Object.entries(fields).map(([name, variable]) => `"${name}":"${variable}"`)
  return `  log_format json_line escape=json '{${line.join(',')}}';\n  access_log ${file} json_line buffer=64k flush=1s;`
}

function keyMap(work: Work): string {
  if (work.keys.length === 0) return work.log ? '  map $host $consumer { default ""; }' : ''
  return `  map_hash_bucket_size 128;
  map $http_x_api_key $consumer {
    default "";
${work.keys.map((key) => `    "${key.secret}" ${key.consumer};\n`).join('')}  }`
}

function limitZone({ limit }: Work): string {
  if (limit === null) return ''
  const perMinute = Math.max(1, Math.round((limit.requests * 60) / limit.windowSeconds))
  return `  limit_req_zone ${limit.by === 'consumer' ? '$consumer' : '$binary_remote_addr'} zone=callers:10m rate=${perMinute}r/m;`
}

function limitOf({ limit }: Work): string {
  return limit === null ? '' : `    limit_req zone=callers burst=${limit.requests} nodelay;\n    limit_req_status 429;\n`
}

function locationsOf({ prefix, templates }: Route): string {
  if (templates === null) return `    location ${prefix}/ { proxy_pass http://origin/; }\n`
  // A list of 609 patterns would be tried one by one. Grouped below a literal first segment, nginx finds the group in its prefix tree
  // and tries only that group's patterns: what somebody who knows nginx writes.
  const groups = Map.groupBy(templates, (template) => /^\/[^/]+/.exec(template)?.[0] ?? template)
  return [...groups].map(([group, members]) => groupOf(prefix, group, members)).join('')
}

function groupOf(prefix: string, group: string, members: readonly string[]): string {
  const exact = members
    .filter((template) => !template.includes('{'))
    .map((template) => `    location = ${prefix}${template} { proxy_pass http://origin${template}; }\n`)
  const patterns = members.filter((template) => template.includes('{')).map((template) => template.replaceAll(/\{[^}]+\}/g, '[^/]+'))
  const nested = patterns.map((pattern) => `      location ~ ^${prefix}(${pattern})$ { proxy_pass http://origin$1$is_args$args; }\n`)
  return `${exact.join('')}    location ${prefix}${group}/ {\n${nested.join('')}      return 404;\n    }\n`
}
