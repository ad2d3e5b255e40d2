// An upstream as people write it.
import type { Upstream } from './snapshot.ts'

/** `https://shop.internal:8443/base`, with its port always; `srv+https://_shop._tcp.internal/base`, where SRV records say it. */
export const upstreamUrl = ({ host, port, basePath, tls }: Pick<Upstream, 'host' | 'port' | 'basePath' | 'tls'>): string =>
  port === 0
    ? `srv+${tls ? 'https' : 'http'}://${host}${basePath}`
    : `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}${basePath}`

/** A target as operators name it: its address, without the path that all targets of an upstream have. */
export const targetUrl = (target: { readonly host: string; readonly port: number }, tls: Upstream['tls']): string =>
  upstreamUrl({ ...target, basePath: '', ...(tls && { tls }) })
