// The canary: sends some requests of one version to another, through all that protects either.
import { runPart } from '../../pipeline/chain.ts'
import type { Verdict } from '../../pipeline/contract.ts'
import type { Exchange, Remembered } from '../../pipeline/exchange.ts'
import type { ClientConnection } from '../clients/client-connection.ts'
import type { Gateway } from '../gateway.ts'
import { LiveRoute } from './live-snapshot.ts'

/**
 * Runs the route's chain up to where the caller is known, asks whether the request goes elsewhere, and goes on here or there. There it begins anew, with the
 * target's own admit and identify policies and everything after them; only what it has been through already, the very same attachment, is not run twice: it
 * would count twice.
 */
export function runWithCanary(gateway: Gateway, client: ClientConnection, x: Exchange, route: LiveRoute): Verdict | Promise<Verdict> {
  const { chain, meter } = route
  const admitted = runPart(chain, x, meter.tally, 0, chain.admitEnd)
  return then(admitted, () => {
    const before = x.remember()
    const identified = runPart(chain, x, meter.tally, chain.admitEnd, chain.identifyEnd)
    return then(identified, () => {
      const target = route.api.canary!.takes(x) ? targetOf(gateway, x, route) : undefined
      return target === undefined ? runPart(chain, x, meter.tally, chain.identifyEnd, chain.run.parts.length) : move(gateway, client, x, route, target, before)
    })
  })
}

/** The operation of the same path in the target. One that it does not have stays where it is. */
function targetOf(gateway: Gateway, x: Exchange, route: LiveRoute): LiveRoute | undefined {
  const api = gateway.live.apis.get(route.api.canary!.to)
  if (api === undefined || (x.head.ambiguities & api.refusedAmbiguities) !== 0) return undefined
  const found = api.find(route.api.below(x.path), x.method)
  return found instanceof LiveRoute ? found : undefined
}

function move(gateway: Gateway, client: ClientConnection, x: Exchange, from: LiveRoute, target: LiveRoute, before: Remembered): Verdict | Promise<Verdict> {
  x.restore(before)
  const [asked, api] = [from.api.settings, target.api.settings]
  x.asked = asked.name
  x.api = api.name
  x.operation = target.operation
  client.route = target
  if (api.path !== asked.path) x.respellPath(`${api.path}${x.path.slice(asked.path.length)}`)
  if (asked.version?.name !== api.version?.name) gateway.live.fronts.get(asked.version!.of)?.tell(x, target.api)
  // What an admit policy of the target limits holds for what is moved there.
  if (x.head.contentLength > target.bodyLimit.bytes) return target.refuseBody()
  return enter(x, from, target, 0)
}

function enter(x: Exchange, from: LiveRoute, target: LiveRoute, index: number): Verdict | Promise<Verdict> {
  const { chain } = target
  const { tally } = target.meter
  for (let i = index; i < chain.admitEnd; i++) {
    if (hasRun(from, target, i)) continue
    const verdict = runPart(chain, x, tally, i, i + 1)
    if (verdict instanceof Promise) return verdict.then((later) => later ?? enter(x, from, target, i + 1))
    if (verdict !== undefined) return verdict
  }
  return runPart(chain, x, tally, chain.admitEnd, chain.run.parts.length)
}

/** The scope names an attachment: the same in both chains is the same policy with the same configuration and the same counters. */
function hasRun(from: LiveRoute, target: LiveRoute, index: number): boolean {
  const part = target.chain.run.parts[index]!
  if (!('hook' in part)) return false
  const { parts } = from.chain.run
  for (let i = 0; i < from.chain.admitEnd; i++) {
    const other = parts[i]!
    if ('hook' in other && other.step.scope === part.step.scope) return true
  }
  return false
}

/** Goes on when nothing was said, at once when that is known at once. */
function then(verdict: Verdict | Promise<Verdict>, next: () => Verdict | Promise<Verdict>): Verdict | Promise<Verdict> {
  if (verdict instanceof Promise) return verdict.then((later) => later ?? next())
  return verdict ?? next()
}
