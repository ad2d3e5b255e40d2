// Devices: browsers that an account has signed in with, told by a cookie that only we can write.
import type { Moment } from './means.ts'
import type { Person } from './person.ts'
import { sameText, tag } from './secret-text.ts'

export const DEVICE_LIFE_MS = 90 * 86_400_000
const FORM = /^([A-Za-z0-9_-]{16})\.(\d{10,16})\.([A-Za-z0-9_-]{43})$/

/** A device cookie's value: it grants nothing but a count of its own for wrong guesses. Void after 90 days, or with the person's next epoch. */
export function issueDevice(key: Uint8Array, at: Moment, person: Pick<Person, 'id' | 'epoch'>): string {
  const id = Buffer.from(at.random(12)).toString('base64url')
  return `${id}.${at.nowMs}.${tag(key, 'device', person.id, person.epoch, id, at.nowMs)}`
}

/** The device's id, when the cookie was written for this person and still counts. */
export function readDevice(key: Uint8Array, nowMs: number, person: Pick<Person, 'id' | 'epoch'>, value: string | undefined): string | undefined {
  const [, id, issuedText, written] = FORM.exec(value ?? '') ?? []
  if (id === undefined || written === undefined) return undefined
  const issuedMs = Number(issuedText)
  return sameText(written, tag(key, 'device', person.id, person.epoch, id, issuedMs)) && nowMs - issuedMs < DEVICE_LIFE_MS ? id : undefined
}
