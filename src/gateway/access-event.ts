// The access event of a thread before anything is known: one object, filled anew for each exchange.
import type { AccessEvent } from '../telemetry/access-line.ts'
import { callerAddress } from './callers/caller-address.ts'

export const NO_PLACES: readonly [] = []
export const NO_MEMBERS = Buffer.alloc(0)
const NOBODY = callerAddress(new Uint8Array(4))

export const emptyEvent = (): AccessEvent => ({
  timeUs: 0,
  id: NO_MEMBERS,
  address: NOBODY,
  head: undefined,
  route: NO_MEMBERS,
  asked: '',
  principal: undefined,
  places: NO_PLACES,
  status: 0,
  code: '',
  bytesIn: 0,
  bytesOut: 0,
  durationUs: 0,
})
