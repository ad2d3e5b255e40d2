// Tells of versions that end: webhooks of each occasion once, and the teams of those who still call, each consumer once, with what records that they were told.

import { getConsumer } from '../directory/consumers.ts'
import { getTeam } from '../directory/teams.ts'
import { callersOf } from '../directory/usage-book.ts'
import { type Announcement, announce, CALLER_FOR_MS, type LivingVersion, occasionsAt, versionNews } from '../lifecycle/announcements.ts'
import type { Services } from '../management/plane.ts'
import type { Store, Writing } from '../ports/store.ts'

export interface AnnouncingParts {
  readonly store: Store
  readonly nowMs: () => number
  /** As they are live now. */
  readonly versions: () => readonly LivingVersion[]
  readonly tell: Services['tell']
}

/** Who begins to call what is on its way out is told within so long. */
const AGAIN_MS = 3_600_000
/** Callers in one transaction. */
const CALLERS_MAX = 200

interface Looked {
  readonly occasions: string
  readonly atMs: number
}

export class Announcing {
  private readonly parts: AnnouncingParts
  /** By version: what was due when its callers were looked at last, so that nothing is read while nothing changes. */
  private looked: ReadonlyMap<string, Looked> = new Map()

  constructor(parts: AnnouncingParts) {
    this.parts = parts
  }

  /** Tells what is due. When it rejects, what was not told is due again. */
  async look(): Promise<void> {
    const { nowMs, versions } = this.parts
    const now = nowMs()
    const looked = new Map<string, Looked>()
    for (const version of versions()) {
      const occasions = occasionsAt(version.schedule, now).map(({ key }) => key)
      if (occasions.length === 0) continue
      const before = this.looked.get(version.api)
      const isSame = before?.occasions === occasions.join() && now < before.atMs + AGAIN_MS
      if (!isSame) await this.tellOf(version, now)
      looked.set(version.api, isSame ? before : { occasions: occasions.join(), atMs: now })
    }
    this.looked = looked
  }

  private async tellOf(version: LivingVersion, nowMs: number): Promise<void> {
    const { store, tell } = this.parts
    const callers = await store.read((reading) => callersOf(reading, version.api, nowMs - CALLER_FOR_MS))
    await store.write(async (writing) => {
      for (const { kind, api, atMs, untilMs } of await versionNews(writing, version, nowMs))
        await tell(writing, { event: `version.${kind}`, data: { api, ...moments(atMs, untilMs), callers: callers.length } })
    })
    for (let at = 0; at < callers.length; at += CALLERS_MAX) {
      const some = callers.slice(at, at + CALLERS_MAX)
      await store.write(async (writing) => {
        for (const each of await announce(writing, [version], some, nowMs)) await this.tellTeam(writing, each)
      })
    }
  }

  /** A consumer of the file, or one that no team answers for, has nobody to be told: the webhooks know how many call. */
  private async tellTeam(writing: Writing, announcement: Announcement): Promise<void> {
    const { kind, api, consumer, atMs, untilMs, calls, lastCallMs, subject, text } = announcement
    const name = (await getConsumer(writing, consumer))?.team
    const team = name === undefined ? undefined : await getTeam(writing, name)
    if (!team || team.contacts.length === 0) return
    const data = { api, consumer, ...moments(atMs, untilMs), calls, lastCall: new Date(lastCallMs).toISOString() }
    await this.parts.tell(writing, { event: `version.${kind}`, data, team: team.name, contacts: team.contacts, contactsOnly: true, subject, text })
  }
}

const moments = (atMs: number, untilMs: number | undefined): { readonly at: string; readonly until?: string } => ({
  at: new Date(atMs).toISOString(),
  ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }),
})
