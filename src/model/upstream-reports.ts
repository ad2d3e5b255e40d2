// What operators are told of upstreams under TLS wherever Gatehouse reports: those that nobody verifies, and when what is shown to them expires.
import type { Snapshot } from './snapshot.ts'
import { upstreamUrl } from './upstream-url.ts'

interface UpstreamReport {
  readonly api: string
  readonly upstream: string
}

/** Every API, version and canary with an upstream that is not verified. */
export const insecureUpstreams = ({ apis, upstreamTrust = {} }: Snapshot): UpstreamReport[] =>
  apis.flatMap(({ name, upstream }) => (upstream.tls && upstreamTrust[upstream.tls.trust]?.insecure ? [{ api: name, upstream: upstreamUrl(upstream) }] : []))

/** Every certificate that is shown, by API, version and canary. */
export const upstreamCertificates = ({ apis, upstreamTrust = {} }: Snapshot): (UpstreamReport & { readonly expiresMs: number })[] =>
  apis.flatMap(({ name, upstream }) => {
    const shown = upstream.tls && upstreamTrust[upstream.tls.trust]?.certificate
    return shown ? [{ api: name, upstream: upstreamUrl(upstream), expiresMs: shown.expiresMs }] : []
  })
