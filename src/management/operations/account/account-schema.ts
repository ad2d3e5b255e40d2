// What operations on one's own account share: refusals about passwords and second factors, and how they are told.
import { checked, list, type Schema, string } from '../../../base/schema.ts'
import { isPersonName } from '../../../people/person.ts'
import { RECOVERY_CODES } from '../../../people/second-factor.ts'
import { type RefusalDeclaration, type Refused, refused } from '../../operation.ts'
import { line } from '../../texts.ts'
import { refusedBy } from '../session/sign-in-schema.ts'

export const PASSWORD_REFUSALS = {
  'password-unreadable': {
    status: 422,
    says: 'The password holds characters that it cannot have.',
    mend: 'Leave out control characters, and stay below 257 characters.',
  },
  'password-too-short': { status: 422, says: 'The password is too short.', mend: 'Use at least twelve characters. Several words do well.' },
  'password-too-common': {
    status: 422,
    says: 'The password is among the first that anyone would try.',
    mend: 'Use several words that do not belong together, without your name.',
  },
} as const satisfies Record<string, RefusalDeclaration>

export const NO_SECOND_FACTOR: RefusalDeclaration = { status: 409, says: 'You have no authenticator app.', mend: 'Enrol one first.' }
export const DEMANDED: RefusalDeclaration = {
  status: 409,
  says: 'A second factor is demanded here, and this is your last.',
  mend: 'Enrol another first: an authenticator app or a passkey.',
}

/** What somebody or something is called: one line of 1 to 100 characters. */
export const namedText = (describe: string): Schema<string> =>
  checked(line(100, describe), (text) =>
    isPersonName(text) ? undefined : { code: 'bad-value', message: 'a name has 1 to 100 characters and no space at its ends' },
  )

export const recoveryCodes = list(string({ pattern: /^[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}$/, maxLength: 19, describe: 'Good once, when the app is lost.' }), {
  max: RECOVERY_CODES,
})

/** What the room refuses that is everybody's: a proof that is too old, a session that ended meanwhile. */
export function ownRefusal(result: { readonly refused: string; readonly retryAfterMs?: number }): Refused {
  if (result.refused === 'step-up-needed') return refused('recent-sign-in')
  return result.refused === 'signed-out' ? refused('unauthorized') : refusedBy(result.refused, result)
}
