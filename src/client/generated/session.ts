// Generated from the operations on session. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** What navigator.credentials.get is called with to confirm who you are. */
export const beginPasskeyConfirmation = (to: Connection, input: {} = {}): Promise<Answer<{ readonly challenge: string; readonly rpId: string; readonly timeout: number; readonly userVerification: 'required'; readonly allowCredentials?: readonly { readonly id: string; readonly type: 'public-key'; readonly transports?: readonly string[] }[] }>> =>
  to.call('POST', '/session/confirmation/passkey-challenge', input)

/** What navigator.credentials.get is called with to sign in. */
export const beginPasskeySignIn = (to: Connection, input: {} = {}): Promise<Answer<{ readonly challenge: string; readonly rpId: string; readonly timeout: number; readonly userVerification: 'required'; readonly allowCredentials?: readonly { readonly id: string; readonly type: 'public-key'; readonly transports?: readonly string[] }[] }>> =>
  to.call('POST', '/session/passkey-challenge', input)

/** Begins to sign in through a provider; the answer is where to send the browser. */
export const beginSingleSignOn = (to: Connection, input: { readonly body: { readonly provider: string; readonly returnTo?: string; readonly link?: string; readonly confirm?: boolean } }): Promise<Answer<{ readonly url: string }>> =>
  to.call('POST', '/session/single-sign-on', input)

/** Confirms who you are with a code, for five minutes. */
export const confirmWithCode = (to: Connection, input: { readonly body: { readonly code: string } }): Promise<Answer<{ readonly csrf: string }>> =>
  to.call('POST', '/session/confirmation/code', input)

/** Confirms who you are with a passkey, for five minutes. */
export const confirmWithPasskey = (to: Connection, input: { readonly body: { readonly response: { readonly id: string; readonly rawId: string; readonly type: 'public-key'; readonly authenticatorAttachment?: string; readonly clientExtensionResults: { readonly credProps?: { readonly rk?: boolean } }; readonly response: { readonly clientDataJSON: string; readonly authenticatorData: string; readonly signature: string; readonly userHandle?: string } } } }): Promise<Answer<{ readonly csrf: string }>> =>
  to.call('POST', '/session/confirmation/passkey', input)

/** Confirms who you are with your password, for five minutes. */
export const confirmWithPassword = (to: Connection, input: { readonly body: { readonly password: string } }): Promise<Answer<{ readonly csrf: string }>> =>
  to.call('POST', '/session/confirmation/password', input)

/** Ends one of your sessions. */
export const endOwnSession = (to: Connection, input: { readonly parameters: { readonly session: string } }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/own/sessions/{session}', input)

/** Signs in with what the provider sent the browser back with. */
export const finishSingleSignOn = (to: Connection, input: { readonly body: { readonly provider: string; readonly query: string } }): Promise<Answer<{ readonly outcome: 'signed-in' | 'second-factor' | 'enrol' | 'proved'; readonly csrf?: string; readonly ticket?: string; readonly expires?: string; readonly wrongCodes?: number; readonly recoveryCodesLeft?: number; readonly returnTo: string }>> =>
  to.call('POST', '/session/single-sign-on/callback', input)

/** Who you are here, and what you may do. */
export const getSession = (to: Connection, input: {} = {}): Promise<Answer<{ readonly kind: 'person' | 'token' | 'admin-token'; readonly id: string; readonly name?: string; readonly level?: 'full' | 'enrol-only'; readonly permissions: readonly { readonly permission: 'apis:read' | 'apis:write' | 'apis:publish' | 'apis:approve' | 'apis:patch' | 'catalog:read' | 'catalog:write' | 'catalog:rollback' | 'consumers:read' | 'consumers:write' | 'keys:read' | 'keys:write' | 'teams:read' | 'teams:write' | 'usage:read' | 'people:read' | 'people:write' | 'roles:read' | 'roles:write' | 'tokens:read' | 'tokens:write' | 'secrets:read' | 'secrets:write' | 'certificates:read' | 'certificates:issue' | 'certificates:write' | 'trail:read' | 'trail:export' | 'trail:erase' | 'backup:write' | 'system:read' | 'system:write'; readonly reach: 'all' | 'own' }[]; readonly teams: readonly string[]; readonly apis?: readonly string[]; readonly recent: boolean; readonly csrf?: string }>> =>
  to.call('GET', '/session', input)

/** Where you are signed in. */
export const listOwnSessions = (to: Connection, input: {} = {}): Promise<Answer<{ readonly items: readonly { readonly id: string; readonly current: boolean; readonly methods: readonly ('password' | 'totp' | 'recovery-code' | 'passkey' | 'single-sign-on' | 'link')[]; readonly created: string; readonly seen: string; readonly address: string; readonly agent: string }[] }>> =>
  to.call('GET', '/own/sessions', input)

/** The providers that one can sign in through. */
export const listSignInProviders = (to: Connection, input: {} = {}): Promise<Answer<{ readonly items: readonly { readonly name: string; readonly says: string }[] }>> =>
  to.call('GET', '/session/single-sign-on', input)

/** Signs in with a code, after the password. */
export const signInWithCode = (to: Connection, input: { readonly body: { readonly ticket: string; readonly code: string } }): Promise<Answer<{ readonly outcome: 'signed-in' | 'second-factor' | 'enrol'; readonly csrf?: string; readonly ticket?: string; readonly expires?: string; readonly wrongCodes?: number; readonly recoveryCodesLeft?: number }>> =>
  to.call('POST', '/session/code', input)

/** Signs in with a passkey. */
export const signInWithPasskey = (to: Connection, input: { readonly body: { readonly response: { readonly id: string; readonly rawId: string; readonly type: 'public-key'; readonly authenticatorAttachment?: string; readonly clientExtensionResults: { readonly credProps?: { readonly rk?: boolean } }; readonly response: { readonly clientDataJSON: string; readonly authenticatorData: string; readonly signature: string; readonly userHandle?: string } } } }): Promise<Answer<{ readonly outcome: 'signed-in' | 'second-factor' | 'enrol'; readonly csrf?: string; readonly ticket?: string; readonly expires?: string; readonly wrongCodes?: number; readonly recoveryCodesLeft?: number }>> =>
  to.call('POST', '/session/passkey', input)

/** Signs in with mail address and password. */
export const signInWithPassword = (to: Connection, input: { readonly body: { readonly mail: string; readonly password: string } }): Promise<Answer<{ readonly outcome: 'signed-in' | 'second-factor' | 'enrol'; readonly csrf?: string; readonly ticket?: string; readonly expires?: string; readonly wrongCodes?: number; readonly recoveryCodesLeft?: number }>> =>
  to.call('POST', '/session/password', input)

/** Signs out. */
export const signOut = (to: Connection, input: {} = {}): Promise<Answer<undefined>> =>
  to.call('DELETE', '/session', input)

/** Ends all of your sessions, this one too. */
export const signOutEverywhere = (to: Connection, input: {} = {}): Promise<Answer<undefined>> =>
  to.call('DELETE', '/own/sessions', input)
