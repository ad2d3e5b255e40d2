// The proxies that are compared, in the order of the table's rows.

import type { ProxyServer } from '../proxy-server.ts'
import { caddy } from './caddy.ts'
import { gatehouse } from './gatehouse.ts'
import { haproxy } from './haproxy.ts'
import { nginx } from './nginx.ts'
import { nodeHttp } from './node-http.ts'

/** nginx first: the ratios of all others refer to it. */
export function allProxies(launcher: string): ProxyServer[] {
  return [nginx, gatehouse(launcher), haproxy, caddy, nodeHttp]
}
