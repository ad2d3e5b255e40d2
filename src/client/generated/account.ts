// Generated from the operations on account. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** What navigator.credentials.create is called with. */
export const beginPasskey = (to: Connection, input: {} = {}): Promise<Answer<{ readonly challenge: string; readonly rp: { readonly id: string; readonly name: string }; readonly user: { readonly id: string; readonly name: string; readonly displayName: string }; readonly pubKeyCredParams: readonly { readonly alg: number; readonly type: 'public-key' }[]; readonly timeout: number; readonly attestation: 'none'; readonly excludeCredentials: readonly { readonly id: string; readonly type: 'public-key'; readonly transports?: readonly string[] }[]; readonly authenticatorSelection: { readonly residentKey: 'required'; readonly userVerification: 'required' } }>> =>
  to.call('POST', '/own/passkey-challenge', input)

/** Begins to enrol an authenticator app. The seed is told once. */
export const beginTotp = (to: Connection, input: { readonly idempotencyKey?: string } = {}): Promise<Answer<{ readonly seed: string; readonly uri: string }>> =>
  to.call('POST', '/own/totp', input)

/** Sets your password, and ends your other sessions. */
export const changePassword = (to: Connection, input: { readonly body: { readonly current?: string; readonly password: string } }): Promise<Answer<{ readonly csrf: string }>> =>
  to.call('PUT', '/own/password', input)

/** Enrols the authenticator app. The recovery codes are told once. */
export const confirmTotp = (to: Connection, input: { readonly body: { readonly code: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly csrf: string; readonly recoveryCodes: readonly string[] }>> =>
  to.call('POST', '/own/totp/confirmation', input)

/** Your passkeys, and what else you sign in with. */
export const listPasskeys = (to: Connection, input: {} = {}): Promise<Answer<{ readonly items: readonly { readonly id: string; readonly name: string; readonly created: string; readonly used?: string; readonly synced: boolean }[]; readonly hasPassword: boolean; readonly hasTotp: boolean }>> =>
  to.call('GET', '/own/passkeys', input)

/** Uses up an invitation or a recovery link. */
export const redeemLink = (to: Connection, input: { readonly body: { readonly secret: string; readonly password?: string } }): Promise<Answer<{ readonly outcome: 'signed-in' | 'second-factor' | 'enrol' | 'reset'; readonly csrf?: string; readonly ticket?: string; readonly expires?: string; readonly wrongCodes?: number; readonly recoveryCodesLeft?: number }>> =>
  to.call('POST', '/links/redemption', input)

/** Keeps a new passkey. */
export const registerPasskey = (to: Connection, input: { readonly body: { readonly name: string; readonly response: { readonly id: string; readonly rawId: string; readonly type: 'public-key'; readonly authenticatorAttachment?: string; readonly clientExtensionResults: { readonly credProps?: { readonly rk?: boolean } }; readonly response: { readonly clientDataJSON: string; readonly attestationObject: string; readonly transports?: readonly string[]; readonly authenticatorData?: string; readonly publicKey?: string; readonly publicKeyAlgorithm?: number } } } }): Promise<Answer<{ readonly csrf: string; readonly passkey: { readonly id: string; readonly name: string; readonly created: string; readonly used?: string; readonly synced: boolean } }>> =>
  to.call('POST', '/own/passkeys', input)

/** Removes one of your passkeys. */
export const removePasskey = (to: Connection, input: { readonly parameters: { readonly passkey: string } }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/own/passkeys/{passkey}', input)

/** Removes your authenticator app. */
export const removeTotp = (to: Connection, input: {} = {}): Promise<Answer<undefined>> =>
  to.call('DELETE', '/own/totp', input)

/** Makes new recovery codes. They are told once. */
export const renewRecoveryCodes = (to: Connection, input: { readonly idempotencyKey?: string } = {}): Promise<Answer<{ readonly recoveryCodes: readonly string[] }>> =>
  to.call('POST', '/own/recovery-codes', input)
