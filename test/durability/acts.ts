// What operators do all day, by the management API over HTTP: each act and its entry in the trail are one transaction.
import { listDrafts } from '../../src/catalog/revisions/drafts.ts'
import { pruneRevisions } from '../../src/catalog/revisions/pruning.ts'
import { readHead } from '../../src/catalog/revisions/state.ts'
import { EVERYTHING } from '../../src/people/grants.ts'
import { mintToken } from '../../src/people/machine-tokens.ts'
import { momentOf } from '../../src/people/means.ts'
import type { Told } from '../management/control-client.ts'
import { ADMIN_TOKEN } from '../management/surroundings.ts'
import type { House } from './house.ts'

/** What was done, for whoever looks whether it is there: the act, and the thing's name. */
export interface Did {
  readonly act: string
  readonly name: string
}
/** The acts of one house. `tag` makes names that nobody took; `acknowledged` hears of each single act when it is answered. */
export class Acts {
  private readonly house: House
  private readonly tag: string
  private readonly acknowledged: (did: Did) => void
  private count = 0

  constructor(house: House, tag: string, acknowledged: (did: Did) => void = () => {}) {
    this.house = house
    this.tag = tag
    this.acknowledged = acknowledged
  }

  async do(kind: Kind): Promise<Did> {
    const name = `${this.tag}-${this.count++}`
    return this[kind](name)
  }

  /** As the command line and the console do it. Answers what was told, or throws what it was refused with. */
  private async ask(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Told> {
    const told = await this.house.client.send(method, `/api/v1${path}`, { as: ADMIN_TOKEN, headers, ...(body && { body }) })
    if (told.status >= 300) throw new RefusedByListener(told)
    return told
  }

  private done(act: string, name: string): Did {
    const did = { act, name }
    this.acknowledged(did)
    return did
  }

  private published = (act: string, { json }: Told): Did => this.done(act, String(json!['number']))

  private async team(name: string): Promise<Did> {
    await this.ask('POST', '/teams', { name, title: name })
    return this.done('team.create', name)
  }
  /** With a team of its own. */
  private async consumer(name: string): Promise<Did> {
    await this.team(name)
    await this.ask('POST', '/consumers', { name, title: name, team: name, subscriptions: [{ api: 'apples' }] })
    return this.done('consumer.create', name)
  }
  private async key(name: string): Promise<Did> {
    await this.consumer(name)
    const { json } = await this.ask('POST', `/consumers/${name}/keys`, { label: 'x' })
    return this.done('key.create', (json!['key'] as { readonly id: string }).id)
  }
  /** Makes, replaces and revokes a key: three acts. */
  private async keys(name: string): Promise<Did> {
    const { name: id } = await this.key(name)
    await this.ask('POST', `/keys/${id}/rotate`, { overlapSeconds: 3600 }, ANY_STATE)
    this.done('key.rotate', id)
    await this.ask('POST', `/keys/${id}/revoke`, { why: 'for the test' }, ANY_STATE)
    return this.done('key.revoke', id)
  }
  private async removal(name: string): Promise<Did> {
    await this.key(name)
    await this.ask('DELETE', `/consumers/${name}`, undefined, ANY_STATE)
    return this.done('consumer.remove', name)
  }
  private async draft(name: string): Promise<Did> {
    const { json } = await this.ask('POST', '/drafts', { message: `makes ${name}` })
    const id = String(json!['id'])
    const did = this.done('draft.create', id)
    for (const part of [`${name}-a`, `${name}-b`]) {
      await this.ask('PUT', `/drafts/${id}/objects/api/${part}`, { value: apiOf(part) }, { 'if-match': '"absent"' })
      this.done('draft.put', id)
    }
    return did
  }
  private async publishDraft(name: string): Promise<Did> {
    const { name: id } = await this.draft(name)
    return this.published('draft.publish', await this.ask('POST', `/drafts/${id}/publish`, {}, ANY_STATE))
  }
  private async discard(name: string): Promise<Did> {
    const { name: id } = await this.draft(name)
    await this.ask('DELETE', `/drafts/${id}`, undefined, ANY_STATE)
    return this.done('draft.discard', id)
  }
  private async publish(name: string): Promise<Did> {
    // Each publication replaces the text of one document: what nobody refers to any more is pruned.
    const documents = { shared: `openapi: 3.1.0\ninfo: { title: ${name}, version: "1" }\npaths: { /a: { get: {} } }\n` }
    const text = JSON.stringify({ gatehouse: 1, documents, apis: { [`${name}-a`]: apiOf(`${name}-a`), [`${name}-b`]: apiOf(`${name}-b`) } })
    return this.published('catalog.apply', await this.ask('POST', '/catalog/apply', { text, message: `direct ${name}` }))
  }
  /** To how it was before the last revision, unless that changes nothing or is not known any more. */
  private async rollback(name: string): Promise<Did> {
    // Looked up by the room: what the admin token reads stands in the trail too, now and then.
    const { revision: number } = await this.house.plane.store.read(readHead)
    try {
      return this.published('catalog.roll-back', await this.ask('POST', `/revisions/${Math.max(1, number - 1)}/roll-back`, {}))
    } catch (cause) {
      if (cause instanceof RefusedByListener && /\.(?:nothing-changes|pruned|unknown)$/.test(cause.short)) return this.publish(name)
      throw cause
    }
  }

  /** Everything but what is live, once no draft needs it: by the room, as upkeep does it. */
  private async prune(name: string): Promise<Did> {
    const { plane, catalog } = this.house
    for (const { id } of await plane.store.read((reading) => listDrafts(reading, 200))) {
      await this.ask('DELETE', `/drafts/${id}`, undefined, ANY_STATE)
      this.done('draft.discard', id)
    }
    const last = await this.publish(name)
    await catalog.beat()
    const pruned = await pruneRevisions(plane.store, { for: 0, newest: 1 }, plane.nowMs() + 1, async (writing, { through }) => {
      const object = { kind: 'revision', name: String(through) }
      await plane.record(writing, { act: 'catalog.prune', actor: { kind: 'system', id: 'system' }, outcome: 'done', object })
    })
    return pruned ? this.done('catalog.prune', String(pruned.through)) : last
  }

  private async secret(name: string): Promise<Did> {
    await this.ask('PUT', `/secrets/${name}`, { value: `value of ${name}` }, { 'if-match': '"absent"' })
    return this.done('secret.put', name)
  }
  private async invitation(name: string): Promise<Did> {
    const { json } = await this.ask('POST', '/people', { name, mail: `${name}@example.org`, roles: ['viewer'], teams: [] })
    return this.done('person.invite', (json!['person'] as { readonly id: string }).id)
  }
  /** By the room itself: only a person who is signed in makes one. A person has at most 100, so that each has one of their own. */
  private async token(name: string): Promise<Did> {
    const { plane } = this.house
    const { people } = plane.services
    const actor = { kind: 'person', id: `person_${name}` } as const
    const holder = { actor, permissions: EVERYTHING, ownTeams: [], recentAuth: true } as const
    const id = await plane.store.write(async (writing) => {
      const minted = await mintToken(writing, momentOf(people), people.key, holder, {
        name,
        permissions: ['trail:read'],
        expiresAtMs: plane.nowMs() + 3_600_000,
      })
      if ('refused' in minted) throw new Error(minted.refused)
      await plane.record(writing, { act: 'token.mint', actor, outcome: 'done', object: { kind: 'token', name: minted.token.id } })
      return minted.token.id
    })
    return this.done('token.mint', id)
  }
}

/** What the listener answered in place of done. */
export class RefusedByListener extends Error {
  readonly short: string
  constructor({ short, body }: Told) {
    super(`${short}: ${body}`)
    this.short = short
  }
}

const ANY_STATE = { 'if-match': '*' }
const apiOf = (name: string): object => ({ path: `/${name}`, upstream: 'http://x.example', public: true })

export const KINDS = [
  ...(['team', 'consumer', 'key', 'keys', 'removal', 'draft', 'publishDraft', 'discard'] as const),
  ...(['publish', 'rollback', 'prune', 'secret', 'invitation', 'token'] as const),
] as const
export type Kind = (typeof KINDS)[number]
