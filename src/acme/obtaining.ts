// One try to get a certificate for one name: account, order, proof, request, and a hard look at what comes back. What was begun is kept, so that a crash loses nothing.
import { X509Certificate } from 'node:crypto'
import { readServerCertificate } from '../certificates/server-certificate.ts'
import type { Egress } from '../ports/egress.ts'
import type { Envelope } from '../ports/envelope.ts'
import type { Store } from '../ports/store.ts'
import { AccountKey, newPrivateKey } from './account-key.ts'
import type { ChallengeBoard } from './challenge-board.ts'
import { AcmeClient, type NewAccount, type Order, type Waiting } from './client.ts'
import { AcmeConnection } from './connection.ts'
import { certificateRequest, pemOfKey } from './made-certificates.ts'
import { AcmeFailure } from './problem.ts'
import { type AccountRecord, accountKeyOf, accountPlace, accounts, type BegunOrder, opened, orderPlace, sealKey } from './records.ts'
import { renewalId } from './renewal-information.ts'
import type { AcmeSettings } from './settings.ts'

export interface ObtainingParts {
  readonly store: Store
  readonly envelope: Envelope
  readonly egress: Egress
  readonly nowMs: () => number
  readonly pause: (ms: number) => Promise<void>
  /** The MAC key of an external account; a text says why there is none. */
  readonly secret: (reference: NonNullable<AcmeSettings['externalAccount']>['key']) => Promise<Uint8Array | string>
}
export interface Obtained {
  /** PEM, as it came. */
  readonly chain: string
  /** PKCS #8, DER. */
  readonly key: Uint8Array
  readonly validFromMs: number
  readonly expiresMs: number
}

/** A whole try. */
export const TRY_MS = 5 * 60_000
/** An order is taken up again for so long; then another one is made. */
export const ORDER_KEPT_MS = 60 * 60_000
/** RFC 8555 8.3: base64url with at least 128 bits. */
const TOKEN = /^[A-Za-z0-9_-]{22,512}$/
/** How far the server's clock may be ahead of ours. */
const CLOCK_MS = 5 * 60_000

/** Rejects with `AcmeFailure`. `begun`: an order that was not finished; `keep` is told of the one that is. `replaces`: the chain that this one renews. */
export async function obtain(
  parts: ObtainingParts,
  board: ChallengeBoard,
  settings: AcmeSettings,
  name: string,
  { begun, keep, replaces }: { readonly begun: BegunOrder | undefined; keep(order: BegunOrder): Promise<void>; readonly replaces: string | undefined },
): Promise<Obtained> {
  const { nowMs, pause, envelope } = parts
  const waiting: Waiting = { pause, nowMs, untilMs: nowMs() + TRY_MS }
  const client = await clientFor(parts, settings, waiting.untilMs)
  const known = await takenUp(client, parts, settings, name, begun)
  const key = known?.key ?? newPrivateKey()
  let order = known?.order
  if (order === undefined) {
    order = await ordered(client, name, replaces === undefined ? undefined : renewalId(replaces))
    await keep({ url: order.url, directory: settings.directory, sealed: sealKey(envelope, key, orderPlace(name)), begunMs: nowMs() })
  }
  if (order.status === 'pending') order = await proved(client, board, settings, name, order, waiting)
  if (order.status === 'ready') order = await client.finalize(order, await certificateRequest(name, key))
  const chain = order.status === 'valid' ? await client.download(order.certificate) : await client.issued(order.url, waiting)
  return checked(chain, key, name, nowMs())
}

/** That a certificate replaces another is courtesy: one replaced already, as after a restored back-up, or of another account, must not keep a name from its next. */
async function ordered(client: AcmeClient, name: string, replaces: string | undefined): Promise<Order> {
  try {
    return await client.newOrder(name, replaces)
  } catch (cause) {
    if (replaces === undefined || !(cause instanceof AcmeFailure) || cause.isPassing) throw cause
    return client.newOrder(name)
  }
}

/** A client whose account exists. The key is made once for each authority, by whichever node comes first. `untilMs`: when the whole try is over. */
export async function clientFor({ store, envelope, egress, nowMs, secret }: ObtainingParts, settings: AcmeSettings, untilMs: number): Promise<AcmeClient> {
  const { directory, contact, externalAccount, trust } = settings
  const id = accountKeyOf(`${directory} ${externalAccount?.keyId ?? ''}`)
  const account = await store.write(async (writing): Promise<AccountRecord> => {
    const known = await writing.get(accounts, id)
    if (known && opened(envelope, known.sealed, accountPlace(id))) return known
    const made: AccountRecord = { directory, contact: [], sealed: sealKey(envelope, newPrivateKey(), accountPlace(id)), createdMs: nowMs() }
    writing.put(accounts, id, made)
    return made
  })
  const connection = new AcmeConnection(egress, { directory, ...(trust !== undefined && { trust }) }, nowMs, untilMs)
  const client = new AcmeClient(connection, new AccountKey(envelope.open(account.sealed, accountPlace(id))), account.url)
  if (account.url !== undefined && account.contact.join() === contact.join()) return client
  const wanted: NewAccount = {
    contact,
    ...(externalAccount && { externalAccount: { keyId: externalAccount.keyId, secret: await macKey(secret, externalAccount) } }),
  }
  const url = account.url === undefined ? await client.register(wanted) : await client.changeContact(contact)
  await store.write(async (writing) => {
    // What is sealed may have been sealed anew meanwhile, or the account be another one.
    const now = await writing.get(accounts, id)
    if (now?.createdMs === account.createdMs) writing.put(accounts, id, { ...now, url, contact })
  })
  return client
}

async function macKey(secret: ObtainingParts['secret'], { key }: NonNullable<AcmeSettings['externalAccount']>): Promise<Uint8Array> {
  const found = await secret(key)
  if (typeof found === 'string') throw new AcmeFailure('externalAccountRequired', `the key of the external account: ${found}`)
  return found
}

/** Where an order stands that was begun; undefined when there is nothing to go on with. */
async function takenUp(
  client: AcmeClient,
  { envelope, nowMs }: ObtainingParts,
  { directory }: AcmeSettings,
  name: string,
  begun: BegunOrder | undefined,
): Promise<{ readonly order: Order; readonly key: Uint8Array } | undefined> {
  if (begun === undefined || begun.directory !== directory || begun.begunMs + ORDER_KEPT_MS < nowMs()) return undefined
  const key = opened(envelope, begun.sealed, orderPlace(name))
  if (key === undefined) return undefined
  try {
    const order = await client.order(begun.url)
    return order.status === 'invalid' ? undefined : { order, key }
  } catch (cause) {
    // The server has forgotten it: another one is made. Who is in trouble is not asked for another.
    if (cause instanceof AcmeFailure && !cause.isPassing) return undefined
    throw cause
  }
}

async function proved(
  client: AcmeClient,
  board: ChallengeBoard,
  { challenge: type }: AcmeSettings,
  name: string,
  order: Order,
  waiting: Waiting,
): Promise<Order> {
  const [url] = order.authorizations as [string]
  const authorization = await client.authorization(url)
  if (authorization.name !== name) throw new AcmeFailure('unexpected', 'the authorization is for another name than the one that was ordered')
  if (authorization.status === 'pending') {
    const challenge = authorization.challenges.find((each) => each.type === type)
    if (challenge === undefined) throw new AcmeFailure('unsupported', `the authority offers no ${type} for this name`)
    const { token } = challenge
    if (!TOKEN.test(token)) throw new AcmeFailure('unexpected', 'the token of the challenge is none (RFC 8555 8.3)')
    try {
      // Before the server is told to look: every gateway thread must know the answer.
      await board.put({ type, host: name, token, authorization: client.keyAuthorization(token) })
      await client.respond(challenge)
      await client.validated(url, type, waiting)
    } finally {
      await board.remove(name)
    }
  } else if (authorization.status !== 'valid') throw new AcmeFailure('unauthorized', `the authorization is ${authorization.status}`)
  return client.settled(order.url, waiting)
}

/** What the server calls a certificate is believed no further than a file would be: this key, this name and no other, valid now. */
function checked(chain: string, key: Uint8Array, name: string, nowMs: number): Obtained {
  const { certificate, faults, validFromMs } = readServerCertificate(chain, pemOfKey(key), nowMs)
  const wrong = (why: string): AcmeFailure => new AcmeFailure('badCertificate', `the authority gave a certificate that cannot be used: ${why}`)
  if (certificate === undefined || validFromMs === undefined) throw wrong(faults[0]?.message ?? 'it cannot be read')
  if (certificate.names.join() !== name) throw wrong('it is for other names than the one that was ordered')
  // From a file this is told of, for it is good for trying out. Whoever takes the key of this one could name every host.
  if (new X509Certificate(certificate.chain).ca) throw wrong('it is that of an authority')
  if (certificate.expiresMs <= nowMs) throw wrong('it has expired')
  if (validFromMs > nowMs + CLOCK_MS) throw wrong('it is not valid yet')
  return { chain, key, validFromMs, expiresMs: certificate.expiresMs }
}
