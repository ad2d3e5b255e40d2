// How a sign-in is answered: signed in, a code is to follow, or a second factor is to be enrolled. Secrets of the session go into cookies only.
import { type Infer, integer, object, oneOf, optional, type Schema, string } from '../../../base/schema.ts'
import type { SignInOutcome } from '../../../people/completing.ts'
import type { IssuedSession } from '../../../people/sessions.ts'
import { type Call, type Done, done, type RefusalDeclaration, type Refused, refused } from '../../operation.ts'
import { line, moment, momentOf } from '../../texts.ts'
import { deviceCookie, sessionCookie } from './own-session.ts'

export const csrfText = string({
  pattern: /^[A-Za-z0-9_-]{43}$/,
  maxLength: 43,
  describe: 'To be sent as `X-CSRF-Token` with everything that changes something.',
})
const TICKET = /^[A-Za-z0-9_.-]{1,4096}$/
export const ticketText = (describe: string): Schema<string> => string({ pattern: TICKET, maxLength: 4096, means: 'what the step before told', describe })
export const passwordText = (describe: string): Schema<string> => string({ pattern: /^[\s\S]*$/, maxLength: 1024, describe })
export const codeText = string({
  pattern: /^[ A-Za-z0-9-]{6,40}$/,
  maxLength: 40,
  means: 'a code of six digits, or a recovery code',
  describe: 'Of the authenticator app, or a recovery code.',
})

export const signInShape = {
  outcome: oneOf(
    ['signed-in', 'second-factor', 'enrol'],
    '`second-factor`: a code is to follow, with `ticket`, from the same browser. `enrol`: the session can do nothing but enrol a second factor.',
  ),
  csrf: optional(csrfText),
  ticket: optional(ticketText('To be sent with the code.')),
  expires: optional(moment('Until then the code can follow.')),
  wrongCodes: optional(integer({ min: 0, max: 1000, describe: 'Wrong codes since the last right one: when they were not yours, change the password.' })),
  recoveryCodesLeft: optional(integer({ min: 0, max: 10, describe: 'Recovery codes that are left.' })),
}
export const signInSchema = object(signInShape)
export type SignInShown = Infer<typeof signInSchema>

/** The answer, and the cookies that go with it. */
export function signedIn(call: Call, result: SignInOutcome, cookies: readonly string[] = []): Done<SignInShown> {
  if (result.outcome === 'second-factor') {
    const { outcome, ticket, expiresAtMs } = result
    return done({ outcome, ticket, expires: momentOf(expiresAtMs) }, { cookies })
  }
  const { outcome, session } = result
  const set = [...cookies, sessionCookie(call, session), ...(outcome === 'signed-in' ? [deviceCookie(call, result.device)] : [])]
  const told = outcome === 'signed-in' ? result : { wrongCodes: undefined, recoveryCodesLeft: undefined }
  return done(
    {
      outcome,
      csrf: session.csrf,
      ...(told.wrongCodes !== undefined && { wrongCodes: told.wrongCodes }),
      ...(told.recoveryCodesLeft !== undefined && { recoveryCodesLeft: told.recoveryCodesLeft }),
    },
    { cookies: set },
  )
}

/** After a step-up or an enrolment the session has a new secret. */
export const renewedSchema = object({ csrf: csrfText })
export const renewed = (call: Call, session: IssuedSession): Done<{ csrf: string }> => done({ csrf: session.csrf }, { cookies: [sessionCookie(call, session)] })

export const SLOW_DOWN: RefusalDeclaration = {
  status: 429,
  says: 'Too many tries. Wait as long as `Retry-After` says.',
  mend: 'Wait. Who has signed in from this browser before, or has a passkey, is not held up by the guesses of others.',
}
export const USE_PASSKEY: RefusalDeclaration = {
  status: 403,
  says: 'Use your passkey.',
  mend: 'What was shown proves one factor, and who has a passkey is asked for it: sign in or confirm with the passkey.',
}
export const BEGIN_AGAIN: RefusalDeclaration = {
  status: 403,
  says: 'Begin the sign-in again.',
  mend: 'It was begun in another browser, too long ago (a code may follow for five minutes, a provider for ten), or is finished already.',
}
export const BUSY: RefusalDeclaration = { status: 503, says: 'Too many sign-ins at once.', mend: 'Try again in a second.' }
export const WRONG_PASSWORD: RefusalDeclaration = {
  status: 403,
  says: 'The password is wrong.',
  mend: 'Type it again. The session goes on as it was.',
}
/** A refusal of the room under a name of ours, with how long to wait. */
export const refusedBy = (code: string, { retryAfterMs }: { readonly retryAfterMs?: number }): Refused =>
  refused(code, retryAfterMs === undefined ? {} : { retryAfterMs })
export const agentText = line(200, 'What the browser called itself.')
