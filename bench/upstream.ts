// The upstream behind every proxy: nginx answering 1 KB of JSON from memory, or what it was sent when a check asks for that.

import { type Child, runFolder } from './children.ts'
import { freePort, waitUntilAnswers } from './http-client.ts'
import { launchNginx } from './nginx-process.ts'
import { oneKilobyte } from './work.ts'

export type Upstream = { readonly address: string; readonly child: Child }

/** A request with this field is answered with a list of what arrived, one `name: value` a line; the load never sends it. */
export const echoField = 'X-Bench-Echo'

/** What the echo tells, by the name under which a check looks for it. */
const echoed: Readonly<Record<string, string>> = {
  method: '$request_method',
  target: '$request_uri',
  'content-length': '$content_length',
  forwarded: '$http_forwarded',
  'x-forwarded-for': '$http_x_forwarded_for',
  'x-forwarded-proto': '$http_x_forwarded_proto',
  'x-forwarded-host': '$http_x_forwarded_host',
  via: '$http_via',
  'x-request-id': '$http_x_request_id',
}

export async function startUpstream(cores: readonly number[] | null): Promise<Upstream> {
  const address = `127.0.0.1:${await freePort()}`
  const child = launchNginx({ name: 'upstream', folder: runFolder(), cores, workers: 1, http: upstreamConfiguration(address) })
  await waitUntilAnswers(`http://${address}/`, child)
  return { address, child }
}

function upstreamConfiguration(address: string): string {
  const echo = Object.entries(echoed).map(([name, variable]) => `${name}: ${variable}\n`)
  return `  access_log off;
  server {
    listen ${address} backlog=4096;
    location / {
      if ($http_${echoField.toLowerCase().replaceAll('-', '_')}) {
        return 200 "${echo.join('')}";
      }
      default_type application/json;
      return 200 '${oneKilobyte}';
    }
  }`
}
