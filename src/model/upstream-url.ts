// An upstream as people write it.
import type { Upstream } from './snapshot.ts'

/** `https://shop.internal:8443/base`, with its port always. */
export const upstreamUrl = ({ host, port, basePath, tls }: Pick<Upstream, 'host' | 'port' | 'basePath' | 'tls'>): string =>
  `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}${basePath}`
