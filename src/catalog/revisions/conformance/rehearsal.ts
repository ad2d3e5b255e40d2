// Plays acts on the catalog and on the model, and compares what came of them and everything that can be seen afterwards.
import assert from 'node:assert/strict'
import type { Store } from '../../../ports/store.ts'
import { approve } from '../approvals.ts'
import type { CatalogPublishing } from '../catalog-publishing.ts'
import type { ProposedChange } from '../commit.ts'
import { ABSENT, changeInDraft, discardDraft, listDrafts, objectInDraft, openDraft, readDraft, rebaseDraft } from '../drafts.ts'
import { exportText, readApplied } from '../export.ts'
import { findRevision, stateAt } from '../history.ts'
import { type CatalogObject, keyOf, type ObjectKey } from '../kinds.ts'
import { changesOfPlan, planOf } from '../plan.ts'
import { pruneRevisions } from '../pruning.ts'
import { type Proposal, type PublishRefusal, prepare, proposalOf } from '../publish.ts'
import type { Draft } from '../records.ts'
import { rollbackTo } from '../rollback.ts'
import { objectsOfState, readHead, readState, type State } from '../state.ts'
import type { Act } from './acts.ts'
import { fileOf, openCatalog, person } from './fixtures.ts'
import { CatalogModel, type ModelDraft, type Objects } from './model.ts'

const NOW = 1_000_000

export class Rehearsal {
  private readonly store: Store
  private readonly model = new CatalogModel()
  private readonly count: (outcome: string) => void
  private readonly demoted = new Set<string>()
  private catalog: CatalogPublishing
  private names = 0
  /** ETags of drafts as they once were. */
  private readonly old = new Map<string, string>()

  private constructor(store: Store, catalog: CatalogPublishing, count: (outcome: string) => void) {
    this.store = store
    this.catalog = catalog
    this.count = count
  }
  static async start(store: Store, count: (outcome: string) => void): Promise<Rehearsal> {
    return new Rehearsal(store, (await openCatalog(store, fileOf([]))).catalog, count)
  }
  end(): Promise<void> {
    return this.catalog.close()
  }

  async play(act: Act): Promise<void> {
    const [real, wanted] = await this.both(act)
    assert.equal(real, wanted, `${act.act} came out otherwise`)
    if (real !== undefined) this.count(`${act.act === 'change' ? 'publish' : act.act} ${real.split(' ')[0]}`)
  }

  private async both(act: Act): Promise<[real: string | undefined, wanted: string | undefined]> {
    switch (act.act) {
      case 'open':
        return this.open(act.by)
      case 'put':
      case 'remove':
        return this.put(act)
      case 'approve':
        return this.approve(act)
      case 'demote':
        this.demoted.add(act.who)
        return [undefined, undefined]
      case 'validate':
        return this.validate(act.draft)
      case 'discard':
        return this.discard(act.draft)
      case 'rebase':
        return this.rebase(act.draft, act.by)
      case 'publish':
        return this.publish(act.draft, act.late)
      case 'change': {
        const change = act.isRemoval ? { kind: act.object.kind, name: act.object.name } : act.object
        const base = Math.max(0, this.model.head - act.behind)
        const proposal = { author: person(act.by), message: 'm', base, changes: [change] }
        return [await this.outcome(proposal), this.model.publish(base, new Map([[keyOf(change), act.isRemoval ? undefined : act.object]]))]
      }
      case 'rollback':
        return this.rollback(act.revision === 0 ? this.model.head + 1 : 1 + (act.revision % Math.max(1, this.model.head)))
      case 'apply':
        return this.apply(act.objects, act.prune)
      case 'edit':
        await this.catalog.fileChanged(fileOf(act.objects))
        this.model.editFile(mapOf(act.objects))
        this.count(this.model.waiting ? 'edit waiting' : 'edit live')
        return [undefined, undefined]
      case 'prune':
        return this.prune(act.newest)
      case 'restart':
        return this.restart()
    }
  }

  private async open(by: string): Promise<[string, string]> {
    if (this.model.drafts.size >= 3) return ['done', 'done']
    const id = `draft_${this.names++}`
    const made = await this.store.write((writing) => openDraft(writing, { id, author: person(by), message: 'm', nowMs: NOW }))
    this.model.drafts.set(id, { id, author: by, editors: new Set([by]), base: this.model.head, changes: new Map(), approvals: new Set() })
    return [said(made), 'done']
  }

  private async put(act: Extract<Act, { act: 'put' | 'remove' }>): Promise<[string | undefined, string | undefined]> {
    const draft = this.draft(act.draft)
    if (!draft) return [undefined, undefined]
    const key = keyOf(act.object)
    const change: ProposedChange = act.act === 'put' ? act.object : { kind: act.object.kind, name: act.object.name }
    const seen = await this.store.read((reading) => objectInDraft(reading, draft.id, key))
    const isLate = act.act === 'put' && act.late
    const expected = isLate ? (seen.digest === ABSENT ? 'f'.repeat(64) : ABSENT) : seen.digest
    await this.remember(draft)
    const real = await this.store.write((writing) => changeInDraft(writing, draft.id, change, { by: person(act.by), nowMs: NOW, expected }))
    return [said(real), this.putInModel(draft, act, key, isLate)]
  }
  private putInModel(draft: ModelDraft, act: Extract<Act, { act: 'put' | 'remove' }>, key: ObjectKey, isLate: boolean): string {
    const { console, file } = this.model.now
    if (file.has(key)) return 'owned-by-file'
    const now = draft.changes.has(key) ? draft.changes.get(key) : console.get(key)
    if (act.act === 'remove' && !now) return 'unknown-object'
    if (isLate) return 'stale'
    if (act.act === 'put') draft.changes.set(key, act.object)
    else if (console.has(key)) draft.changes.set(key, undefined)
    else draft.changes.delete(key)
    draft.editors.add(act.by)
    draft.approvals.clear()
    return 'done'
  }

  private async approve(act: Extract<Act, { act: 'approve' }>): Promise<[string | undefined, string | undefined]> {
    const draft = this.draft(act.draft)
    if (!draft) return [undefined, undefined]
    const expected = await this.etag(draft, act.late)
    const real = await this.store.write((writing) => approve(writing, draft.id, person(act.by), expected, NOW))
    const isStale = expected !== (await this.etag(draft, false))
    const wanted = draft.editors.has(act.by) ? 'own-draft' : isStale ? 'stale' : 'done'
    if (wanted === 'done') draft.approvals.add(act.by)
    return [said(real), wanted]
  }

  private async validate(of: number): Promise<[string | undefined, string | undefined]> {
    const draft = this.draft(of)
    if (!draft) return [undefined, undefined]
    const expected = await this.etag(draft, false)
    const proposal = await this.store.read((reading) => proposalOf(reading, draft.id, expected))
    assert.ok(!('refused' in proposal))
    const prepared = await this.store.read((reading) => prepare(reading, proposal))
    if ('refused' in prepared) return [undefined, undefined]
    const next = new Map(this.model.now.console)
    for (const [key, object] of draft.changes)
      if (object) next.set(key, object)
      else next.delete(key)
    return [this.catalog.try(prepared.after).faults.length > 0 ? 'invalid' : 'done', this.model.isValid(next, this.model.now.file) ? 'done' : 'invalid']
  }

  private async discard(of: number): Promise<[string | undefined, string | undefined]> {
    const draft = this.draft(of)
    if (!draft) return [undefined, undefined]
    const expected = await this.etag(draft, false)
    const real = await this.store.write((writing) => discardDraft(writing, draft.id, expected))
    this.model.drafts.delete(draft.id)
    return [said(real), 'done']
  }

  private async rebase(of: number, by: string): Promise<[string | undefined, string | undefined]> {
    const draft = this.draft(of)
    if (!draft) return [undefined, undefined]
    const expected = await this.etag(draft, false)
    await this.remember(draft)
    const real = await this.store.write((writing) => rebaseDraft(writing, draft.id, { by: person(by), nowMs: NOW, expected }))
    draft.base = this.model.head
    draft.editors.add(by)
    draft.approvals.clear()
    return [said(real), 'done']
  }

  private async publish(of: number, isLate: boolean): Promise<[string | undefined, string | undefined]> {
    const draft = this.draft(of)
    if (!draft) return [undefined, undefined]
    const expected = await this.etag(draft, isLate)
    const isStale = expected !== (await this.etag(draft, false))
    const proposal = await this.store.read((reading) => proposalOf(reading, draft.id, expected))
    const real = 'refused' in proposal ? said(proposal) : await this.outcome(proposal)
    const approvers = [...draft.approvals].filter((who) => !this.demoted.has(who) && !draft.editors.has(who)).length
    const wanted = isStale ? 'stale' : this.model.publish(draft.base, draft.changes, { approvers })
    if (wanted === 'done') this.model.drafts.delete(draft.id)
    return [real, wanted]
  }

  private async rollback(to: number): Promise<[string, string]> {
    const proposal = await this.store.read((reading) => rollbackTo(reading, { to, author: person('person_ada'), nowMs: NOW }))
    return ['refused' in proposal ? proposal.refused : await this.outcome(proposal), this.model.rollback(to)]
  }

  private async prune(newest: number): Promise<[string, string]> {
    await this.catalog.beat()
    const pruned = await pruneRevisions(this.store, { for: 0, newest }, NOW, async () => {})
    return [pruned ? `done ${pruned.from} ${pruned.through}` : 'nothing', this.model.prune(newest)]
  }

  private async apply(objects: readonly CatalogObject[], prune: boolean): Promise<[string, string]> {
    const applied = readApplied(exportText(objects), 'applied')
    assert.ok('objects' in applied)
    const owned = await this.owned('console')
    const plan = planOf(owned, this.catalog.fileObjects, applied.objects, prune)
    const proposal = { author: person('person_ada'), message: 'm', base: this.model.head, changes: changesOfPlan(plan, applied.objects) }
    return [plan.refused ? 'refused' : await this.outcome(proposal), this.model.apply(mapOf(objects), prune)]
  }

  /** Only when file and console go together: what else a restart does has tests of its own. */
  private async restart(): Promise<[undefined, undefined]> {
    if (this.model.waiting) return [undefined, undefined]
    await this.catalog.close()
    this.catalog = (await openCatalog(this.store, fileOf([...this.model.now.file.values()]))).catalog
    return [undefined, undefined]
  }

  private async outcome(proposal: Proposal): Promise<string> {
    const outcome = await this.catalog.publish(proposal, { mayApprove: (_reading, { id }) => !this.demoted.has(id) })
    if (!('refused' in outcome)) return 'done'
    if (outcome.refused === 'conflict') return `conflict ${[...outcome.objects].sort().join(' ')}`
    return outcome.refused === 'approvals-needed' ? `approvals-needed ${outcome.approvals}` : outcome.refused
  }

  /** Everything that can be seen of both is the same. */
  async compare(): Promise<void> {
    const { model } = this
    const { now } = model
    assert.equal((await this.store.read(readHead)).revision, model.head)
    assert.deepEqual(mapOf(await this.owned('console')), now.console)
    assert.deepEqual(mapOf(await this.owned('file')), now.file)
    assert.deepEqual(mapOf(this.catalog.fileObjects), now.file)
    const drafts = await this.store.read((reading) => listDrafts(reading, 100))
    assert.deepEqual(
      drafts.map(({ id, base, changes }) => `${id} ${base} ${changes}`).sort(),
      [...model.drafts.values()].map(({ id, base, changes }) => `${id} ${base} ${changes.size}`).sort(),
    )
    const live = this.catalog.configuration.snapshot.apis.map(({ name, path }) => `${name} ${path}`)
    const apis = [...now.console.values(), ...now.file.values()].filter(({ kind }) => kind === 'api')
    assert.deepEqual(live, apis.map(({ name, value }) => `${name} ${(value as { path: string }).path}`).sort())
    await this.compareDrift()
  }

  private async compareDrift(): Promise<void> {
    const { waiting, now, notRolledBack } = this.model
    const wanted = [...notRolledBack].map((key) => `not-rolled-back ${key}`)
    if (waiting)
      wanted.push('file-refused undefined/undefined', ...[...waiting.keys()].filter((key) => now.console.has(key)).map((key) => `owned-twice ${key}`))
    const drift = await this.store.read((reading) => this.catalog.drift(reading))
    for (const { what } of drift) this.count(`drift ${what}`)
    assert.deepEqual(drift.map(({ what, kind, name }) => `${what} ${kind}/${name}`).sort(), wanted.sort())
  }

  /** Every revision that was not pruned can still be looked at as it was. */
  async compareHistory(): Promise<void> {
    for (const [number, { console, file }] of this.model.revisions.entries()) {
      if (number === 0) continue
      const revision = await this.store.read((reading) => findRevision(reading, number))
      if (number <= this.model.pruned) {
        assert.deepEqual(revision, { refused: 'pruned-revision' })
        continue
      }
      assert.ok(!('refused' in revision))
      const past = await this.store.read((reading) => stateAt(reading, revision))
      const objects = (state: State) => this.store.read((reading) => objectsOfState(reading, state))
      assert.deepEqual([mapOf(await objects(past.console)), mapOf(await objects(past.file))], [console, file])
    }
  }

  private owned(owner: 'console' | 'file'): Promise<CatalogObject[]> {
    return this.store.read(async (reading) => objectsOfState(reading, await readState(reading, owner)))
  }
  private draft(of: number): ModelDraft | undefined {
    const all = [...this.model.drafts.values()]
    return all[of % Math.max(1, all.length)]
  }
  private async etag({ id }: ModelDraft, isLate: boolean): Promise<string> {
    const { digest } = (await this.store.read((reading) => readDraft(reading, id))) as Draft
    return isLate ? (this.old.get(id) ?? 'never') : digest
  }
  private async remember(draft: ModelDraft): Promise<void> {
    this.old.set(draft.id, await this.etag(draft, false))
  }
}

const said = (outcome: object): string => ('refused' in outcome ? String((outcome as PublishRefusal).refused) : 'done')
const mapOf = (objects: readonly CatalogObject[]): Objects =>
  new Map(objects.map((object) => [keyOf(object), object] as const).sort(([a], [b]) => (a < b ? -1 : 1)))
