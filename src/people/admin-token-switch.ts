// The admin token's switch: off once people can do without it, and on by itself when nobody is left who could switch it on.
import { collection, type Reading, type Writing } from '../ports/store.ts'
import { isOwnerLeft } from './ways-in.ts'

const SWITCH = collection<{ readonly isOff: boolean; readonly atMs: number }>('admin-token-switch')
const ONLY = 'admin-token'

/** Whether the admin token counts now. Switched off, it counts again while no owner can sign in: somebody has to be able to let one in. */
export async function isAdminTokenOn(reading: Reading): Promise<boolean> {
  return !(await isAdminTokenOff(reading)) || !(await isOwnerLeft(reading, {}, true))
}
/** Whether somebody switched it off, owners or not. */
export const isAdminTokenOff = async (reading: Reading): Promise<boolean> => (await reading.get(SWITCH, ONLY))?.isOff === true

/** When somebody switched it last, if ever. Links that it issued before count no more: it may have been switched off because it leaked. */
export const switchedAtMs = async (reading: Reading): Promise<number | undefined> => (await reading.get(SWITCH, ONLY))?.atMs

export function switchAdminToken(writing: Writing, nowMs: number, isOn: boolean): void {
  writing.put(SWITCH, ONLY, { isOff: !isOn, atMs: nowMs })
}
