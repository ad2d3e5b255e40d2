// caddy as a plain proxy: its stock build has neither a rate limit nor a table of keys.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { launch } from '../children.ts'
import { freePort, waitUntilAnswers } from '../http-client.ts'
import type { Place, ProxyServer, Running } from '../proxy-server.ts'
import type { Work } from '../work.ts'
import { versionOf } from './version.ts'

export const caddy: ProxyServer = {
  name: 'caddy',
  version: () => versionOf('caddy', ['version'], /^v?(\S+)/),
  cannot(work) {
    if (work.tls !== undefined) return 'TLS is compared with nginx alone'
    if (work.limit !== null) return 'its stock build has no rate limit'
    if (work.keys.length > 0) return 'its stock build knows no API keys'
    return work.routes.some((route) => route.templates !== null) ? 'it has no table of routes by template' : null
  },
  async start(work: Work, place: Place): Promise<Running> {
    const port = await freePort()
    const file = join(place.folder, 'Caddyfile')
    writeFileSync(file, configuration(work, place, port))
    // caddy keeps state below these two; the user's own must stay as it is.
    const env = { XDG_DATA_HOME: place.folder, XDG_CONFIG_HOME: place.folder, GOMAXPROCS: String(place.threads) }
    const child = launch({
      name: 'caddy',
      command: 'caddy',
      args: ['run', '--config', file, '--adapter', 'caddyfile'],
      cores: place.cores,
      folder: place.folder,
      env,
    })
    await waitUntilAnswers(`http://127.0.0.1:${port}/`, child)
    return { origin: `http://127.0.0.1:${port}`, child, accessLog: null, control: null }
  },
}

function configuration(work: Work, place: Place, port: number): string {
  const routes = work.routes.map((route) => `  handle_path ${route.prefix}/* {\n    import origin\n  }\n`)
  return `{
  admin off
  auto_https off
  grace_period 1s
  log {
    level ERROR
  }
}
(origin) {
  reverse_proxy ${place.upstream} {
    header_up Forwarded "for={remote_host};host=\\"{hostport}\\";proto=http"
    header_up Via "1.1 caddy"
    header_up X-Request-Id {http.request.uuid}
    transport http {
      keepalive 3600s
      keepalive_idle_conns 1024
      keepalive_idle_conns_per_host 1024
      compression off
    }
  }
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  header X-Request-Id {http.request.uuid}
${routes.join('')}  handle {
    respond 404
  }
}
`
}
