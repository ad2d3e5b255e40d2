// From a head to a decision: which operation it is, whether its spelling is clear, and what the policies say.
import { fieldName } from '../http/field-names.ts'
import { run } from '../pipeline/chain.ts'
import type { Reply, Verdict } from '../pipeline/contract.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import type { ClientConnection } from './client-connection.ts'
import type { Gateway } from './gateway.ts'
import { type LiveApi, LiveRoute } from './live-snapshot.ts'

const ORIGIN = fieldName('origin')
const PREFLIGHT_METHOD = fieldName('access-control-request-method')
const SERVER_OPTIONS: Reply = { kind: 'reply', status: 204, fields: [['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS']] }

export function decide(gateway: Gateway, client: ClientConnection, x: Exchange): Verdict | Promise<Verdict> {
  const { head } = x
  x.fingerprint = gateway.suspects.fingerprint(head)
  if (gateway.suspects.refuses(x.fingerprint, gateway.coarseMs)) return gateway.refusalOf('request.suspected')
  gateway.suspects.hold(x.fingerprint)
  // RFC 9110 9.3.7: `OPTIONS *` asks about the server, and that is the gateway.
  if (head.asterisk) return SERVER_OPTIONS
  const path = x.path
  const api = gateway.live.router.find(() => head.hostName, path)
  if (api === undefined) return gateway.refusalOf('route.unknown')
  x.api = api.settings.name
  if ((head.ambiguities & api.refusedAmbiguities) !== 0) {
    client.keepAlive = false
    return gateway.refusalOf('route.ambiguous-target')
  }
  const below = path.length === api.settings.path.length ? '/' : path.slice(api.settings.path.length)
  const route = findRoute(api, below, x.method)
  if (route !== undefined && !(route instanceof LiveRoute)) return preflight(gateway, client, x, api, below) ?? methodRefused(gateway, route)
  if (route === undefined) return gateway.refusalOf('route.unknown')
  return runChain(client, x, route)
}

function runChain(client: ClientConnection, x: Exchange, route: LiveRoute): Verdict | Promise<Verdict> {
  client.route = route
  x.operation = route.operation
  // The declared length is judged before anything else is spent on the request (OWASP API4:2023).
  if (x.head.contentLength > route.bodyLimit.bytes) return route.refuseBody()
  return run(route.chain, x, route.meter.tally)
}

/** The operation, the methods that are served there, or nothing. */
function findRoute(api: LiveApi, below: string, method: string): LiveRoute | readonly string[] | undefined {
  const { table, anyPath } = api
  if (table.size > 0) {
    const found = table.find(below, method)
    return found >= 0 ? api.route(found) : table.allowed(below)
  }
  if (anyPath === undefined) return undefined
  if (anyPath.methods.has(method) || (method === 'HEAD' && anyPath.methods.has('GET'))) return anyPath.route
  return [...anyPath.methods]
}

/**
 * A CORS preflight asks about another method's operation, so that operation's policies answer it (Fetch 4.8). Whatever does not answer it lets nothing
 * through: an undeclared OPTIONS never reaches the upstream.
 */
function preflight(gateway: Gateway, client: ClientConnection, x: Exchange, api: LiveApi, below: string): Verdict | Promise<Verdict> {
  if (x.method !== 'OPTIONS' || x.head.find(ORIGIN) < 0) return undefined
  const asked = x.head.get(PREFLIGHT_METHOD)
  const route = asked === undefined ? undefined : findRoute(api, below, asked)
  if (!(route instanceof LiveRoute)) return undefined
  const refused = gateway.refusalOf('route.method-not-allowed')
  const verdict = runChain(client, x, route)
  return verdict instanceof Promise ? verdict.then((later) => later ?? refused) : (verdict ?? refused)
}

function methodRefused(gateway: Gateway, allow: readonly string[]): Verdict {
  return { ...gateway.refusalOf('route.method-not-allowed'), fields: [['Allow', allow.join(', ')]] }
}
