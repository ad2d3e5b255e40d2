// /metrics: open on loopback; on a listener that other machines reach, for who may read the system's state.
import type { IncomingMessage } from 'node:http'
import { reachOf } from '../model/operator.ts'
import { StoreUnavailable } from '../ports/store.ts'
import { type Answer, text, withFields } from './answer.ts'
import { arrive, common } from './arrival.ts'
import { recordRead } from './handling.ts'
import type { Plane } from './plane.ts'

export async function metrics(request: IncomingMessage, plane: Plane, exposed: boolean): Promise<Answer> {
  const told = async (): Promise<Answer> => text(200, await plane.metrics(), 'text/plain; version=0.0.4; charset=utf-8')
  if (!exposed) return told()
  try {
    const arrival = await arrive(plane, request)
    if ('answer' in arrival) return arrival.answer
    const { operator, shown, address, fields } = arrival
    const by = { operator, address, shown, operation: 'metrics' }
    if (operator === undefined) {
      if (shown !== undefined) await plane.refusals.told(plane, 'unauthorized', by)
      return withFields(common('unauthorized'), fields)
    }
    // What is measured belongs to no API alone.
    if (reachOf(operator, 'system:read') !== 'all') {
      await plane.refusals.told(plane, 'forbidden', by)
      return withFields(common('forbidden'), fields)
    }
    await recordRead(plane, operator, 'metrics', address)
    return await told()
  } catch (cause) {
    if (cause instanceof StoreUnavailable) return common('unavailable', { 'Retry-After': '1' })
    throw cause
  }
}
