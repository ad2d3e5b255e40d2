// The operations on account, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { beginPasskey } from './begin-passkey.ts'
import { beginTotp } from './begin-totp.ts'
import { changePassword } from './change-password.ts'
import { confirmTotp } from './confirm-totp.ts'
import { listPasskeys } from './list-passkeys.ts'
import { redeemLink } from './redeem-link.ts'
import { registerPasskey } from './register-passkey.ts'
import { removePasskey } from './remove-passkey.ts'
import { removeTotp } from './remove-totp.ts'
import { renewRecoveryCodes } from './renew-recovery-codes.ts'

export const accountOperations: readonly AnyOperation[] = [
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
