// What of a configuration is read only at the start.
import type { Configuration } from '../catalog/resolving/resolve.ts'
import type { Listener } from '../model/snapshot.ts'

/** The names of the keys that differ and cannot change while Gatehouse runs. */
export function needsRestart(started: Configuration, now: Configuration): string[] {
  const parts: [name: string, before: unknown, after: unknown][] = [
    ['gateway.listen', addresses(started), addresses(now)],
    ['gateway.threads', started.snapshot.gateway.threads, now.snapshot.gateway.threads],
    ['gateway.accessLog', started.snapshot.gateway.accessLog, now.snapshot.gateway.accessLog],
    ['control', control(started), control(now)],
    ['store', started.store, now.store],
    ['envelope', started.envelope, now.envelope],
  ]
  return parts.filter(([, before, after]) => JSON.stringify(before) !== JSON.stringify(after)).map(([name]) => name)
}

/** Certificates, versions of TLS and who is believed change while Gatehouse runs; whether TLS is spoken, names are proved in it, and clients asked for certificates, does not. */
const place = ({ host, port, tls, http2, proxyProtocol }: Listener): unknown => {
  return { host, port, http2, proxyProtocol, tls: tls !== undefined, proves: tls?.provesNames, clients: tls?.clients !== undefined }
}
const addresses = ({ snapshot }: Configuration): unknown => snapshot.gateway.listen.map(place)
const control = ({ control: { listen, ...rest } }: Configuration): unknown => ({ ...rest, listen: place(listen) })
