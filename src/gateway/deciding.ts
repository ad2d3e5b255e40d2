// From a head to a decision: which operation it is, whether its spelling is clear, and what the policies say.
import { fieldName } from '../http/field-names.ts'
import { ALL_METHODS } from '../http/methods.ts'
import { run, type Standing } from '../pipeline/chain.ts'
import type { Refusal, Reply, Verdict } from '../pipeline/contract.ts'
import { type Exchange, NO_LINE } from '../pipeline/exchange.ts'
import { isJudged, judgeClient } from './callers/client-certificates.ts'
import type { ClientConnection } from './clients/client-connection.ts'
import type { GatewayCode } from './denials.ts'
import type { Gateway } from './gateway.ts'
import { runWithCanary } from './live/canary.ts'
import { type LiveApi, LiveRoute } from './live/live-snapshot.ts'
import { VersionFront, type VersionRefusal } from './live/version-front.ts'

const ORIGIN = fieldName('origin')
const PREFLIGHT_METHOD = fieldName('access-control-request-method')
const SERVER_OPTIONS: Reply = { kind: 'reply', status: 204, fields: [['Allow', ALL_METHODS]] }

export function decide(gateway: Gateway, client: ClientConnection, x: Exchange): Verdict | Promise<Verdict> {
  const { head } = x
  x.fingerprint = gateway.suspects.fingerprint(head)
  if (gateway.suspects.refuses(x.fingerprint, gateway.coarseMs)) return gateway.refusalOf('request.suspected')
  gateway.suspects.hold(x.fingerprint)
  // Before what is not served in clear: this is served in clear alone (RFC 8555 8.3).
  const challenge = client.origin.entrance.scheme === 'http' ? gateway.challenges.reply(x) : undefined
  if (challenge !== undefined) return challenge
  const inClear = client.origin.entrance.inClear && gateway.refuseInClear(client, x, client.origin.entrance.inClear)
  if (inClear !== undefined) {
    client.keepAlive = false
    return inClear
  }
  if (isJudged(gateway, client)) {
    const code = judgeClient(gateway, client, x, x.nowUs / 1000)
    const waiting = gateway.statuses?.takeWaiting()
    if (waiting !== undefined) return waiting.then(() => decideFor(gateway, client, x, judgeClient(gateway, client, x, gateway.nowUs() / 1000)))
    if (code !== undefined) return decideFor(gateway, client, x, code)
  }
  return decideOn(gateway, client, x)
}

/** By what the connection says of the client. */
function decideFor(gateway: Gateway, client: ClientConnection, x: Exchange, code: GatewayCode | undefined): Verdict | Promise<Verdict> {
  if (code === undefined) return decideOn(gateway, client, x)
  // Another name, or another certificate, takes another handshake.
  client.keepAlive = false
  return gateway.refusalOf(code)
}

function decideOn(gateway: Gateway, client: ClientConnection, x: Exchange): Verdict | Promise<Verdict> {
  const { head } = x
  // RFC 9110 9.3.7: `OPTIONS *` asks about the server, and that is the gateway.
  if (head.asterisk) return SERVER_OPTIONS
  const path = x.path
  const place = gateway.live.router.find(() => head.hostName, path)
  if (place === undefined) return wellKnown(gateway, x) ?? gateway.refusalOf('route.unknown')
  let api = place
  if (api instanceof VersionFront) {
    x.api = api.name
    const chosen = api.choose(x)
    if (typeof chosen === 'string') return versionRefused(gateway, client, x, api, chosen)
    api = chosen
  }
  enter(gateway, client, x, api)
  if ((head.ambiguities & api.refusedAmbiguities) !== 0) {
    client.keepAlive = false
    return gateway.refusalOf('route.ambiguous-target')
  }
  const route = api.find(api.below(x.path), x.method)
  if (route !== undefined && !(route instanceof LiveRoute))
    return preflight(gateway, client, x, api, gateway.refusalOf('route.method-not-allowed')) ?? methodRefused(gateway, route)
  if (route === undefined) return wellKnown(gateway, x) ?? gateway.refusalOf('route.unknown')
  return runChain(gateway, client, x, route)
}

/** From here on every answer tells what the API always tells. */
function enter(gateway: Gateway, client: ClientConnection, x: Exchange, api: LiveApi): void {
  x.api = api.settings.name
  x.scheme = gateway.schemeOf(client, x)
  tell(gateway, client, x, api.commonChain.standing, api.standingLines)
}
function tell(gateway: Gateway, client: ClientConnection, x: Exchange, { replaces, defaults, transportSecurity }: Standing, lines: string): void {
  x.clientFields = lines
  x.droppedFromResponse = replaces
  x.defaultFields = defaults
  const { scheme, transportSecurityLine } = client.origin.entrance
  if (transportSecurity === undefined || (transportSecurity.yields && scheme === 'https')) x.transportSecurityLine = transportSecurityLine
  else x.transportSecurityLine = gateway.cameByHttps(client, x) ? transportSecurity.line : NO_LINE
}

/** A browser cannot put a version into the fields of its preflight: any version's policies may answer it, and nothing else of it comes of that. */
function versionRefused(gateway: Gateway, client: ClientConnection, x: Exchange, front: VersionFront, code: VersionRefusal): Verdict | Promise<Verdict> {
  const refused = gateway.refusalOf(code)
  const api = code === 'version.missing' ? front.forPreflight() : undefined
  if (api === undefined || x.method !== 'OPTIONS' || x.head.find(ORIGIN) < 0) return refused
  enter(gateway, client, x, api)
  return preflight(gateway, client, x, api, refused) ?? refused
}

/** Asked only where no API has the path: a document of the gateway's never stands in front of an API's own. */
function wellKnown(gateway: Gateway, x: Exchange): Verdict {
  const document = gateway.live.documents.get(x.path)
  if (document === undefined || x.head.ambiguities !== 0) return undefined
  x.clientFields = ''
  x.defaultFields = []
  return x.method === 'GET' || x.method === 'HEAD' ? document : methodRefused(gateway, ['GET', 'HEAD'])
}

function runChain(gateway: Gateway, client: ClientConnection, x: Exchange, route: LiveRoute): Verdict | Promise<Verdict> {
  client.route = route
  x.operation = route.operation
  const { chain, api } = route
  if (chain !== api.commonChain) tell(gateway, client, x, chain.standing, api.vary + chain.standing.lines)
  // The declared length is judged before anything else is spent on the request (OWASP API4:2023).
  if (x.head.contentLength > route.bodyLimit.bytes) return route.refuseBody()
  return route.api.canary === undefined ? run(route.chain, x, route.meter.tally) : runWithCanary(gateway, client, x, route)
}

/**
 * A CORS preflight asks about another method's operation, so that operation's policies answer it (Fetch 4.8). Whatever does not answer it lets nothing
 * through: an undeclared OPTIONS never reaches the upstream.
 */
function preflight(gateway: Gateway, client: ClientConnection, x: Exchange, api: LiveApi, refused: Refusal): Verdict | Promise<Verdict> {
  if (x.method !== 'OPTIONS' || x.head.find(ORIGIN) < 0) return undefined
  const asked = x.head.get(PREFLIGHT_METHOD)
  const route = asked === undefined ? undefined : api.find(api.below(x.path), asked)
  if (!(route instanceof LiveRoute)) return undefined
  const verdict = runChain(gateway, client, x, route)
  return verdict instanceof Promise ? verdict.then((later) => later ?? refused) : (verdict ?? refused)
}

function methodRefused(gateway: Gateway, allow: readonly string[]): Verdict {
  return { ...gateway.refusalOf('route.method-not-allowed'), fields: [['Allow', allow.join(', ')]] }
}
