// Makes the snapshot's gateway settings out of the `gateway` section.
import { dirname, resolve } from 'node:path'
import type { Fault, Path } from '../../base/fault.ts'
import { isListName } from '../../base/ip.ts'
import type { GatewaySettings, Listener } from '../../model/snapshot.ts'
import type { MainSection } from '../sections/configuration.ts'
import type { GatewaySection } from '../sections/gateway-settings.ts'
import { trustFault } from '../sections/network-schema.ts'
import type { SharedObjects } from './shared-objects.ts'

/** `cores`: what `threads: auto` means. `fileBeside` makes a path of the configuration absolute. */
export function gatewayOf(
  section: GatewaySection,
  cores: number,
  fileBeside: (path: string) => string,
  lists: ReadonlyMap<string, readonly string[]>,
  listen: readonly Listener[],
): GatewaySettings {
  const { limits, timeouts, accessLog, authenticationFailures, cache, zone, dns } = section
  return {
    listen,
    threads: section.threads === 'auto' ? Math.max(1, Math.min(64, cores)) : section.threads,
    trustedProxies: [...new Set(section.trustedProxies.flatMap((written) => (isListName(written) ? (lists.get(written) ?? []) : [written])))].sort(),
    accessLog: typeof accessLog === 'string' ? accessLog : { file: fileBeside(accessLog.file) },
    ...(zone !== undefined && { zone }),
    ...(dns && { dnsServers: dns.servers }),
    limits: {
      headBytes: limits.head,
      targetBytes: limits.target,
      fields: limits.fields,
      bodyBytes: limits.body,
      connections: limits.connections,
      connectionsPerAddress: limits.connectionsPerAddress,
    },
    timeouts: {
      headMs: timeouts.head,
      idleMs: timeouts.idle,
      stallMs: timeouts.stall,
      bodyBytesPerSecond: section.minBodyRate,
      drainMs: timeouts.drain,
    },
    authenticationFailures: { limit: authenticationFailures.limit, windowMs: authenticationFailures.window },
    cache: { octets: cache.memory, keys: cache.entries },
  }
}

/** Lists among the trusted proxies must be there, and hold no network that would trust everyone. */
export function trustFaults({ trustedProxies }: GatewaySection, shared: SharedObjects): Fault[] {
  return trustedProxies.flatMap((written, i): Fault[] => {
    if (!isListName(written)) return []
    const path: Path = ['gateway', 'trustedProxies', i]
    const missing = shared.missing('addressLists', written, path)
    if (missing) return [missing]
    const tooWide = (shared.addressLists.get(written) ?? []).map(trustFault).find((fault) => fault !== undefined)
    return tooWide ? [{ ...tooWide, path }] : []
  })
}

/** What is wrong with settings only when they are seen together. `files`: those of the configuration. */
export function gatewayFaults({ gateway, store }: Pick<MainSection, 'gateway' | 'store'>, mainFile: string, files: readonly string[]): Fault[] {
  const faults: Fault[] = []
  const { limits, accessLog } = gateway
  if (limits.target > limits.head)
    faults.push({ code: 'target-above-head', path: ['gateway', 'limits'], message: "'target' is larger than 'head', which holds it" })
  const beside = (path: string): string => resolve(dirname(mainFile), path)
  const storeFile = store.kind === 'sqlite' ? beside(store.path) : undefined
  if (storeFile !== undefined && files.includes(storeFile))
    faults.push({ code: 'store-clash', path: ['store'], message: 'the store would be written into a file of the configuration' })
  if (typeof accessLog === 'object' && (files.includes(beside(accessLog.file)) || beside(accessLog.file) === storeFile)) {
    faults.push({
      code: 'access-log-clash',
      path: ['gateway', 'accessLog', 'file'],
      message: 'the access log would be written into a file of the configuration or the store',
    })
  }
  return faults
}
