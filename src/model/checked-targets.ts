// What active checks are to ask, read off a snapshot; and the name by which a gateway thread finds what was found.
import type { ActiveHealth } from './resilience.ts'
import type { Snapshot, Target, Upstream } from './snapshot.ts'
import { targetUrl } from './upstream-url.ts'

export interface CheckedAddress {
  readonly key: string
  readonly upstream: Upstream
  readonly target: Target
  readonly settings: ActiveHealth
}

/** All that a check of this target depends on. `name`: the target's. */
export const checkKey = ({ resilience, tls, http2, basePath, reach }: Upstream, name: string): string =>
  JSON.stringify([name, resilience?.health?.active, tls, http2, basePath, reach])

/** Every target that is to be asked, once. Those that SRV records name are not: they come and go with each thread's answers. */
export function checkedTargets({ apis }: Snapshot): readonly CheckedAddress[] {
  const found = new Map<string, CheckedAddress>()
  for (const { upstream } of apis) {
    const settings = upstream.resilience?.health?.active
    if (settings === undefined) continue
    const targets: readonly Target[] = upstream.targets ?? [{ host: upstream.host, port: upstream.port, weight: 1 }]
    for (const target of targets) {
      if (target.srv !== undefined) continue
      const key = checkKey(upstream, targetUrl(target, upstream.tls))
      found.set(key, { key, upstream, target, settings })
    }
  }
  return [...found.values()]
}
