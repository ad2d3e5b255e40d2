// What is wrong with listeners and upstreams only when they are seen together.
import type { Fault, Path } from '../../base/fault.ts'
import { parseIp } from '../../base/ip.ts'
import { certainAddress, isLoopback, isUnspecified, meanings } from '../../base/network-range.ts'
import type { MainSection } from '../sections/configuration.ts'
import type { ListenerSection } from '../sections/listener.ts'

/** Clashes among the listeners, and a control listener that more than this machine can reach. */
export function listenerFaults({ gateway, control }: MainSection): Fault[] {
  const faults: Fault[] = []
  for (const [i, listener] of gateway.listen.entries()) {
    const path: Path = ['gateway', 'listen', i]
    const earlier = gateway.listen.slice(0, i).find((other) => overlap(listener, other))
    if (earlier) faults.push({ code: 'listener-clash', path, message: `${name(listener)} is taken by another listener of the gateway, ${name(earlier)}` })
    if (overlap(listener, control.listen))
      faults.push({ code: 'listener-clash', path, message: `${name(listener)} is taken by the control listener, ${name(control.listen)}` })
  }
  for (const [i, { https, proxyProtocol }] of gateway.listen.entries()) {
    if (proxyProtocol && gateway.trustedProxies.length === 0)
      faults.push({
        code: 'proxies-unnamed',
        path: ['gateway', 'listen', i, 'proxyProtocol'],
        message: "nobody could connect: the proxies that speak the PROXY protocol here must stand in 'gateway.trustedProxies'",
      })
    if (https === 'redirect' && !gateway.listen.some(({ scheme, port }) => scheme === 'https' && port !== 0))
      faults.push({
        code: 'redirect-nowhere',
        path: ['gateway', 'listen', i, 'https'],
        message: 'there is no https:// listener that requests could be sent to',
      })
  }
  const address = parseIp(control.listen.host)!
  if (!isLoopback(address) && !control.exposed) {
    faults.push({
      code: 'control-exposed',
      path: ['control', 'listen'],
      message: `the control listener at ${name(control.listen)} can be reached from other machines: listen on 127.0.0.1, or add exposed: true if that is meant`,
    })
  }
  if (!isLoopback(address) && control.exposed && control.origin === undefined && control.listen.scheme === 'http') {
    faults.push({
      code: 'exposed-in-clear',
      path: ['control', 'exposed'],
      message: `other machines would send passwords and tokens to ${name(control.listen)} in clear: give it certificates, listen: { address: https://..., tls: { certificates: [...] } }; or say where they come by TLS, origin: https://gatehouse.example.org, or origin: http://localhost:${control.listen.port} when they come through a tunnel or a container's port`,
    })
  }
  if (control.listen.scheme === 'https' && control.origin?.startsWith('http:')) {
    faults.push({
      code: 'contradiction',
      path: ['control', 'origin'],
      message: `people cannot reach ${name(control.listen)} at ${control.origin}: it speaks TLS alone`,
    })
  }
  if (isLoopback(address) && control.exposed) {
    faults.push({
      code: 'exposed-loopback',
      path: ['control', 'exposed'],
      message: `'exposed' is true, but ${name(control.listen)} is reached from this machine alone: leave it out`,
    })
  }
  return faults
}

/** Those that this Gatehouse listens on, as far as they are known before it does. */
export const portsOf = ({ gateway, control }: MainSection): number[] =>
  [...new Set([control.listen, ...gateway.listen].map(({ port }) => port))].filter((port) => port !== 0).sort((a, b) => a - b)

const name = ({ scheme, host, port }: ListenerSection): string => `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`

/** Port 0 is another port each time. A wildcard takes every address; '::' takes those of IPv4 too. */
function overlap(a: ListenerSection, b: ListenerSection): boolean {
  if (a.port !== b.port || a.port === 0) return false
  return a.host === b.host || isUnspecified(parseIp(a.host)!) || isUnspecified(parseIp(b.host)!)
}

/** Why an upstream leads back into this Gatehouse: to its control listener, which trusts who reaches it, or to the gateway, in a circle. */
export function selfFault(
  upstream: { host: string; port: number },
  { gateway, control }: MainSection,
  ownAddresses: readonly string[],
): { code: string; message: string } | undefined {
  if (reaches(upstream, control.listen, ownAddresses)) {
    return {
      code: 'upstream-is-control',
      message: `this upstream is the control listener of this Gatehouse (${name(control.listen)}): the API would open it to everyone`,
    }
  }
  const listener = gateway.listen.find((each) => reaches(upstream, each, ownAddresses))
  return listener && { code: 'upstream-is-gateway', message: `this upstream is the gateway itself (${name(listener)}): requests would go round in circles` }
}

function reaches(upstream: { host: string; port: number }, listener: ListenerSection, ownAddresses: readonly string[]): boolean {
  if (upstream.port !== listener.port || listener.port === 0) return false
  const target = certainAddress(upstream.host)
  if (!target) return false
  const listening = parseIp(listener.host)!
  return meanings(target).some((address) => {
    const text = address.join('.')
    if (text === listening.join('.')) return true
    const isOwn = isLoopback(address) || ownAddresses.some((own) => parseIp(own)?.join('.') === text)
    // localhost is ::1 as well as 127.0.0.1.
    return isOwn && (isUnspecified(listening) || (isLoopback(listening) && parseIp(upstream.host) === undefined))
  })
}
