// What browsers and authenticators exchange (WebAuthn level 3, 5.1 and 5.4), bounded and strict.
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { boolean, type Infer, integer, list, object, oneOf, optional, type Schema, string } from '../../../base/schema.ts'
import { line } from '../../texts.ts'

const base64url = (maxLength: number, describe: string): Schema<string> => string({ pattern: /^[A-Za-z0-9_-]+$/, maxLength, means: 'base64url', describe })
const word = (describe: string): Schema<string> => string({ pattern: /^[a-z-]{1,20}$/, maxLength: 20, describe })
const host = (describe: string): Schema<string> => string({ pattern: /^[A-Za-z0-9.:-]{1,253}$/, maxLength: 253, describe })
const milliseconds = integer({ min: 0, max: 3_600_000, describe: 'Milliseconds that the browser waits for the person.' })
const credential = object({
  id: base64url(2048, 'The credential.'),
  type: oneOf(['public-key'], 'Its type.'),
  transports: optional(list(word('A way to reach the authenticator.'), { max: 8 })),
})
const credentials = (describe: string) => list(credential, { max: 20, describe })
const verification = oneOf(['required'], 'The authenticator checks who uses it.')

export const requestOptionsSchema = object({
  challenge: base64url(8192, 'To be signed.'),
  rpId: host('The relying party.'),
  timeout: milliseconds,
  userVerification: verification,
  allowCredentials: optional(credentials('Which passkeys will do; absent: any.')),
})
export function shownRequest({ challenge, rpId, timeout, allowCredentials }: PublicKeyCredentialRequestOptionsJSON): Infer<typeof requestOptionsSchema> {
  const allowed = allowCredentials?.map(({ id, transports = [] }) => ({ id, type: 'public-key' as const, transports: transports as string[] }))
  return { challenge, rpId: rpId!, timeout: timeout!, userVerification: 'required' as const, ...(allowed && { allowCredentials: allowed }) }
}

export const creationOptionsSchema = object({
  challenge: base64url(8192, 'To be signed.'),
  rp: object({ id: host('The relying party.'), name: line(100, 'Its name.') }),
  user: object({
    id: base64url(100, 'The person’s pseudonym.'),
    name: line(256, 'What the authenticator shows.'),
    displayName: line(100, 'What the authenticator shows.'),
  }),
  pubKeyCredParams: list(object({ alg: integer({ min: -65_535, max: 0, describe: 'COSE.' }), type: oneOf(['public-key'], 'Its type.') }), { max: 10 }),
  timeout: milliseconds,
  attestation: oneOf(['none'], 'Nothing is asked about the make of the authenticator.'),
  excludeCredentials: credentials('Passkeys that are there already.'),
  authenticatorSelection: object({ residentKey: oneOf(['required'], 'It knows who it is for.'), userVerification: verification }),
})
export function shownCreation(options: PublicKeyCredentialCreationOptionsJSON): Infer<typeof creationOptionsSchema> {
  const { challenge, rp, user, pubKeyCredParams, timeout, excludeCredentials = [] } = options
  return {
    challenge,
    rp: { id: rp.id!, name: rp.name },
    user: { id: user.id, name: user.name, displayName: user.displayName },
    pubKeyCredParams: pubKeyCredParams.map(({ alg }) => ({ alg, type: 'public-key' as const })),
    timeout: timeout!,
    attestation: 'none' as const,
    excludeCredentials: excludeCredentials.map(({ id }) => ({ id, type: 'public-key' as const })),
    authenticatorSelection: { residentKey: 'required' as const, userVerification: 'required' as const },
  }
}

const envelope = {
  id: base64url(2048, 'The credential.'),
  rawId: base64url(2048, 'The same.'),
  type: oneOf(['public-key'], 'Its type.'),
  authenticatorAttachment: optional(word('How it is attached.')),
  clientExtensionResults: object({ credProps: optional(object({ rk: optional(boolean('Whether the authenticator keeps it.')) })) }),
}
export const assertionSchema = object({
  ...envelope,
  response: object({
    clientDataJSON: base64url(8192, 'What was signed.'),
    authenticatorData: base64url(4096, 'By the authenticator.'),
    signature: base64url(2048, 'Its signature.'),
    userHandle: optional(base64url(100, 'Whose it says it is.')),
  }),
})
export const attestationSchema = object({
  ...envelope,
  response: object({
    clientDataJSON: base64url(8192, 'What was signed.'),
    attestationObject: base64url(16_384, 'The new key.'),
    transports: optional(list(word('A way to reach the authenticator.'), { max: 8 })),
    authenticatorData: optional(base64url(4096, 'A copy of what the attestation object holds; not read.')),
    publicKey: optional(base64url(4096, 'A copy of what the attestation object holds; not read.')),
    publicKeyAlgorithm: optional(integer({ min: -65_535, max: 65_535, describe: 'A copy of what the attestation object holds; not read.' })),
  }),
})

/** Only what is read is passed on. */
export function assertionOf(given: {
  readonly id: string
  readonly rawId: string
  readonly response: {
    readonly clientDataJSON: string
    readonly authenticatorData: string
    readonly signature: string
    readonly userHandle?: string | undefined
  }
}): AuthenticationResponseJSON {
  const { id, rawId, response } = given
  const { clientDataJSON, authenticatorData, signature, userHandle } = response
  return {
    ...{ id, rawId, type: 'public-key', clientExtensionResults: {} },
    response: { clientDataJSON, authenticatorData, signature, ...(userHandle !== undefined && { userHandle }) },
  }
}
export function attestationOf(given: {
  readonly id: string
  readonly rawId: string
  readonly response: { readonly clientDataJSON: string; readonly attestationObject: string; readonly transports?: readonly string[] | undefined }
}): RegistrationResponseJSON {
  const { id, rawId, response } = given
  const { clientDataJSON, attestationObject, transports = [] } = response
  return {
    ...{ id, rawId, type: 'public-key', clientExtensionResults: {} },
    response: { clientDataJSON, attestationObject, transports: [...transports] as NonNullable<RegistrationResponseJSON['response']['transports']> },
  }
}
