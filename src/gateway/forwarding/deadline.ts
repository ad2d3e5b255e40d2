// When nobody waits for an answer any more, and how an upstream is told.
import { type FieldName, fieldName } from '../../http/field-names.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import type { LiveRoute } from '../live/live-snapshot.ts'

const NEVER = Number.POSITIVE_INFINITY
const GRPC_TIMEOUT = fieldName('grpc-timeout')
/** gRPC over HTTP2: at most eight digits and a unit. */
const FORM = /^(\d{1,8})([HMSmun])$/
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }
const DIGITS_MAX = 99_999_999

/** Milliseconds since the epoch; what a gRPC client says of itself may only be earlier. What clients say in the upstream's own field is dropped. */
export function endOf(x: Exchange, { api, totalMs }: LiveRoute, speaksGrpc: boolean, nowMs: number): number {
  if (api.deadlineField !== undefined) x.dropFromRequest(api.deadlineField)
  if (!speaksGrpc) return nowMs + totalMs
  const parts = FORM.exec(x.head.get(GRPC_TIMEOUT) ?? '')
  const ownMs = parts === null ? NEVER : Number(parts[1]) * UNIT_MS[parts[2]!]!
  if (ownMs < NEVER || totalMs < NEVER) x.dropFromRequest(GRPC_TIMEOUT)
  return nowMs + Math.min(ownMs, totalMs)
}

/** Field lines for the upstream; '' where there is nothing to tell. */
export function deadlineLines(field: FieldName | undefined, speaksGrpc: boolean, endsMs: number, nowMs: number): string {
  if (endsMs === NEVER || (field === undefined && !speaksGrpc)) return ''
  const leftMs = Math.max(1, Math.ceil(endsMs - nowMs))
  const own = field === undefined ? '' : `${field.text}: ${leftMs}\r\n`
  if (!speaksGrpc) return own
  return `${own}grpc-timeout: ${leftMs <= DIGITS_MAX ? `${leftMs}m` : `${Math.min(DIGITS_MAX, Math.ceil(leftMs / 1000))}S`}\r\n`
}
