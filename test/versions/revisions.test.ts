// Versions and virtual patches of the console: drafted, published, rolled back, exported, held to four eyes, and closed where they cannot be used.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import type { Configuration } from '../../src/catalog/resolving/resolve.ts'
import { approve } from '../../src/catalog/revisions/approvals.ts'
import type { CatalogOptions } from '../../src/catalog/revisions/catalog-publishing.ts'
import { resolveClosing } from '../../src/catalog/revisions/closing.ts'
import type { ProposedChange } from '../../src/catalog/revisions/commit.ts'
import { ada, anyone, api, bob, done, fileOf, openapi, openCatalog, refusedAs } from '../../src/catalog/revisions/conformance/fixtures.ts'
import { ConsoleDocuments } from '../../src/catalog/revisions/console-document.ts'
import { openDraft } from '../../src/catalog/revisions/drafts.ts'
import { exportText, readApplied } from '../../src/catalog/revisions/export.ts'
import { fileObjects } from '../../src/catalog/revisions/file-objects.ts'
import type { CatalogObject } from '../../src/catalog/revisions/kinds.ts'
import { planOf } from '../../src/catalog/revisions/plan.ts'
import { proposalOf } from '../../src/catalog/revisions/publish.ts'
import { rollbackTo } from '../../src/catalog/revisions/rollback.ts'
import { objectsOfState, readHead, readState } from '../../src/catalog/revisions/state.ts'
import { policies } from '../../src/policies/index.ts'

const START = Date.UTC(2026, 10, 23)
const DAY = 86_400_000
const version = (name: string, value: object = {}): CatalogObject => ({ kind: 'version', name, value })
const patch = (name: string, more: object = {}): CatalogObject => ({
  kind: 'patch',
  name,
  value: { api: 'bank', policy: 'ip-filter', config: { deny: ['203.0.113.0/24'] }, expires: '2026-11-24', reason: 'A hole.', ...more },
})
const BANK = api('bank', { versioning: { by: 'path' } })

async function open(file: readonly CatalogObject[], options: Partial<CatalogOptions> & { store?: MemoryStore } = {}) {
  const { store = new MemoryStore(), ...rest } = options
  const lives: Configuration[] = []
  const clock = { nowMs: START }
  const { catalog } = await openCatalog(store, fileOf(file), {
    policies,
    nowMs: () => clock.nowMs,
    live: async (configuration) => void lives.push(configuration),
    ...rest,
  })
  const base = async () => (await store.read(readHead)).revision
  const publish = async (...changes: readonly ProposedChange[]) => catalog.publish({ author: ada, message: 'm', base: await base(), changes }, anyone)
  const rollback = async (to: number) => {
    const made = await store.read((reading) => rollbackTo(reading, { to, author: ada, nowMs: clock.nowMs }))
    return catalog.publish(done(made), anyone)
  }
  const owned = () => store.read(async (reading) => objectsOfState(reading, await readState(reading, 'console')))
  return { store, catalog, lives, clock, publish, rollback, owned }
}
const served = ({ snapshot }: Configuration): string[] =>
  snapshot.apis.map(({ name, path, routes, anyPath }) => `${name} ${path} ${anyPath || routes.length > 0 ? 'open' : 'closed'}`)
const policiesOf = ({ snapshot }: Configuration, name: string): string[] =>
  snapshot.apis.find((each) => each.name === name)!.policySets.flatMap((set) => set.map(({ policy }) => policy))

describe('versions and patches are objects of the catalog', () => {
  test('a version is described by a document of the catalog, be its API the file’s or the console’s', async () => {
    const { catalog, publish } = await open([api('shop', { versioning: { query: 'v' } }), version('shop@v1', { methods: ['GET'] })])
    done(await publish(BANK, version('bank@v1', { openapi: 'document:d' }), openapi('d', '/a', '/b'), version('shop@v2', { openapi: 'document:d' })))
    assert.deepEqual(served(catalog.configuration), ['bank@v1 /bank/v1 open', 'shop@v1 /shop open', 'shop@v2 /shop open'])
    assert.deepEqual(
      catalog.configuration.snapshot.apis.find(({ name }) => name === 'bank@v1')!.routes.map(({ operation }) => operation),
      ['GET /a', 'GET /b'],
    )
    assert.deepEqual(
      catalog.configuration.snapshot.fronts?.map(({ versions }) => versions.map(({ name }) => name)),
      [['v1', 'v2']],
    )
  })

  const forbidden: [name: string, object: CatalogObject, code: string, place: string][] = [
    ['a file as its description', version('bank@v2', { openapi: './a.yaml' }), 'console-file', 'openapi'],
    ['a document that is not there', version('bank@v2', { openapi: 'document:e' }), 'unknown-document', 'openapi'],
    ['a private upstream', version('bank@v2', { upstream: 'http://10.0.0.1' }), 'private-upstream', 'upstream'],
    ['a canary to a private upstream', version('bank@v2', { canary: { upstream: 'http://10.0.0.1', share: '1%' } }), 'private-upstream', 'canary.upstream'],
    ['a secret of the environment', version('bank@v2', { policies: { later: { key: { env: 'HOME' } } } }), 'console-reference', 'policies.later.key'],
  ]
  for (const [name, object, code, place] of forbidden)
    test(`a version of the console may not have ${name}`, async () => {
      const { publish } = await open([])
      const outcome = await publish(BANK, version('bank@v1'), object)
      assert.ok('refused' in outcome && outcome.refused === 'invalid')
      assert.ok(
        outcome.faults.some((fault) => fault.code === code && fault.place === `console:version/bank@v2:${place}`),
        JSON.stringify(outcome.faults),
      )
    })

  test('a version that both owners have is owned twice', async () => {
    const { publish } = await open([BANK, version('bank@v1')])
    const outcome = await publish(version('bank@v1', { methods: ['GET'] }))
    assert.ok('refused' in outcome && outcome.refused === 'invalid')
    assert.deepEqual(
      outcome.faults.map(({ code, place }) => `${code} ${place}`),
      ['owned-twice console:version/bank@v1:'],
    )
  })

  test('an export holds both, reads as what it was made of, and a version of the file with its document', async () => {
    const objects = [BANK, version('bank@v1', { openapi: 'document:d' }), version('bank@v2'), patch('hole'), openapi('d', '/a')]
    const text = exportText(objects)
    assert.match(text, /^versions:\n {2}bank:\n {4}v1:\n {6}openapi: document:d\n {4}v2: \{\}$/m)
    const applied = readApplied(text, 'export.yaml')
    assert.ok('objects' in applied)
    assert.equal(exportText(applied.objects), text)
    assert.equal(planOf(objects, [], applied.objects, true).differs, false)
    const written = fileObjects(fileOf([...objects, version('bank@v3', { openapi: './bank.yaml' })])).objects
    assert.deepEqual(written.find(({ name }) => name === 'bank@v3')?.value, { openapi: 'document:bank.yaml' })
  })

  test('a rollback brings a version back, and a patch only while it is in force', async () => {
    const { publish, rollback, owned, clock } = await open([])
    done(await publish(BANK, version('bank@v1'), version('bank@v2'), patch('hole'), patch('gap', { expires: '2027-01-01' })))
    done(await publish({ kind: 'version', name: 'bank@v2' }, { kind: 'patch', name: 'hole' }, { kind: 'patch', name: 'gap' }))
    clock.nowMs += DAY
    const revision = done(await rollback(1))
    assert.deepEqual(revision.rollback, { to: 1, left: [{ kind: 'patch', name: 'hole', why: 'ended' }] })
    assert.deepEqual((await owned()).map(({ kind, name }) => `${kind}/${name}`).sort(), ['api/bank', 'patch/gap', 'version/bank@v1', 'version/bank@v2'])
  })
})

describe('time', () => {
  test('what has ended by the clock goes out of what is served, and is drift until it is taken out', async () => {
    const { catalog, publish, lives, clock, store } = await open([])
    done(await publish(BANK, version('bank@v1'), patch('hole')))
    assert.deepEqual(policiesOf(catalog.configuration, 'bank@v1'), ['ip-filter'])
    assert.equal(catalog.configuration.changesAtMs, START + DAY)
    clock.nowMs += DAY - 1
    await catalog.timePassed()
    assert.equal(lives.length, 1)
    clock.nowMs += 1
    await catalog.timePassed()
    assert.equal(lives.length, 2)
    assert.deepEqual([policiesOf(catalog.configuration, 'bank@v1'), policiesOf(lives.at(-1)!, 'bank@v1')], [[], []])
    const drift = await store.read((reading) => catalog.drift(reading))
    assert.deepEqual(
      drift.map(({ what, kind, name }) => `${what} ${kind}/${name}`),
      ['ended patch/hole'],
    )
    await catalog.close()
  })

  test('what cannot be made live is told, and the configuration before stays', async () => {
    const told: string[] = []
    let isWell = true
    const live = async (): Promise<void> => {
      if (!isWell) throw new Error('no thread answers')
    }
    const { catalog, publish, clock } = await open([], { live, told: ({ what, reasons }) => void told.push(`${what} ${reasons.join()}`) })
    done(await publish(BANK, version('bank@v1'), patch('hole')))
    clock.nowMs += DAY
    isWell = false
    await catalog.timePassed()
    assert.deepEqual(policiesOf(catalog.configuration, 'bank@v1'), ['ip-filter'])
    isWell = true
    await catalog.timePassed()
    assert.deepEqual(policiesOf(catalog.configuration, 'bank@v1'), [])
    assert.deepEqual(told, ['published ', 'console-refused no thread answers', 'published '])
    await catalog.close()
  })
})

describe('four eyes of an API', () => {
  const GUARDED = api('bank', { versioning: { by: 'path' }, approvals: 1, policySets: ['s'] })
  const SET: CatalogObject = { kind: 'policy-set', name: 's', value: { policies: { 'request-size': { body: '1KiB' } } } }
  const START_WITH = [GUARDED, SET, version('bank@v1', { openapi: 'document:d' }), openapi('d', '/a'), patch('hole', { expires: '2027-01-01' })]
  async function guarded() {
    const all = await open([])
    const { store, catalog } = all
    const draft = done(await store.write((writing) => openDraft(writing, { id: 'draft_1', author: ada, message: 'm', nowMs: 1, changes: START_WITH })))
    done(await store.write((writing) => approve(writing, draft.id, bob, draft.digest, 1)))
    done(await catalog.publish(done(await store.read((reading) => proposalOf(reading, draft.id, draft.digest))), anyone))
    return all
  }

  const roundabouts: [name: string, ...changes: ProposedChange[]][] = [
    ['changing a version', version('bank@v1', { openapi: 'document:d', public: true })],
    ['adding a version', version('bank@v2')],
    ['changing the document of a version', openapi('d', '/a', '/admin')],
    ['changing a set that its versions inherit', { ...SET, value: { policies: { 'request-size': { body: '9KiB' } } } }],
    ['taking a patch away', { kind: 'patch', name: 'hole' }],
    ['weakening a patch', patch('hole', { expires: '2027-01-01', mode: 'monitor' })],
    ['letting a patch end earlier', patch('hole', { expires: '2026-12-01' })],
    ['adding a patch', patch('more', { expires: '2027-01-01' })],
    ['putting another API below a version', api('login', { path: '/bank/v1/login' })],
    ['putting a version of another API below one of its own', api('other', { path: '/bank/v1', versioning: { by: 'path' } }), version('other@login')],
    ['putting a version of another API at one host', api('other', { path: '/', hosts: ['bank.example'], versioning: { by: 'path' } }), version('other@bank')],
  ]
  for (const [name, ...changes] of roundabouts)
    test(`cover ${name}`, async () => {
      const { publish } = await guarded()
      assert.deepEqual(await publish(...changes), { refused: 'approvals-needed', given: 0, approvals: 1, apis: ['bank'] })
    })

  test('do not cover what touches none of its versions', async () => {
    const { publish } = await guarded()
    const other = [api('other', { versioning: { by: 'path' } }), version('other@v1'), patch('else', { api: 'other' })]
    done(await publish(...other, api('beside', { path: '/bank/v2' }), patch('hole', { expires: '2027-01-01', reason: 'Another word.' })))
  })

  test('cover which version is the one of requests that name none', async () => {
    const all = await open([api('shop', { versioning: { query: 'v' }, approvals: 1 }), version('shop@v1')])
    assert.equal(refusedAs(await all.publish(version('shop@v2'))), 'approvals-needed')
  })
})

describe('a start with a file that versions and patches do not go with', () => {
  async function restarted(published: readonly CatalogObject[], before: readonly CatalogObject[], after: readonly CatalogObject[], nowMs = START) {
    const store = new MemoryStore()
    const first = await open(before, { store })
    done(await first.publish(...published))
    await first.catalog.close()
    const second = await open(after, { store, nowMs: () => nowMs })
    await second.catalog.close()
    return second.catalog.configuration
  }
  const SET: CatalogObject = { kind: 'policy-set', name: 's', value: { policies: {} } }
  const root = api('root', { path: '/' })

  test('a version keeps its place with nothing behind it, and the others are served', async () => {
    const all = [root, BANK, version('bank@v1')]
    const found = await restarted([version('bank@v2', { policySets: ['s'] })], [...all, SET], all)
    assert.deepEqual(served(found), ['bank@v1 /bank/v1 open', 'bank@v2 /bank/v2 closed', 'root  open'])
  })

  test('so do the versions of an API that is closed itself', async () => {
    const published = [api('bank', { versioning: { by: 'path' }, policySets: ['s'] }), version('bank@v1')]
    const found = await restarted(published, [root, SET], [root])
    assert.deepEqual(served(found), ['bank /bank closed', 'bank@v1 /bank/v1 closed', 'root  open'])
  })

  test('a version behind a front is unknown to the front', async () => {
    const all = [api('shop', { versioning: { query: 'v' } }), version('shop@v1')]
    const found = await restarted([version('shop@v2', { policySets: ['s'] })], [...all, SET], all)
    assert.deepEqual(
      found.snapshot.fronts?.map(({ versions }) => versions.map(({ name }) => name)),
      [['v1']],
    )
  })

  const lists = { kind: 'address-list', name: 'l', value: ['203.0.113.0/24'] }
  const all = [BANK, version('bank@v1', { canary: { upstream: 'http://other.example', share: '1%' } }), version('bank@v2'), api('other')]
  const unusable = (more: object = {}) => patch('hole', { config: { deny: ['l'] }, ...more })

  test('a patch that cannot be used takes all versions of its API down with it, and until it ends', async () => {
    const closed = ['bank@v1 /bank/v1 closed', 'bank@v1~canary /bank/v1 closed', 'bank@v2 /bank/v2 closed', 'other /other open']
    const found = await restarted([unusable()], [...all, lists], all)
    assert.deepEqual([served(found), found.changesAtMs], [closed, START + DAY])
    const later = await restarted([unusable()], [...all, lists], all, START + DAY)
    assert.ok(served(later).every((each) => each.endsWith(' open')))
  })

  test('a patch of one version takes that one down', async () => {
    const found = await restarted([unusable({ version: 'v2' })], [...all, lists], all)
    assert.deepEqual(
      served(found).filter((each) => each.endsWith('closed')),
      ['bank@v2 /bank/v2 closed'],
    )
  })

  test('a patch that has ended takes nothing down, whatever is wrong with it', () => {
    const closing = resolveClosing(fileOf(all), [patch('hole', { mode: 'loose' })], { policies, nowMs: START + DAY, cores: 1 }, new ConsoleDocuments())
    assert.ok(closing.ok)
    assert.deepEqual(
      closing.closed.map(({ key }) => key),
      ['patch/hole'],
    )
    assert.ok(served(closing.configuration).every((each) => each.endsWith(' open')))
  })

  test('an API is open again when the patch that it was closed for has ended', async () => {
    const store = new MemoryStore()
    const first = await open([...all, lists], { store })
    done(await first.publish(unusable()))
    await first.catalog.close()
    const { catalog, clock, lives } = await open(all, { store })
    assert.ok(served(catalog.configuration).some((each) => each.endsWith('closed')))
    clock.nowMs += DAY
    await catalog.timePassed()
    assert.ok(served(lives.at(-1)!).every((each) => each.endsWith(' open')))
    await catalog.close()
  })
})
