// What a restore must not bring back: whatever was revoked, replaced or erased between the back-up and now, as the store knows it that the back-up takes the place of.
import { keepCertificatesEnded } from '../authority/after-restore.ts'
import { keepKeysEnded } from '../directory/keys-after-restore.ts'
import { endWhatWasIssued, type KeptEnded, keepPeopleEnded, openTokens } from '../people/people-after-restore.ts'
import type { Reading, Store } from '../ports/store.ts'
import { readKeyState } from '../secrets/key-records.ts'
import { eraseAgain } from '../trail/erase-again.ts'
import { readHead } from '../trail/records.ts'
import type { Trail } from '../trail/trail.ts'

/** How many of each kind ended, or were erased, once more. */
export interface StillEnded extends KeptEnded {
  readonly keys: number
  readonly certificates: number
  readonly fields: number
}

/** Undefined when the replaced store tells nothing of this Gatehouse: nobody knows then what was revoked since. Sessions and links end in any case. */
export async function keepEnded(restored: Store, trail: Trail, replaced: Store | undefined, nowMs: number): Promise<StillEnded | undefined> {
  await endWhatWasIssued(restored)
  const before = replaced && (await replaced.read(identity))
  const here = await restored.read(identity)
  if (replaced === undefined || before?.origin === undefined || before.origin !== here.origin) return undefined
  // First: its proof that both trails are one ends where the next entry is added.
  const fields = await eraseAgain(restored, trail, replaced, nowMs)
  const keys = await keepKeysEnded(restored, replaced, nowMs)
  const certificates = await keepCertificatesEnded(restored, replaced, nowMs)
  return { keys, certificates, fields, ...(await keepPeopleEnded(restored, replaced, nowMs, before.keyId === here.keyId)) }
}

async function identity(reading: Reading): Promise<{ readonly origin: string | undefined; readonly keyId: string | undefined }> {
  return { origin: (await readHead(reading))?.origin, keyId: (await readKeyState(reading)).check?.keyId }
}

const TOKENS_TOLD = 50

/** For the operator, when nobody but them can know: up to when the back-up goes, and what opens again. */
export async function openAgain(restored: Store, nowMs: number): Promise<readonly string[]> {
  return restored.read(async (reading) => {
    const head = await readHead(reading)
    const tokens = await openTokens(reading, nowMs, TOKENS_TOLD + 1)
    const since = head === undefined ? 'it was made' : new Date(head.timeMs).toISOString()
    return [
      `what was revoked, replaced or erased after ${since} counts again: nothing here tells what that was`,
      '  keys: look for key.revoke, key.rotate, key.leaked, key.expire and consumer.remove in an export of the trail from after that time; revoke those keys',
      '  certificates: look for certificate.revoke and ca.remove there too; revoke those certificates again, and remove those authorities',
      '  people: look for person., password., totp., passkey. and role.; suspend whom you are not sure of, and have them come by a recovery link',
      ...(tokens.length === 0 ? [] : ['  machine tokens that count: revoke those that you do not know to be good']),
      ...tokens.slice(0, TOKENS_TOLD).map(({ id, name }) => `    ${id}  ${name}`),
      ...(tokens.length > TOKENS_TOLD ? ['    and more: GET /api/v1/tokens'] : []),
    ]
  })
}
