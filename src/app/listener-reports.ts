// What the metrics page says of listeners: until when what they show is valid.
import type { Listener } from '../model/snapshot.ts'
import type { ProcessMeasures } from '../telemetry/measures.ts'

/** What stands in for a certificate that is not there yet is none. */
export const listenerCertificates = (listeners: readonly Listener[]): ProcessMeasures['certificates'] =>
  listeners.flatMap(({ host, port, tls }) =>
    (tls?.certificates ?? [])
      .filter(({ isTemporary }) => !isTemporary)
      .map(({ names, algorithm, expiresMs }) => ({ listener: urlOf(host, port, 'https'), name: names[0]!, algorithm, expiresMs })),
  )

export const urlOf = (host: string, port: number, scheme = 'http'): string => `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
