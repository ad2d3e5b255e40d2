// The upkeep of the running Gatehouse: signs and brings out checkpoints, sweeps what is over, prunes old revisions, tells of versions that end, and notices that its envelope key was rotated away.
import { dirname, resolve } from 'node:path'
import { hasDueCrl, renewCrls } from '../authority/authorities.ts'
import { forgetEnded } from '../authority/certificates.ts'
import type { Configuration } from '../catalog/resolving/resolve.ts'
import { liveNodes } from '../catalog/revisions/nodes.ts'
import { pruneRevisions } from '../catalog/revisions/pruning.ts'
import { keyUpkeep } from '../directory/dead-keys.ts'
import { forgetRepetitions } from '../management/idempotency.ts'
import { peopleUpkeep } from '../people/upkeep.ts'
import type { Egress } from '../ports/egress.ts'
import type { Store } from '../ports/store.ts'
import type { KeyedEnvelope } from '../secrets/envelope.ts'
import { isStale } from '../secrets/open-envelope.ts'
import { ROTATED } from '../secrets/under-key.ts'
import { checkpointRound, type Outlet } from '../trail/checkpoint-round.ts'
import { parseNoteKey } from '../trail/note-key.ts'
import type { Trail } from '../trail/trail.ts'
import { Tasks } from './tasks.ts'

export interface UpkeepParts {
  readonly store: Store
  readonly trail: Trail
  readonly envelope: KeyedEnvelope
  readonly egress: Egress
  readonly nowMs: () => number
  readonly warn: (line: string) => void
  /** Of the configuration that is live. */
  readonly settings: () => Configuration['settings']
  /** Tells of versions that end, when something is due. */
  readonly announce: () => Promise<void>
  /** The main file, which paths are relative to. */
  readonly file: string
}

const SYSTEM = { kind: 'system', id: 'system' } as const
const LOOK_MS = 1000
const SWEEP_MS = 5 * 60_000
const STALE_MS = 60_000
/** After a restore the lists wait for the first look. */
const CRL_LOOK_MS = 5000
const PRUNE_MS = 60_000
const ANNOUNCE_MS = 60_000
/** More than a transaction and a collection of garbage take. */
const CLOCKS_APART_MS = 5000
const FORGET_MS = 60_000
const FORGOTTEN_AT_ONCE = 1000

export class Upkeep {
  private readonly parts: UpkeepParts
  private readonly tasks: Tasks
  private readonly stopHearing: () => void
  private lastRoundMs: number
  /** What was said of each outlet last: a place that stays out of reach is not told of every time. */
  private readonly said = new Map<string, string>()
  private readonly ahead = new Set<string>()
  private isRetired = false

  constructor(parts: UpkeepParts) {
    this.parts = parts
    this.lastRoundMs = parts.nowMs()
    this.tasks = new Tasks((cause) => parts.warn(`upkeep: ${cause instanceof Error ? cause.message : String(cause)}`))
    this.tasks.every(LOOK_MS, () => this.checkpointWhenDue())
    for (const turn of [peopleUpkeep(parts), keyUpkeep(parts)]) this.tasks.every(SWEEP_MS, async () => void (await turn()))
    this.tasks.every(CRL_LOOK_MS, () => this.renewLists())
    this.tasks.every(SWEEP_MS, () => this.forgetCertificates())
    this.tasks.every(STALE_MS, () => this.look())
    this.tasks.every(STALE_MS, () => this.compareClocks())
    this.tasks.every(PRUNE_MS, () => this.prune())
    this.tasks.every(ANNOUNCE_MS, parts.announce)
    this.tasks.every(FORGET_MS, () => this.forget())
    this.stopHearing = parts.store.onChange(() => void this.look().catch(() => {}))
  }

  /** Ends what runs, and begins nothing more. */
  async close(): Promise<void> {
    this.stopHearing()
    await this.tasks.close()
  }

  /** What is remembered of requests with an idempotency key. */
  async forget(): Promise<void> {
    const { store, nowMs } = this.parts
    await store.write((writing) => forgetRepetitions(writing, nowMs(), FORGOTTEN_AT_ONCE))
  }

  /** Lists of revoked certificates, before they run out. */
  async renewLists(): Promise<void> {
    const { store, envelope, nowMs } = this.parts
    if (await store.read((reading) => hasDueCrl(reading, nowMs()))) await store.write((writing) => renewCrls(writing, envelope, nowMs()))
  }

  private async forgetCertificates(): Promise<void> {
    const { store, nowMs } = this.parts
    let after: string | undefined
    do after = await store.write((writing) => forgetEnded(writing, nowMs(), FORGOTTEN_AT_ONCE, after))
    while (after !== undefined)
  }

  private async checkpointWhenDue(): Promise<void> {
    const { nowMs, settings } = this.parts
    if (nowMs() - this.lastRoundMs < settings().checkpoints.every) return
    this.lastRoundMs = nowMs()
    await this.checkpoint()
  }

  /** One round, whenever the last one was. */
  async checkpoint(): Promise<void> {
    const { store, trail, egress, settings, file, nowMs, warn } = this.parts
    const outlets = outletsOf(settings().checkpoints, dirname(file))
    const { outcomes } = await checkpointRound(store, trail, egress, outlets, nowMs())
    for (const [i, outcome] of outcomes.entries()) {
      const { kind } = outlets[i]!
      const saying = typeof outcome === 'string' ? '' : 'failed' in outcome ? `failed: ${outcome.failed}` : `refused: ${outcome.refused}`
      if (saying !== '' && this.said.get(kind) !== saying) warn(`the checkpoint of the trail did not reach its ${kind}, ${saying}`)
      this.said.set(kind, saying)
    }
  }

  /** Told by the node whose clock is behind: what others wrote lies in its future. Ends of sessions, schedules and codes go by these clocks. */
  async compareClocks(): Promise<void> {
    const { store, nowMs, warn } = this.parts
    const now = nowMs()
    for (const { id, atMs } of await store.read((reading) => liveNodes(reading, now))) {
      if (atMs <= now + CLOCKS_APART_MS || this.ahead.has(id)) continue
      this.ahead.add(id)
      warn(`the clock of ${id} is at least ${Math.round((atMs - now) / 1000)} s ahead of the clock here: let both be set by NTP`)
    }
  }

  /** One turn. What goes stands in the trail, with the setting that it went by. */
  async prune(): Promise<void> {
    const { store, trail, nowMs, settings } = this.parts
    const { revisions } = settings().retention
    if (!revisions) return
    await pruneRevisions(store, revisions, nowMs(), async (writing, { from, through }) => {
      const detail = { from, through, keptForMs: revisions.for, newest: revisions.newest }
      await trail.append(
        writing,
        { act: 'catalog.prune', actor: SYSTEM, outcome: 'done', object: { kind: 'revision', name: String(through) }, detail },
        nowMs(),
      )
    })
  }

  private async look(): Promise<void> {
    const { store, envelope, warn } = this.parts
    if (this.isRetired || !(await store.read((reading) => isStale(reading, envelope)))) return
    this.isRetired = true
    envelope.retire(ROTATED)
    warn(`the envelope key ${envelope.keyId} was rotated by another node: nothing can be changed here until this one is started anew with the new key`)
  }
}

export function outletsOf({ file, webhook, witness }: Configuration['settings']['checkpoints'], folder: string): readonly Outlet[] {
  const outlets: Outlet[] = []
  if (file !== undefined) outlets.push({ kind: 'file', path: resolve(folder, file) })
  if (webhook !== undefined) outlets.push({ kind: 'webhook', url: webhook })
  if (witness) outlets.push({ kind: 'witness', url: witness.url, key: parseNoteKey(witness.key)! })
  return outlets
}
