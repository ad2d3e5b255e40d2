// What is remembered of ACME: the account of each authority, a certificate and the state of each name, and the challenges that all nodes answer.
import { createHash } from 'node:crypto'
import { type Envelope, UnreadableSecret } from '../ports/envelope.ts'
import type { AnySealedCollection, SealedCollection } from '../ports/sealed-collection.ts'
import { collection, everyEntry, type Reading, type Writing } from '../ports/store.ts'

/** By the digest of the directory's URL and the external account that it is bound to. */
export interface AccountRecord {
  readonly directory: string
  /** The private key, PKCS #8. */
  readonly sealed: string
  /** What the authority was told. */
  readonly contact: readonly string[]
  /** The account's URL; absent: nobody is sure yet that the authority has it. */
  readonly url?: string
  readonly createdMs: number
}
/** By name. */
export interface CertificateRecord {
  readonly directory: string
  /** PEM, as it came. */
  readonly chain: string
  /** The private key, PKCS #8 in DER. */
  readonly sealed: string
  readonly validFromMs: number
  readonly expiresMs: number
  readonly issuedMs: number
  /** When another one is ordered. */
  readonly renewMs: number
  /** When the authority is asked again when it would have it renewed (RFC 9773); absent: it says nothing of that. */
  readonly askMs?: number
}
/** An order that was begun: what is needed to go on with it after a crash. */
export interface BegunOrder {
  readonly url: string
  readonly directory: string
  /** The private key of the certificate that comes of it. */
  readonly sealed: string
  readonly begunMs: number
}
/** By name: one for each that the live configuration of some process wants a certificate for. */
export interface NameState {
  readonly name: string
  /** When some process last said that it wants a certificate for it. */
  readonly wantedMs: number
  /** Not before: a try that failed, or what the authority asked for. 0: nothing keeps it. */
  readonly nextMs: number
  /** Tries that failed, one after the other. */
  readonly failures: number
  /** What came of the last one that failed, when, and at which authority; absent: it did not. */
  readonly why?: string
  readonly failedMs?: number
  readonly failedAt?: string
  /** Until then the authority asked to be left alone: nobody hurries it. */
  readonly heldUntilMs?: number
  /** Somebody wants another certificate now, whatever the one there is. */
  readonly isWanted?: true
  readonly order?: BegunOrder
  /** Which process is at it, and until when it is nobody else's. */
  readonly lease?: { readonly node: string; readonly untilMs: number }
}
/** By name. Nothing in it is secret: what is answered is told to everybody who asks. */
export interface ChallengeRecord {
  readonly type: 'http-01' | 'tls-alpn-01'
  readonly host: string
  readonly token: string
  readonly authorization: string
  /** Forgotten then, whatever became of it. */
  readonly untilMs: number
  /** The nodes whose gateway threads all answer it. */
  readonly servedBy: readonly string[]
}

export const accounts = collection<AccountRecord>('acme-account')
export const certificates = collection<CertificateRecord>('acme-certificate')
export const nameStates = collection<NameState>('acme-name')
export const challenges = collection<ChallengeRecord>('acme-challenge')

/** Names of all listeners together. */
export const NAMES_MAX = 500

export const accountKeyOf = (directory: string): string => createHash('sha256').update(directory).digest('hex').slice(0, 32)
export const accountPlace = (key: string): string => `acme-account/${key}`
export const certificatePlace = (name: string): string => `acme-certificate/${name}`
export const orderPlace = (name: string): string => `acme-order/${name}`

/** What is in the states is sealed as long as an order is under way. */
const sealedNames: SealedCollection<NameState> = {
  collection: nameStates,
  map: (value, name, reseal) => (value.order ? { ...value, order: { ...value.order, sealed: reseal(value.order.sealed, orderPlace(name)) } } : value),
}
const sealedAccounts: SealedCollection<AccountRecord> = {
  collection: accounts,
  map: (value, key, reseal) => ({ ...value, sealed: reseal(value.sealed, accountPlace(key)) }),
}
const sealedCertificates: SealedCollection<CertificateRecord> = {
  collection: certificates,
  map: (value, name, reseal) => ({ ...value, sealed: reseal(value.sealed, certificatePlace(name)) }),
}
export const SEALED_BY_ACME: readonly AnySealedCollection[] = [sealedAccounts, sealedCertificates, sealedNames]

/** Seals a private key for one place. */
export const sealKey = (envelope: Envelope, key: Uint8Array, place: string): string => envelope.seal(key, place)

/** Undefined when nobody can open it any more. */
export function opened(envelope: Envelope, sealed: string, place: string): Uint8Array | undefined {
  try {
    return envelope.open(sealed, place)
  } catch (cause) {
    if (cause instanceof UnreadableSecret) return undefined
    throw cause
  }
}

/** Has another certificate ordered for a name that is wanted, as soon as the authority lets us and whatever the one there is; undefined for a name that is not. */
export async function hurry(writing: Writing, name: string): Promise<NameState | undefined> {
  const state = await writing.get(nameStates, name)
  if (state === undefined) return undefined
  const hurried: NameState = { ...state, nextMs: state.heldUntilMs ?? 0, isWanted: true }
  writing.put(nameStates, name, hurried)
  return hurried
}

/** The states of all names, in order. */
export async function readStates(reading: Reading): Promise<readonly NameState[]> {
  const states: NameState[] = []
  // Processes whose files differ may want more names than a page holds.
  for await (const { value } of everyEntry(reading, nameStates)) states.push(value)
  return states
}
