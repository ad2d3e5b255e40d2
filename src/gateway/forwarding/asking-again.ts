// Which requests may be sent a second time although the first may have arrived.
import { isIdempotent } from '../../http/methods.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import type { UpstreamConnection } from '../upstreams/upstream-connection.ts'

const NONE: readonly string[] = []

/** Without asking whoever sent it, only what has the same effect twice, as it came and as it goes on; or what the operator says may happen twice: `methods`. */
export const mayHappenTwice = ({ method, upstreamMethod }: Exchange, methods: readonly string[] = NONE): boolean =>
  mayRepeat(method, methods) && (upstreamMethod === undefined || mayRepeat(upstreamMethod, methods))
const mayRepeat = (method: string, methods: readonly string[]): boolean => isIdempotent(method) || methods.includes(method)

/** RFC 9112 9.3.1: when a kept connection closed without a word. */
export const mayAskAgain = (connection: UpstreamConnection, x: Exchange): boolean => connection.served > 0 && !x.head.hasBody && mayHappenTwice(x)
