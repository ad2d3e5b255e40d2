// /metrics: open on loopback; on a listener that other machines reach, for who may read the system's state.
import type { IncomingMessage } from 'node:http'
import { reachOf } from '../model/operator.ts'
import { readCookie } from '../people/cookies.ts'
import { StoreUnavailable } from '../ports/store.ts'
import { type Answer, text, withFields } from './answer.ts'
import { common, counted, recordRead } from './handling.ts'
import type { Plane } from './plane.ts'

export async function metrics(request: IncomingMessage, plane: Plane, exposed: boolean): Promise<Answer> {
  const told = async (): Promise<Answer> => text(200, await plane.metrics(), 'text/plain; version=0.0.4; charset=utf-8')
  if (!exposed) return told()
  const address = request.socket.remoteAddress ?? ''
  const budget = await counted(plane, `address:${address}`)
  if ('answer' in budget) return budget.answer
  const { authorization, cookie } = request.headers
  try {
    const operator = await plane.authenticate({ authorization, session: readCookie(cookie, 'session', plane.isSecure), address })
    if (operator === undefined) return withFields(common('unauthorized'), budget.fields)
    // What is measured belongs to no API alone.
    if (reachOf(operator, 'system:read') !== 'all') return withFields(common('forbidden'), budget.fields)
    await recordRead(plane, operator, 'metrics', address)
    return await told()
  } catch (cause) {
    if (cause instanceof StoreUnavailable) return common('unavailable', { 'Retry-After': '1' })
    throw cause
  }
}
