// Certificates by ACME in the running Gatehouse: follows the store, answers challenges on all gateway threads, orders and renews, and has listeners show what came.
import { setTimeout as after } from 'node:timers/promises'
import { ChallengeBoard } from '../acme/challenge-board.ts'
import { Holdings } from '../acme/holdings.ts'
import { Keeper, type KeeperParts } from '../acme/keeper.ts'
import { Loop } from '../acme/loop.ts'
import { certificates, challenges, hurry, nameStates, readStates } from '../acme/records.ts'
import { revocations } from '../acme/revocation.ts'
import type { AcmeSettings } from '../acme/settings.ts'
import { liveNodes } from '../catalog/revisions/nodes.ts'
import type { Services } from '../management/plane.ts'
import type { AcmeChallenges } from '../model/acme.ts'
import type { Egress } from '../ports/egress.ts'
import type { AcmeCounts } from '../telemetry/measures.ts'
import type { Foundations } from './foundations.ts'
import type { Voice } from './voice.ts'

export interface CertificateParts {
  readonly foundations: Foundations
  readonly nodeId: string
  readonly nowMs: () => number
  readonly voice: Voice
}
/** What is there once traffic is served. */
export interface ServingParts {
  readonly egress: Egress
  /** As it is live now. */
  readonly settings: () => AcmeSettings | undefined
  readonly secret: KeeperParts['secret']
  /** Resolves when every gateway thread answers these. */
  readonly answer: (challenges: AcmeChallenges) => Promise<void>
  /** Resolves when every gateway thread shows what `holdings` has. */
  readonly show: () => Promise<void>
  readonly tell: Services['tell']
}

const MAIL_SUBJECT_MAX = 200

export class CertificateUpkeep {
  readonly holdings: Holdings
  private readonly parts: CertificateParts
  /** While an order waits for its server, the end of the process does not. */
  private readonly leaving = new AbortController()
  private following: Loop | undefined
  private keeping: Loop | undefined
  private stopHearing = (): void => {}
  private sequence = 0
  private isShown = true
  private turn: Promise<unknown> = Promise.resolve()
  private settings: () => AcmeSettings | undefined = () => undefined

  private constructor(parts: CertificateParts, holdings: Holdings) {
    this.parts = parts
    this.holdings = holdings
  }

  /** Reads what the store has, before anything is served with it. */
  static async open(parts: CertificateParts): Promise<CertificateUpkeep> {
    const { store, envelope } = parts.foundations
    const holdings = await Holdings.open(store, envelope, parts.nowMs)
    for (const name of holdings.unusable) parts.voice.warn(`the certificate of ${name} in the store cannot be used: it is ordered anew`)
    if (holdings.unusable.length > 0) await store.write(async (writing) => void (await Promise.all(holdings.unusable.map((name) => hurry(writing, name)))))
    return new CertificateUpkeep(parts, holdings)
  }

  start(serving: ServingParts): void {
    const { foundations, nodeId, nowMs, voice } = this.parts
    const say = (line: string): void => voice.say(line)
    const warn = (line: string): void => voice.warn(line)
    const { store, envelope, storeKind, trail } = foundations
    const pause = (ms: number): Promise<void> => after(ms, undefined, { ref: false, signal: this.leaving.signal })
    const others = async (): Promise<readonly string[]> => {
      const live = await store.read((reading) => liveNodes(reading, nowMs()))
      return live.map(({ id }) => id).filter((id) => id !== nodeId && storeKind === 'postgres')
    }
    const board = new ChallengeBoard({ store, nodeId, nowMs, pause, answer: serving.answer, liveNodes: others })
    const keeper = new Keeper({
      ...{ store, envelope, board, nodeId, nowMs, pause, say, warn },
      ...{ egress: serving.egress, settings: serving.settings, secret: serving.secret },
      isShared: storeKind === 'postgres',
      changed: () => this.follow(board, serving.show),
      record: async (writing, event) => void (await trail.append(writing, event, nowMs())),
      tellFailure: (writing, { name, why, failures, next }) =>
        serving.tell(writing, {
          event: 'certificate.failed',
          data: { name, why, failures, next },
          subject: `No certificate for ${name}`.slice(0, MAIL_SUBJECT_MAX),
        }),
    })
    this.settings = serving.settings
    for (const name of this.waiting) warn(`${name} has no certificate yet: until ACME brings one, clients are shown one that nobody believes`)
    const trouble = (cause: unknown): void => {
      if (!this.leaving.signal.aborted) warn(`certificates by ACME: ${cause instanceof Error ? cause.message : String(cause)}`)
    }
    const longest = Number.POSITIVE_INFINITY
    this.following = new Loop({ trouble, work: async () => this.follow(board, serving.show).then(() => longest) })
    this.keeping = new Loop({ trouble, work: async () => ((await keeper.round()).nextDueMs ?? longest) - nowMs() })
    this.stopHearing = store.onChange(() => this.following?.wake())
  }

  /** The configuration is another, and so may be the names. */
  wake(): void {
    this.keeping?.wake()
  }

  /** Names whose listeners have nothing to show that anybody believes. */
  get waiting(): readonly string[] {
    return (this.settings()?.names ?? []).filter((name) => this.holdings.find(name) === undefined)
  }
  /** For the metrics page. */
  async counts(): Promise<readonly AcmeCounts[]> {
    if (this.settings() === undefined) return []
    return (await this.parts.foundations.store.read(readStates)).map(({ name, failures }) => ({ name, failures }))
  }

  /** Ends orders under way where they stand: the next start goes on with them. */
  async close(): Promise<void> {
    this.stopHearing()
    this.leaving.abort()
    await Promise.all([this.following?.stop(), this.keeping?.stop()])
  }

  /** What others, or this process, put into the store since the last look. One at a time. */
  private follow(board: ChallengeBoard, show: () => Promise<void>): Promise<void> {
    const mine = this.turn.then(() => this.look(board, show))
    this.turn = mine.catch(() => {})
    return mine
  }
  private async look(board: ChallengeBoard, show: () => Promise<void>): Promise<void> {
    const { store } = this.parts.foundations
    const { sequence, changes } = await store.changes(this.sequence)
    const isOf = (name: string): boolean => changes === undefined || changes.some(({ collection }) => collection === name)
    if (isOf(challenges.name) || board.isOverdue) await board.takeUp()
    if (isOf(certificates.name) && (await this.holdings.reload())) this.isShown = false
    this.sequence = sequence
    if ([nameStates, certificates, revocations].some(({ name }) => isOf(name))) this.keeping?.wake()
    if (this.isShown) return
    await show()
    this.isShown = true
  }
}
