// When the revocation lists for client certificates are to be replaced, for the metrics.
import type { ClientTrust, GatewaySettings } from '../model/snapshot.ts'

interface RevocationReport {
  readonly listener: string
  readonly nextMs: number
}

export function revocationReports({ listen, forwardedCertificates }: GatewaySettings): RevocationReport[] {
  const of = (listener: string, trust: ClientTrust | undefined): RevocationReport[] => {
    const lists = trust?.revocation?.lists ?? []
    return lists.length === 0 ? [] : [{ listener, nextMs: Math.min(...lists.map(({ nextMs }) => nextMs)) }]
  }
  return [
    ...listen.flatMap(({ host, port, tls }) => of(`https://${host.includes(':') ? `[${host}]` : host}:${port}`, tls?.clients)),
    ...of('forwarded', forwardedCertificates),
  ]
}
