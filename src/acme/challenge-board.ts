// The challenges that are pending, by whichever node: taken out of the store, handed to the gateway threads, and marked as answered here.
import { type AcmeChallenges, NO_CHALLENGES, type TlsChallenge } from '../model/acme.ts'
import { SCAN_LIMIT_MAX, type Store } from '../ports/store.ts'
import { proofCertificate } from './made-certificates.ts'
import { type ChallengeRecord, challenges } from './records.ts'

export interface BoardParts {
  readonly store: Store
  readonly nodeId: string
  readonly nowMs: () => number
  /** Resolves when every gateway thread of this process answers these and no others. */
  readonly answer: (challenges: AcmeChallenges) => Promise<void>
  /** The other processes that share the store. */
  readonly liveNodes: () => Promise<readonly string[]>
  readonly pause: (ms: number) => Promise<void>
}
export type NewChallenge = Omit<ChallengeRecord, 'untilMs' | 'servedBy'>

/** Longer than any try. */
const KEPT_MS = 15 * 60_000
/** A node that does not answer by then may be one that nobody reaches: the server finds out. */
const OTHERS_MS = 10_000
const OTHERS_STEP_MS = 250

export class ChallengeBoard {
  private readonly parts: BoardParts
  private readonly proofs = new Map<string, TlsChallenge>()
  private answered = JSON.stringify(NO_CHALLENGES)
  /** When the first of those that are answered is to be forgotten. */
  private overMs = Number.POSITIVE_INFINITY
  private turn: Promise<unknown> = Promise.resolve()

  constructor(parts: BoardParts) {
    this.parts = parts
  }

  /** Puts a challenge up; resolves when all gateway threads of all nodes answer it, as far as they are heard of. */
  async put(challenge: NewChallenge): Promise<void> {
    const { store, nowMs, liveNodes, pause } = this.parts
    await store.write(async (writing) => writing.put(challenges, challenge.host, { ...challenge, untilMs: nowMs() + KEPT_MS, servedBy: [] }))
    await this.takeUp()
    for (let waitedMs = 0; waitedMs < OTHERS_MS; waitedMs += OTHERS_STEP_MS) {
      const [record, nodes] = [await store.read((reading) => reading.get(challenges, challenge.host)), await liveNodes()]
      if (nodes.every((node) => record?.servedBy.includes(node))) return
      await pause(OTHERS_STEP_MS)
    }
  }
  /** Takes it down again: what is proved, or given up, is answered no longer. */
  async remove(host: string): Promise<void> {
    await this.parts.store.write(async (writing) => writing.remove(challenges, host))
    await this.takeUp()
  }

  /** Whether something is answered for too long, as after the death of who put it up: nobody tells of that. */
  get isOverdue(): boolean {
    return this.overMs <= this.parts.nowMs()
  }

  /** Answers what is in the store. One at a time, so that an older look never replaces a newer one. */
  takeUp(): Promise<void> {
    const mine = this.turn.then(() => this.look())
    this.turn = mine.catch(() => {})
    return mine
  }

  private async look(): Promise<void> {
    const { store, nodeId, nowMs, answer } = this.parts
    const all = (await store.read((reading) => reading.scan(challenges, { limit: SCAN_LIMIT_MAX }))).map(({ value }) => value)
    const pending = all.filter(({ untilMs }) => untilMs > nowMs())
    const wanted = await this.challengesOf(pending)
    const text = JSON.stringify(wanted)
    if (text !== this.answered) {
      await answer(wanted)
      this.answered = text
    }
    this.overMs = Math.min(...pending.map(({ untilMs }) => untilMs))
    const over = all.filter(({ untilMs }) => untilMs <= nowMs())
    const unmarked = pending.filter(({ servedBy }) => !servedBy.includes(nodeId))
    if (over.length + unmarked.length === 0) return
    await store.write(async (writing) => {
      for (const { host } of over) writing.remove(challenges, host)
      for (const { host, token } of unmarked) {
        const now = await writing.get(challenges, host)
        if (now?.token === token) writing.put(challenges, host, { ...now, servedBy: [...now.servedBy, nodeId] })
      }
    })
  }

  private async challengesOf(pending: readonly ChallengeRecord[]): Promise<AcmeChallenges> {
    const http = pending.filter(({ type }) => type === 'http-01').map(({ host, token, authorization }) => ({ host, token, authorization }))
    const proved = new Map<string, TlsChallenge>()
    for (const { host, authorization } of pending.filter(({ type }) => type === 'tls-alpn-01')) {
      const key = `${host} ${authorization}`
      proved.set(key, this.proofs.get(key) ?? (await proofCertificate(host, authorization, this.parts.nowMs())))
    }
    this.proofs.clear()
    for (const [key, proof] of proved) this.proofs.set(key, proof)
    return { http, tls: [...proved.values()] }
  }
}
