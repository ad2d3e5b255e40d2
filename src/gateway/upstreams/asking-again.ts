// Which requests may be sent a second time although the first may have arrived.
import type { Exchange } from '../../pipeline/exchange.ts'
import type { UpstreamConnection } from './upstream-connection.ts'

/** RFC 9110 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** RFC 9112 9.3.1: when a kept connection closed without a word, and only what may be done twice. */
export const mayAskAgain = (connection: UpstreamConnection, x: Exchange): boolean =>
  connection.served > 0 && !x.head.hasBody && IDEMPOTENT.has(x.upstreamMethod ?? x.method) && IDEMPOTENT.has(x.method)
