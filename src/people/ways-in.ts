// Ways in: whether somebody could sign in at all, and whether an owner is left who can.
import { everyEntry, type Reading, SCAN_LIMIT_MAX } from '../ports/store.ts'
import { PASSWORDS, passkeysOf } from './factors.ts'
import { PEOPLE } from './person.ts'
import { PROVIDERS, SSO_OF_PERSON } from './sso-records.ts'

/** What is not counted, as if it were gone already. */
export interface Without {
  readonly person?: string
  readonly provider?: string
  readonly passkeys?: true
}

/** Whether this person has something to begin a sign-in with. An authenticator app is none: its codes are asked for after something else. */
export async function hasWayIn(reading: Reading, personId: string, { provider, passkeys }: Without = {}): Promise<boolean> {
  const password = await reading.get(PASSWORDS, personId)
  if (password && !password.isBurnt) return true
  if (!passkeys && (await passkeysOf(reading, personId)).length > 0) return true
  for (const { value: bound } of await reading.scan(SSO_OF_PERSON, { prefix: `${personId}/`, limit: SCAN_LIMIT_MAX })) {
    const known = bound.provider === provider ? undefined : await reading.get(PROVIDERS, bound.provider)
    // With another issuer the same name is somebody else's word.
    if (known?.issuer === bound.issuer) return true
  }
  return false
}

/**
 * Whether an owner is active who can sign in. `evenBurnt` counts a password that too many wrong codes have burnt: whoever burns it must not bring back what counts only
 * while no owner is left.
 */
export async function isOwnerLeft(reading: Reading, without: Without = {}, evenBurnt = false): Promise<boolean> {
  for await (const { value } of everyEntry(reading, PEOPLE)) {
    if (value.id === without.person || value.state !== 'active' || !value.roles.includes('owner')) continue
    if (await hasWayIn(reading, value.id, without)) return true
    if (evenBurnt && (await reading.get(PASSWORDS, value.id))?.isBurnt) return true
  }
  return false
}

/** Whether the last owner who can sign in would be gone with this. Where none is left already, nothing is lost. */
export const losesLastOwner = async (reading: Reading, without: Without): Promise<boolean> =>
  (await isOwnerLeft(reading)) && !(await isOwnerLeft(reading, without))
