// What operators do all day, each as one act with its entry in the trail in one transaction: as the journey of a request does it.
import { Secret } from '../../src/base/secret.ts'
import { discardDraft, listDrafts, openDraft } from '../../src/catalog/revisions/drafts.ts'
import { pruneRevisions } from '../../src/catalog/revisions/pruning.ts'
import { proposalOf } from '../../src/catalog/revisions/publish.ts'
import type { Revision } from '../../src/catalog/revisions/records.ts'
import { rollbackTo } from '../../src/catalog/revisions/rollback.ts'
import { readHead } from '../../src/catalog/revisions/state.ts'
import { createConsumer, removeConsumer } from '../../src/directory/consumers.ts'
import { createKey, revokeKey, rotateKey } from '../../src/directory/keys.ts'
import { createTeam } from '../../src/directory/teams.ts'
import type { Actor } from '../../src/model/trail-event.ts'
import { EVERYTHING } from '../../src/people/grants.ts'
import { mintToken } from '../../src/people/machine-tokens.ts'
import { momentOf } from '../../src/people/means.ts'
import { invitePerson } from '../../src/people/people.ts'
import type { Writing } from '../../src/ports/store.ts'
import { putSecret } from '../../src/secrets/named-secrets.ts'
import { ADMIN_TOKEN, type House } from './house.ts'

const ADA: Actor = { kind: 'person', id: 'person_ada' }

/** What was done, for whoever looks whether it is there: the act, and the thing's name. */
export interface Did {
  readonly act: string
  readonly name: string
}
type Outcome = object | undefined

/** Throws when an act is refused that nothing stands against: the tests' own mistake, or a half change that was left. */
function whole<T extends Outcome>(outcome: T): Exclude<T, { readonly refused: unknown } | undefined> {
  if (outcome === undefined || 'refused' in outcome) throw new Error(`refused: ${JSON.stringify(outcome)}`)
  return outcome as Exclude<T, { readonly refused: unknown } | undefined>
}

/** The acts of one house. `tag` makes names that nobody took. */
export class Acts {
  private readonly house: House
  private readonly tag: string
  private count = 0

  constructor(house: House, tag: string) {
    this.house = house
    this.tag = tag
  }

  get kinds(): readonly Kind[] {
    return KINDS
  }
  async do(kind: Kind): Promise<Did> {
    const name = `${this.tag}-${this.count++}`
    return this[kind](name)
  }

  private get means() {
    const { services, nowMs } = this.house.plane
    return { services, by: { by: ADA.id, nowMs: nowMs() }, digests: { digests: services.directory.digests }, file: services.directory.file }
  }
  /** One transaction: the work, and the entry that names what came of it. */
  private async act(act: string, kind: string, work: (writing: Writing) => Promise<{ readonly name: string; readonly detail?: object }>): Promise<Did> {
    const { plane } = this.house
    const name = await plane.store.write(async (writing) => {
      const { name, detail } = await work(writing)
      const told = { object: { kind, name }, ...(detail && { detail: { ...detail } }), personal: { address: '127.0.0.1' } }
      await plane.record(writing, { act, actor: ADA, outcome: 'done', ...told })
      return name
    })
    return { act, name }
  }

  private team(name: string): Promise<Did> {
    return this.act('team.create', 'team', async (w) => whole(await createTeam(w, this.means.by, name, { title: name, members: [], contacts: [] })))
  }
  private async consumer(name: string): Promise<Did> {
    const { by, file } = this.means
    return this.act('consumer.create', 'consumer', async (w) => {
      if (!(await w.get({ name: 'team' }, 'keepers'))) whole(await createTeam(w, by, 'keepers', { title: 'Keepers', members: [], contacts: [] }))
      return whole(await createConsumer(w, by, file, name, { title: name, team: 'keepers', subscriptions: { apples: { state: 'active' } } }))
    })
  }
  /** Through the listener, as the command line does it. */
  private async keyByRequest(name: string): Promise<Did> {
    await this.consumer(name)
    const { status, json, short } = await this.house.client.send('POST', `/api/v1/consumers/${name}/keys`, { as: ADMIN_TOKEN, body: { label: 'x' } })
    if (status !== 201) throw new RefusedByListener(short)
    return { act: 'key.create', name: (json!['key'] as { readonly id: string }).id }
  }
  /** Makes, replaces and revokes keys: three acts. */
  private async keys(name: string): Promise<Did> {
    const { by, digests, file } = this.means
    await this.consumer(name)
    let id = ''
    await this.act('key.create', 'key', async (w) => {
      const { key } = whole(await createKey(w, digests, by, file, name))
      id = key.id
      return { name: id, detail: { consumer: name } }
    })
    await this.act('key.rotate', 'key', async (w) => {
      const { key } = whole(await rotateKey(w, digests, by, id, { overlapMs: 3_600_000 }))
      return { name: key.id, detail: { consumer: name, replaces: id } }
    })
    return this.act('key.revoke', 'key', async (w) => ({ name: whole(await revokeKey(w, by, id, 'for the test')).id }))
  }
  private async removal(name: string): Promise<Did> {
    const { by, digests, file } = this.means
    await this.consumer(name)
    await this.act('key.create', 'key', async (w) => ({ name: whole(await createKey(w, digests, by, file, name)).key.id, detail: { consumer: name } }))
    return this.act('consumer.remove', 'consumer', async (w) => whole(await removeConsumer(w, by, file, name)))
  }
  private async draft(name: string): Promise<Did & { readonly digest: string }> {
    let digest = ''
    const did = await this.act('draft.create', 'draft', async (w) => {
      const changes = ['a', 'b', 'c'].map((part) => apiOf(`${name}-${part}`))
      const made = whole(await openDraft(w, { id: `draft_${name}`, author: ADA, message: `makes ${name}`, nowMs: this.means.by.nowMs, changes }))
      digest = made.digest
      return { name: made.id }
    })
    return { ...did, digest }
  }
  private async publishDraft(name: string): Promise<Did> {
    const { name: id, digest } = await this.draft(name)
    const { catalog, plane } = this.house
    const proposal = whole(await plane.store.read((reading) => proposalOf(reading, id, digest)))
    return this.published(
      'draft.publish',
      whole(await catalog.publish(proposal, { mayApprove: () => true, within: this.within('draft.publish', { draft: id }) })),
    )
  }
  private async discard(name: string): Promise<Did> {
    const { name: id, digest } = await this.draft(name)
    return this.act('draft.discard', 'draft', async (w) => ({ name: whole(await discardDraft(w, id, digest)).discarded.id }))
  }
  private async publish(name: string): Promise<Did> {
    const { catalog, plane } = this.house
    const { revision: base } = await plane.store.read(readHead)
    const changes = [
      documentOf(name),
      apiOf(`${name}-a`),
      { kind: 'api', name: `${name}-b`, value: { path: `/${name}/b`, upstream: 'http://b.example', public: true } },
    ]
    const outcome = await catalog.publish(
      { author: ADA, message: `direct ${name}`, base, changes },
      { mayApprove: () => true, within: this.within('api.publish') },
    )
    return this.published('api.publish', whole(outcome))
  }
  /** To how it was before the last revision, unless there is none. */
  private async rollback(name: string): Promise<Did> {
    const { catalog, plane } = this.house
    const { revision } = await plane.store.read(readHead)
    const proposal = whole(await plane.store.read((reading) => rollbackTo(reading, { to: Math.max(1, revision - 1), author: ADA, nowMs: plane.nowMs() })))
    const outcome = await catalog.publish(proposal, { mayApprove: () => true, within: this.within('revision.rollback') })
    return 'refused' in outcome && outcome.refused === 'nothing-changes' ? this.publish(name) : this.published('revision.rollback', whole(outcome))
  }
  /** Everything but what is live, once no draft needs it. */
  private async prune(name: string): Promise<Did> {
    const { plane, catalog } = this.house
    for (const { id, digest } of await plane.store.read((reading) => listDrafts(reading, 200)))
      await this.act('draft.discard', 'draft', async (w) => ({ name: whole(await discardDraft(w, id, digest)).discarded.id }))
    const published = await this.publish(name)
    await catalog.beat()
    const pruned = await pruneRevisions(plane.store, { for: 0, newest: 1 }, plane.nowMs() + 1, async (writing, { through }) => {
      await plane.record(writing, { act: 'catalog.prune', actor: ADA, outcome: 'done', object: { kind: 'revision', name: String(through) } })
    })
    return pruned ? { act: 'catalog.prune', name: String(pruned.through) } : published
  }
  private within(act: string, detail?: object) {
    return async (writing: Writing, { number }: Revision): Promise<void> => {
      const object = { kind: 'revision', name: String(number) }
      await this.house.plane.record(writing, { act, actor: ADA, outcome: 'done', object, ...(detail && { detail: { ...detail } }) })
    }
  }
  private published = (act: string, { number }: Revision): Did => ({ act, name: String(number) })

  private secret(name: string): Promise<Did> {
    const { services, by } = this.means
    return this.act('secret.put', 'secret', async (w) => whole(await putSecret(w, services.envelope, { ...by, name, value: new Secret(`value of ${name}`) })))
  }
  private invitation(name: string): Promise<Did> {
    const { services } = this.means
    const holder = { actor: ADA, permissions: EVERYTHING, ownTeams: [] }
    const input = { name, mail: `${name}@example.org`, roles: ['viewer'], teams: [] }
    return this.act('person.invite', 'person', async (w) => ({ name: whole(await invitePerson(w, momentOf(services.people), holder, input)).person.id }))
  }
  private token(name: string): Promise<Did> {
    const { services, by } = this.means
    // A person has at most 100 tokens: each test's own person has them.
    const actor = { kind: 'person', id: `person_${name}` } as const
    const holder = { actor, permissions: EVERYTHING, ownTeams: [], recentAuth: true } as const
    const input = { name, permissions: ['trail:read'], expiresAtMs: by.nowMs + 3_600_000 }
    const { people } = services
    return this.act('token.create', 'token', async (w) => ({ name: whole(await mintToken(w, momentOf(people), people.key, holder, input)).token.id }))
  }
}

/** What the listener answered in place of done. */
export class RefusedByListener extends Error {
  readonly short: string
  constructor(short: string) {
    super(short)
    this.short = short
  }
}

const documentOf = (name: string) => ({
  kind: 'document',
  name: 'shared',
  value: `openapi: 3.1.0\ninfo: { title: ${name}, version: "1" }\npaths: { /a: { get: {} } }\n`,
})
const apiOf = (name: string) => ({ kind: 'api', name, value: { path: `/${name}`, upstream: 'http://x.example', public: true } })

export const KINDS = [
  ...(['team', 'consumer', 'keyByRequest', 'keys', 'removal', 'draft', 'publishDraft', 'discard'] as const),
  ...(['publish', 'rollback', 'prune', 'secret', 'invitation', 'token'] as const),
] as const
export type Kind = (typeof KINDS)[number]
