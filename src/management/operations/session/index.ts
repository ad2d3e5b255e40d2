// The operations on session, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { beginPasskeyConfirmation } from './begin-passkey-confirmation.ts'
import { beginPasskeySignIn } from './begin-passkey-sign-in.ts'
import { beginSingleSignOn } from './begin-single-sign-on.ts'
import { confirmWithCode } from './confirm-with-code.ts'
import { confirmWithPasskey } from './confirm-with-passkey.ts'
import { confirmWithPassword } from './confirm-with-password.ts'
import { endOwnSession } from './end-own-session.ts'
import { finishSingleSignOn } from './finish-single-sign-on.ts'
import { getSession } from './get-session.ts'
import { listOwnSessions } from './list-own-sessions.ts'
import { listSignInProviders } from './list-sign-in-providers.ts'
import { signInWithCode } from './sign-in-with-code.ts'
import { signInWithPasskey } from './sign-in-with-passkey.ts'
import { signInWithPassword } from './sign-in-with-password.ts'
import { signOut } from './sign-out.ts'
import { signOutEverywhere } from './sign-out-everywhere.ts'

export const sessionOperations: readonly AnyOperation[] = [
  beginPasskeyConfirmation,
  beginPasskeySignIn,
  beginSingleSignOn,
  confirmWithCode,
  confirmWithPasskey,
  confirmWithPassword,
  endOwnSession,
  finishSingleSignOn,
  getSession,
  listOwnSessions,
  listSignInProviders,
  signInWithCode,
  signInWithPasskey,
  signInWithPassword,
  signOut,
  signOutEverywhere,
]
