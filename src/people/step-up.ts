// Proving once more who one is, before something dangerous: with a code where there is an app, else with the password; or with a passkey.
import type { Writing } from '../ports/store.ts'
import { codeCounts } from './back-off.ts'
import { factorsOf, PASSWORDS } from './factors.ts'
import { type Means, momentOf } from './means.ts'
import { provePassword } from './passwords.ts'
import { isRefused, type Refused, refuse } from './refusal.ts'
import { type IssuedSession, type LiveSession, liveSession, rotateSession, type SignInMethod } from './sessions.ts'
import { checkCode } from './sign-in.ts'

export type StepUpRefusal = 'signed-out' | 'wrong-code' | 'wrong-credentials' | 'slow-down' | 'busy' | 'begin-again' | 'code-needed' | 'use-passkey'

/** Marks the session as proved now and gives it a new secret. One for enrolling cannot step up: it would be a full one for a password alone. */
export async function provedAgain(writing: Writing, means: Means, live: LiveSession, method: SignInMethod): Promise<IssuedSession | Refused<'signed-out'>> {
  const at = momentOf(means)
  const still = await liveSession(writing, at.nowMs, live.digest)
  if (still?.session.level !== 'full') return refuse('signed-out')
  const session = await rotateSession(writing, at, means.key, live.digest, { provedAtMs: at.nowMs })
  await means.record(writing, {
    act: 'session.step-up',
    actor: { kind: 'person', id: live.person.id },
    outcome: 'done',
    object: { kind: 'person', name: live.person.id },
    detail: { method },
    personal: { address: live.session.address },
  })
  return session ?? refuse('signed-out')
}

export async function stepUpWithCode(means: Means, live: LiveSession, code: string): Promise<IssuedSession | Refused<StepUpRefusal>> {
  return means.store.write(async (writing) => {
    const checked = await checkCode(writing, means, live.person.id, codeCounts(live.person.id, live.digest.slice(0, 16)), code)
    if (!isRefused(checked)) return provedAgain(writing, means, live, checked.right)
    if (checked.refused !== 'slow-down') await recordRefusal(writing, means, live, checked.refused)
    return checked
  })
}

/** Only for who has no second factor: a password alone proves less than the session already stands for. */
export async function stepUpWithPassword(means: Means, live: LiveSession, password: string): Promise<IssuedSession | Refused<StepUpRefusal>> {
  const { factors, kept } = await means.store.read(async (reading) => ({
    factors: await factorsOf(reading, live.person.id),
    kept: await reading.get(PASSWORDS, live.person.id),
  }))
  if (factors.hasTotp) return refuse('code-needed')
  if (factors.hasPasskey || !kept) return refuse('use-passkey')
  const refused = await provePassword(means, live.person.id, kept.hash, password)
  if (!refused) return means.store.write((writing) => provedAgain(writing, means, live, 'password'))
  if (refused.refused === 'wrong-credentials') await means.store.write((writing) => recordRefusal(writing, means, live, refused.refused))
  return refused
}

const recordRefusal = async (writing: Writing, means: Means, live: LiveSession, code: string): Promise<void> =>
  means.record(writing, {
    act: 'session.step-up',
    actor: { kind: 'person', id: live.person.id },
    outcome: 'refused',
    code,
    object: { kind: 'person', name: live.person.id },
    personal: { address: live.session.address },
  })
