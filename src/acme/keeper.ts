// Keeps every name that listeners want a certificate for supplied with one: orders, renews early, tries again later and later, one node for each name.
import { X509Certificate } from 'node:crypto'
import { randomSeed } from '../base/ids.ts'
import type { TrailEvent } from '../model/trail-event.ts'
import { UnreadableSecret } from '../ports/envelope.ts'
import { everyEntry, type Reading, StoreUnavailable, type Writing } from '../ports/store.ts'
import type { ChallengeBoard } from './challenge-board.ts'
import { AcmeConnection } from './connection.ts'
import { clientFor, type Obtained, type ObtainingParts, obtain, TRY_MS } from './obtaining.ts'
import { AcmeFailure } from './problem.ts'
import {
  accountKeyOf,
  accounts,
  type BegunOrder,
  type CertificateRecord,
  certificatePlace,
  certificates,
  type NameState,
  nameStates,
  readStates,
  sealKey,
} from './records.ts'
import { ASK_MS, suggestion } from './renewal-information.ts'
import { dueRevocation, isCompromised, KEY_COMPROMISE, revocations, settleRevocation } from './revocation.ts'
import { backOffMs, renewalMs } from './schedule.ts'
import type { AcmeSettings } from './settings.ts'

export interface KeeperParts extends ObtainingParts {
  readonly board: ChallengeBoard
  readonly nodeId: string
  /** Other processes may share the store. Where none can, a lease of another is that of a process that died. */
  readonly isShared: boolean
  /** As it is live now; undefined: nobody wants anything of ACME. */
  readonly settings: () => AcmeSettings | undefined
  /** The certificates in the store are others: resolves when listeners show them. */
  readonly changed: () => Promise<void>
  readonly record: (writing: Writing, event: TrailEvent) => Promise<void>
  /** Tells those who asked to be told of a failure, in its transaction. */
  readonly tellFailure: (
    writing: Writing,
    failure: { readonly name: string; readonly why: string; readonly failures: number; readonly next: string },
  ) => Promise<void>
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
  /** From 0 up to 1. */
  readonly random?: () => number
}
export interface Round {
  /** The name that was tried for. */
  readonly tried?: string
  /** When there is something to do next; undefined: never, as things are. */
  readonly nextDueMs: number | undefined
}

interface Due {
  readonly name: string
  readonly dueMs: number
  /** `ask`: when the authority would have it renewed. */
  readonly what: 'order' | 'ask' | 'revoke'
}

const SYSTEM = { kind: 'system', id: 'system' } as const
/** A name that is tried for is nobody else's for so long. */
const LEASE_MS = TRY_MS + 60_000
/** A failure of so much later than now was written by a clock that has been put right since. */
const CLOCK_STEP_MS = 60 * 60_000
/** After so many failures one of those that nobody asked for is told of every time no longer, but with each doubling. */
const isTold = (failures: number): boolean => failures <= 3 || Number.isInteger(Math.log2(failures))
/** What nobody wants any more is forgotten so long after its end. */
const FORGOTTEN_MS = 30 * 24 * 3_600_000
/** How often a process says that it wants a name, and how long after the last of them said so it is forgotten. */
const WANTED_MS = 10 * 60_000
const UNWANTED_MS = 30 * 60_000

export class Keeper {
  private readonly parts: KeeperParts
  private readonly random: () => number
  private directory = ''
  /** Since when it is that one. */
  private directoryMs = 0

  constructor(parts: KeeperParts) {
    this.parts = parts
    this.random = parts.random ?? (() => (randomSeed() >>> 0) / 2 ** 32)
  }

  /** Does what is due for one name. Rejects only when the store does. */
  async round(): Promise<Round> {
    const { store, nowMs } = this.parts
    const settings = this.parts.settings()
    await this.follow(settings)
    if (settings === undefined) return { nextDueMs: undefined }
    const looked = await store.read((reading) => this.due(reading, settings))
    if (looked === undefined || looked.dueMs > nowMs()) return { nextDueMs: looked?.dueMs }
    if (looked.what === 'ask') await this.ask(settings, looked.name)
    else if (looked.what === 'revoke') await this.revoke(settings, looked.name)
    else {
      const claimed = await this.claim(settings, looked.name)
      if (claimed === undefined) return { nextDueMs: nowMs() + 1000 }
      await this.attempt(settings, claimed)
    }
    return { tried: looked.name, nextDueMs: nowMs() }
  }

  /**
   * One state for each name that is wanted. Processes whose files differ for a while must not take each other's away, and with it what keeps a name from
   * being tried for again at once.
   */
  private async follow(settings: AcmeSettings | undefined): Promise<void> {
    const { store, nowMs, isShared } = this.parts
    const now = nowMs()
    const wanted = new Set(settings?.names)
    if (settings && settings.directory !== this.directory) {
      this.directory = settings.directory
      this.directoryMs = now
    }
    // What keeps a name is over: it was of another authority than the one of now, or written by our own clock when that was wrong.
    const isOver = ({ name, failedMs, failedAt }: NameState): boolean =>
      wanted.has(name) &&
      failedMs !== undefined &&
      ((failedAt !== settings?.directory && failedMs <= this.directoryMs) || (!isShared && failedMs > now + CLOCK_STEP_MS))
    const goneOf = (states: readonly NameState[]): readonly NameState[] =>
      states.filter(({ name, wantedMs }) => !wanted.has(name) && (!isShared || wantedMs + UNWANTED_MS < now))
    const isStale = (states: readonly NameState[], name: string): boolean => !states.some((state) => state.name === name && state.wantedMs + WANTED_MS > now)
    const before = await store.read(readStates)
    if (goneOf(before).length === 0 && !before.some(isOver) && ![...wanted].some((name) => isStale(before, name))) return
    await store.write(async (writing) => {
      const states = await readStates(writing)
      for (const { name } of goneOf(states)) writing.remove(nameStates, name)
      for (const name of wanted) {
        const known = states.find((state) => state.name === name)
        if (known && !isOver(known)) writing.put(nameStates, name, { ...known, wantedMs: now })
        else {
          const isWanted = known?.isWanted ?? (await isCompromised(writing, name))
          writing.put(nameStates, name, {
            name,
            wantedMs: now,
            nextMs: 0,
            failures: 0,
            ...(isWanted && { isWanted }),
            ...(known?.lease && { lease: known.lease }),
          })
        }
      }
      const forgotten: string[] = []
      for await (const { key, value } of everyEntry(writing, certificates)) if (!wanted.has(key) && value.expiresMs + FORGOTTEN_MS < now) forgotten.push(key)
      for (const name of forgotten) writing.remove(certificates, name)
    })
  }

  /** What is due first. */
  private async due(reading: Reading, settings: AcmeSettings): Promise<Due | undefined> {
    const revocation = await dueRevocation(reading, settings.directory)
    let first: Due | undefined = revocation && { ...revocation, what: 'revoke' }
    const wanted = new Set(settings.names)
    for (const state of await readStates(reading)) {
      if (!wanted.has(state.name)) continue
      const certificate = await reading.get(certificates, state.name)
      const orderMs = this.orderMs(state, certificate, settings)
      const askMs = certificate?.askMs === undefined || this.heldMs(state) > 0 ? Number.POSITIVE_INFINITY : certificate.askMs
      const dueMs = Math.min(orderMs, askMs)
      if (first === undefined || dueMs < first.dueMs) first = { name: state.name, dueMs, what: askMs < orderMs ? 'ask' : 'order' }
    }
    return first
  }
  private orderMs(state: NameState, certificate: CertificateRecord | undefined, { directory }: AcmeSettings): number {
    // Of another authority, and older than what this process was told: two whose files differ would else order in turns.
    const isForeign = certificate !== undefined && certificate.directory !== directory && certificate.issuedMs <= this.directoryMs
    const isNeeded = certificate === undefined || isForeign || state.isWanted === true
    return Math.max(isNeeded ? 0 : certificate.renewMs, state.nextMs, this.heldMs(state))
  }
  /** Until when another process is at it; 0: none is. */
  private heldMs({ lease }: NameState): number {
    if (lease === undefined || lease.node === this.parts.nodeId || !this.parts.isShared) return 0
    return lease.untilMs
  }

  /** Takes a name for this process alone; undefined when another was faster. */
  private claim(settings: AcmeSettings, name: string): Promise<NameState | undefined> {
    const { store, nowMs, nodeId } = this.parts
    return store.write(async (writing) => {
      const state = await writing.get(nameStates, name)
      if (state === undefined || this.orderMs(state, await writing.get(certificates, name), settings) > nowMs()) return undefined
      const claimed = { ...state, lease: { node: nodeId, untilMs: nowMs() + LEASE_MS } }
      writing.put(nameStates, name, claimed)
      return claimed
    })
  }

  private async attempt(settings: AcmeSettings, { name, order }: NameState): Promise<void> {
    const { store, board } = this.parts
    const before = await store.read((reading) => reading.get(certificates, name))
    const replaces = before?.directory === settings.directory ? before.chain : undefined
    const keep = (begun: BegunOrder): Promise<void> => this.put(name, (state) => ({ ...state, order: begun }))
    try {
      const obtained = await obtain(this.parts, board, settings, name, { begun: order, keep, replaces })
      await this.succeeded(settings, name, obtained, before !== undefined)
    } catch (cause) {
      if (cause instanceof StoreUnavailable) throw cause
      if (isLeaving(cause)) return this.put(name, ({ lease: _, ...state }) => state)
      await this.failed(settings, name, failureOf(cause), before)
      return
    }
    await this.parts.changed()
  }

  private async succeeded({ directory }: AcmeSettings, name: string, { chain, key, validFromMs, expiresMs }: Obtained, isRenewal: boolean): Promise<void> {
    const { store, envelope, nowMs, record, say } = this.parts
    const issuedMs = nowMs()
    const renewMs = renewalMs({ validFromMs, expiresMs }, issuedMs, this.random())
    const sealed = sealKey(envelope, key, certificatePlace(name))
    // Not asked sooner: an authority that always says "at once" would otherwise be asked for certificates in a circle.
    const made: CertificateRecord = { directory, chain, sealed, validFromMs, expiresMs, issuedMs, renewMs, askMs: issuedMs + ASK_MS }
    await store.write(async (writing) => {
      writing.put(certificates, name, made)
      const state = await writing.get(nameStates, name)
      if (state) writing.put(nameStates, name, { name, wantedMs: state.wantedMs, nextMs: 0, failures: 0 })
      const detail = { directory, expires: timeOf(expiresMs) }
      const act = isRenewal ? 'certificate.renew' : 'certificate.issue'
      await record(writing, { act, actor: SYSTEM, outcome: 'done', object: { kind: 'certificate', name }, detail })
    })
    say(
      `certificate of ${name}: ${isRenewal ? 'renewed' : 'issued'} by ${new URL(directory).host}, valid until ${timeOf(expiresMs)}; the next one is ordered ${timeOf(renewMs)}`,
    )
  }

  private async failed({ directory, externalAccount }: AcmeSettings, name: string, failure: AcmeFailure, before: CertificateRecord | undefined): Promise<void> {
    const { store, nowMs, record, warn, tellFailure } = this.parts
    const now = nowMs()
    const told = await store.write(async (writing) => {
      const state = await writing.get(nameStates, name)
      if (state === undefined) return undefined
      const failures = state.failures + 1
      const nextMs = now + backOffMs(failures, this.random(), failure.retryAfterMs)
      const { lease: _lease, order, heldUntilMs: _held, ...rest } = state
      writing.put(nameStates, name, {
        ...rest,
        ...{ failures, nextMs, why: failure.message.slice(0, 1000), failedMs: now, failedAt: directory },
        ...(failure.isPassing && order && { order }),
        ...(failure.retryAfterMs !== undefined && { heldUntilMs: now + failure.retryAfterMs }),
      })
      // RFC 8555 6.7: the account is made anew at the next try, with the key it has.
      if (failure.kind === 'accountDoesNotExist') {
        const id = accountKeyOf(`${directory} ${externalAccount?.keyId ?? ''}`)
        const account = await writing.get(accounts, id)
        if (account) writing.put(accounts, id, { directory: account.directory, contact: account.contact, sealed: account.sealed, createdMs: account.createdMs })
      }
      const act = before ? 'certificate.renew' : 'certificate.issue'
      await record(writing, {
        act,
        actor: SYSTEM,
        outcome: 'refused',
        code: `acme.${failure.code}`,
        object: { kind: 'certificate', name },
        detail: { directory },
      })
      if (isTold(failures)) await tellFailure(writing, { name, why: failure.message, failures, next: timeOf(nextMs) })
      return { failures, nextMs }
    })
    if (told === undefined) return
    const until = before ? `; the one that is shown ends ${timeOf(before.expiresMs)}` : ''
    warn(`certificate of ${name}: ${failure.message} (try ${told.failures}); tried again ${timeOf(told.nextMs)}${until}`)
  }

  /** Asks the authority when it would have the certificate renewed. What it says can bring the renewal forward, never put it off (RFC 9773 4.2 lets us). */
  private async ask({ directory, trust }: AcmeSettings, name: string): Promise<void> {
    const { store, egress, nowMs, warn } = this.parts
    const before = await store.read((reading) => reading.get(certificates, name))
    if (before === undefined) return
    const now = nowMs()
    const isOurs = before.directory === directory
    const connection = new AcmeConnection(egress, { directory, ...(trust !== undefined && { trust }) }, nowMs, now + TRY_MS)
    const told = isOurs
      ? await suggestion(connection, before.chain, now, this.random()).catch((cause: unknown) => {
          // One certificate that breaks this must not keep all others from their renewal.
          warn(`certificate of ${name}: ${failureOf(cause).message}; it is renewed as its life says`)
          return { askMs: now + ASK_MS }
        })
      : undefined
    await store.write(async (writing) => {
      const record = await writing.get(certificates, name)
      if (record === undefined || record.issuedMs !== before.issuedMs) return
      const { askMs: _, ...rest } = record
      const renewMs = told && 'renewMs' in told ? Math.min(record.renewMs, told.renewMs) : record.renewMs
      writing.put(certificates, name, { ...rest, renewMs, ...(told && { askMs: told.askMs }) })
    })
  }

  private async revoke(settings: AcmeSettings, name: string): Promise<void> {
    const { store, nowMs, record, say, warn } = this.parts
    const before = await store.read((reading) => reading.get(revocations, name))
    if (before === undefined) return
    const isOver = before.expiresMs <= nowMs()
    const outcome = isOver ? 'done' : await this.revoked(settings, before.chain)
    const failure = await store.write(async (writing) => {
      const left = await settleRevocation(writing, name, before, outcome, nowMs(), this.random())
      const event = { act: 'certificate.revoke', actor: SYSTEM, object: { kind: 'certificate', name }, detail: { directory: before.directory } } as const
      if (left) await record(writing, { ...event, outcome: 'refused', code: `acme.${left.code}` })
      else if (!isOver) await record(writing, { ...event, outcome: 'done' })
      return left
    })
    if (failure) warn(`certificate of ${name}: the one before is not revoked yet: ${failure.message}; tried again by itself`)
    else say(`certificate of ${name}: the one before ${isOver ? 'has ended' : 'is revoked'}`)
  }
  private async revoked(settings: AcmeSettings, chain: string): Promise<'done' | AcmeFailure> {
    try {
      const client = await clientFor(this.parts, settings, this.parts.nowMs() + TRY_MS)
      await client.revoke(new X509Certificate(chain).raw, KEY_COMPROMISE)
      return 'done'
    } catch (cause) {
      if (cause instanceof StoreUnavailable || isLeaving(cause)) throw cause
      return failureOf(cause)
    }
  }

  private put(name: string, turn: (state: NameState) => NameState): Promise<void> {
    return this.parts.store.write(async (writing) => {
      const state = await writing.get(nameStates, name)
      if (state) writing.put(nameStates, name, turn(state))
    })
  }
}

/** A fault of ours must not be tried again in a circle either; its message was not written for operators. */
const failureOf = (cause: unknown): AcmeFailure => {
  if (cause instanceof AcmeFailure) return cause
  return new AcmeFailure(
    'broken',
    cause instanceof UnreadableSecret ? cause.message : `the try broke (${cause instanceof Error ? cause.name : 'unknown reason'})`,
  )
}
/** The process ends: the order stays as it is, for whoever comes next. */
const isLeaving = (cause: unknown): boolean => cause instanceof Error && cause.name === 'AbortError'
const timeOf = (ms: number): string => new Date(ms).toISOString()
