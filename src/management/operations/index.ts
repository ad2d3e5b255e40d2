// The operations of the management API, listed by hand: what stands here is served, described, documented and tested.
import type { AnyOperation } from '../operation.ts'
import { beginPasskey } from './account/begin-passkey.ts'
import { beginTotp } from './account/begin-totp.ts'
import { changePassword } from './account/change-password.ts'
import { confirmTotp } from './account/confirm-totp.ts'
import { listPasskeys } from './account/list-passkeys.ts'
import { redeemLink } from './account/redeem-link.ts'
import { registerPasskey } from './account/register-passkey.ts'
import { removePasskey } from './account/remove-passkey.ts'
import { removeTotp } from './account/remove-totp.ts'
import { renewRecoveryCodes } from './account/renew-recovery-codes.ts'
import { createKey } from './keys/create-key.ts'
import { bootstrapOwner } from './people/bootstrap-owner.ts'
import { changePerson } from './people/change-person.ts'
import { erasePerson } from './people/erase-person.ts'
import { getAdminToken } from './people/get-admin-token.ts'
import { getPerson } from './people/get-person.ts'
import { invitePerson } from './people/invite-person.ts'
import { issueRecoveryLink } from './people/issue-recovery-link.ts'
import { listPeople } from './people/list-people.ts'
import { reinstatePerson } from './people/reinstate-person.ts'
import { setAdminToken } from './people/set-admin-token.ts'
import { suspendPerson } from './people/suspend-person.ts'
import { getProvider } from './providers/get-provider.ts'
import { listProviders } from './providers/list-providers.ts'
import { putProvider } from './providers/put-provider.ts'
import { removeProvider } from './providers/remove-provider.ts'
import { getRole } from './roles/get-role.ts'
import { listRoles } from './roles/list-roles.ts'
import { putRole } from './roles/put-role.ts'
import { removeRole } from './roles/remove-role.ts'
import { beginPasskeyConfirmation } from './session/begin-passkey-confirmation.ts'
import { beginPasskeySignIn } from './session/begin-passkey-sign-in.ts'
import { beginSingleSignOn } from './session/begin-single-sign-on.ts'
import { confirmWithCode } from './session/confirm-with-code.ts'
import { confirmWithPasskey } from './session/confirm-with-passkey.ts'
import { confirmWithPassword } from './session/confirm-with-password.ts'
import { endOwnSession } from './session/end-own-session.ts'
import { finishSingleSignOn } from './session/finish-single-sign-on.ts'
import { getSession } from './session/get-session.ts'
import { listOwnSessions } from './session/list-own-sessions.ts'
import { listSignInProviders } from './session/list-sign-in-providers.ts'
import { signInWithCode } from './session/sign-in-with-code.ts'
import { signInWithPasskey } from './session/sign-in-with-passkey.ts'
import { signInWithPassword } from './session/sign-in-with-password.ts'
import { signOut } from './session/sign-out.ts'
import { signOutEverywhere } from './session/sign-out-everywhere.ts'
import { listOwnTokens } from './tokens/list-own-tokens.ts'
import { listTokens } from './tokens/list-tokens.ts'
import { mintToken } from './tokens/mint-token.ts'
import { revokeOwnToken } from './tokens/revoke-own-token.ts'
import { revokeToken } from './tokens/revoke-token.ts'

const account: readonly AnyOperation[] = [
  beginPasskey,
  beginTotp,
  changePassword,
  confirmTotp,
  listPasskeys,
  redeemLink,
  registerPasskey,
  removePasskey,
  removeTotp,
  renewRecoveryCodes,
]
const people: readonly AnyOperation[] = [
  bootstrapOwner,
  changePerson,
  erasePerson,
  getAdminToken,
  getPerson,
  invitePerson,
  issueRecoveryLink,
  listPeople,
  reinstatePerson,
  setAdminToken,
  suspendPerson,
]
const providers: readonly AnyOperation[] = [getProvider, listProviders, putProvider, removeProvider]
const roles: readonly AnyOperation[] = [getRole, listRoles, putRole, removeRole]
const session: readonly AnyOperation[] = [
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
  signOutEverywhere,
  signOut,
]
const tokens: readonly AnyOperation[] = [listOwnTokens, listTokens, mintToken, revokeOwnToken, revokeToken]

export const operations: readonly AnyOperation[] = [...account, createKey, ...people, ...providers, ...roles, ...session, ...tokens]
