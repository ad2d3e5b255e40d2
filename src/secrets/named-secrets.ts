// Named secrets: what operators keep in the store under a name and refer to as `{secret: NAME}`; values sealed, the rest in the open.
import { Secret } from '../base/secret.ts'
import { SECRET_NAME } from '../base/secret-reference.ts'
import { type Envelope, UnreadableSecret } from '../ports/envelope.ts'
import type { SealedCollection } from '../ports/sealed-collection.ts'
import { collection, type Reading, type Writing } from '../ports/store.ts'

/** Longest value, in octets: keys and certificates fit, files do not. */
export const SECRET_VALUE_MAX = 64 * 1024
/** Most people, and most teams, that one secret is granted to. */
export const GRANTS_MAX = 1000

/** Whose objects of the console may refer to a secret. Ids of people and names of teams. */
export interface Grants {
  readonly people: readonly string[]
  readonly teams: readonly string[]
}

/** All that is told of a secret. Times are milliseconds since the epoch; `by` is the id of an actor of the trail. */
export interface SecretInfo {
  readonly name: string
  readonly createdMs: number
  readonly createdBy: string
  /** The last change of anything about it. */
  readonly changedMs: number
  readonly changedBy: string
  /** The last time that its value became another one. */
  readonly rotatedMs: number
  readonly granted: Grants
}
interface SecretRecord extends Omit<SecretInfo, 'name'> {
  readonly sealed: string
}
export const namedSecrets = collection<SecretRecord>('secret')
const contextOf = (name: string): string => `secret/${name}`

export interface SecretRefusal {
  readonly refused: 'secret.bad-name' | 'secret.empty' | 'secret.too-long' | 'secret.unknown' | 'secret.bad-grants'
}
export interface Change {
  readonly by: string
  readonly nowMs: number
}

/** Makes a secret, or gives it another value. Grants that are left out stay; a new secret is granted to nobody. */
export async function putSecret(
  writing: Writing,
  envelope: Envelope,
  given: Change & { readonly name: string; readonly value: Secret; readonly granted?: Grants },
): Promise<SecretInfo | SecretRefusal> {
  const { name, value, by, nowMs } = given
  if (!SECRET_NAME.test(name)) return { refused: 'secret.bad-name' }
  if (value.length === 0) return { refused: 'secret.empty' }
  if (value.length > SECRET_VALUE_MAX) return { refused: 'secret.too-long' }
  const before = await writing.get(namedSecrets, name)
  const granted = given.granted ? normal(given.granted) : (before?.granted ?? { people: [], teams: [] })
  if (!granted) return { refused: 'secret.bad-grants' }
  const isSame = before !== undefined && holds(envelope, before, name, value)
  const record: SecretRecord = {
    createdMs: before?.createdMs ?? nowMs,
    createdBy: before?.createdBy ?? by,
    changedMs: nowMs,
    changedBy: by,
    rotatedMs: isSame ? before.rotatedMs : nowMs,
    granted,
    sealed: envelope.seal(value.octets(), contextOf(name)),
  }
  writing.put(namedSecrets, name, record)
  return infoOf(name, record)
}

/** Whether a record holds this value. One that was altered holds no value, and may be given a new one. */
function holds(envelope: Envelope, { sealed }: SecretRecord, name: string, value: Secret): boolean {
  try {
    return new Secret(envelope.open(sealed, contextOf(name))).equals(value)
  } catch (cause) {
    if (cause instanceof UnreadableSecret) return false
    throw cause
  }
}

/** Says anew to whom a secret is granted; its value is not touched. */
export async function grantSecret(writing: Writing, given: Change & { readonly name: string; readonly granted: Grants }): Promise<SecretInfo | SecretRefusal> {
  const before = await known(writing, given.name)
  if (!before) return { refused: 'secret.unknown' }
  const granted = normal(given.granted)
  if (!granted) return { refused: 'secret.bad-grants' }
  const record = { ...before, granted, changedMs: given.nowMs, changedBy: given.by }
  writing.put(namedSecrets, given.name, record)
  return infoOf(given.name, record)
}

/** The value; undefined when there is none of that name. Throws `UnreadableSecret` when it was sealed under a key not given. */
export async function readSecret(reading: Reading, envelope: Envelope, name: string): Promise<Secret | undefined> {
  const record = await known(reading, name)
  return record && new Secret(envelope.open(record.sealed, contextOf(name)))
}

/** What is known of a secret, without its value. */
export async function secretInfo(reading: Reading, name: string): Promise<SecretInfo | undefined> {
  const record = await known(reading, name)
  return record && infoOf(name, record)
}

/** Secrets in the order of their names, after a name; at most `limit`, 1 to 1,000. */
export async function listSecrets(reading: Reading, page: { readonly after?: string; readonly limit: number }): Promise<readonly SecretInfo[]> {
  return (await reading.scan(namedSecrets, page)).map(({ key, value }) => infoOf(key, value))
}

/** Forgets a secret. What refers to it will not be published any more. */
export async function removeSecret(writing: Writing, name: string): Promise<SecretInfo | SecretRefusal> {
  const record = await known(writing, name)
  if (!record) return { refused: 'secret.unknown' }
  writing.remove(namedSecrets, name)
  return infoOf(name, record)
}

/** A name that none can have is not looked up: the store would throw. */
const known = async (reading: Reading, name: string): Promise<SecretRecord | undefined> =>
  SECRET_NAME.test(name) ? await reading.get(namedSecrets, name) : undefined

const infoOf = (name: string, { sealed: _, ...info }: SecretRecord): SecretInfo => ({ name, ...info })

/** Without doubles and in order; undefined when there are too many, or one that can be nobody's id. */
function normal({ people, teams }: Grants): Grants | undefined {
  if (people.length > GRANTS_MAX || teams.length > GRANTS_MAX) return undefined
  if (![...people, ...teams].every((id) => /^[!-~]{1,128}$/.test(id))) return undefined
  return { people: [...new Set(people)].sort(), teams: [...new Set(teams)].sort() }
}

export const sealedNamedSecrets: SealedCollection<SecretRecord> = {
  collection: namedSecrets,
  map: (value, name, reseal) => ({ ...value, sealed: reseal(value.sealed, contextOf(name)) }),
}
