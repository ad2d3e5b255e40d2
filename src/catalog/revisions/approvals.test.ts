// Four eyes, as somebody with two of them would try to get round it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Actor } from '../../model/trail-event.ts'
import { approvalsOf, approve } from './approvals.ts'
import type { ProposedChange } from './commit.ts'
import { ada, anyone, api, bob, cleo, consumer, done, fileOf, openapi, person, refusedAs, start } from './conformance/fixtures.ts'
import { ABSENT, changeInDraft, describeDraft, openDraft, readDraft, rebaseDraft } from './drafts.ts'
import { proposalOf } from './publish.ts'
import { rollbackTo } from './rollback.ts'

/** A catalog whose API 'bank' demands two approvals and is made of the document 'd'. */
async function guarded() {
  const all = await start([api('shop')])
  const { store, catalog } = all
  const draft = async (author: Actor, ...changes: ProposedChange[]) =>
    done(await store.write((writing) => openDraft(writing, { id: `draft_${author.id}_${changes.length}`, author, message: 'm', nowMs: 1, changes })))
  const now = async (id: string) => (await store.read((reading) => readDraft(reading, id)))!
  const approved = async (id: string, by: Actor, digest?: string) =>
    store.write(async (writing) => approve(writing, id, by, digest ?? (await readDraft(writing, id))!.digest, 1))
  const publishDraft = async (id: string, mayApprove: (actor: Actor) => boolean = () => true) => {
    const { digest } = await now(id)
    const proposal = done(await store.read((reading) => proposalOf(reading, id, digest)))
    return catalog.publish(proposal, { mayApprove: (_reading, actor) => mayApprove(actor) })
  }
  const first = await draft(ada, api('bank', { approvals: 2, openapi: 'document:d' }), openapi('d', '/x'))
  done(await approved(first.id, bob))
  done(await approved(first.id, cleo))
  done(await publishDraft(first.id))
  return { ...all, draft, now, approved, publishDraft }
}
const BANK = (more: object = {}) => api('bank', { approvals: 2, openapi: 'document:d', ...more })

test('a change needs as many approvals as the API demands, and says how many and for what', async () => {
  const { draft, approved, publishDraft, publish } = await guarded()
  assert.deepEqual(await publish(BANK({ websocket: true })), { refused: 'approvals-needed', given: 0, approvals: 2, apis: ['bank'] })
  const { id } = await draft(ada, BANK({ websocket: true }))
  done(await approved(id, bob))
  assert.deepEqual(await publishDraft(id), { refused: 'approvals-needed', given: 1, approvals: 2, apis: ['bank'] })
  done(await approved(id, bob))
  assert.equal(refusedAs(await publishDraft(id)), 'approvals-needed')
  done(await approved(id, cleo))
  const revision = done(await publishDraft(id))
  assert.deepEqual(revision.approvers, [bob, cleo])
})

test('what the file demands by default holds for every API that says nothing itself, those that are made anew and those that are made to say nothing', async () => {
  const { catalog, publish } = await start([api('shop')])
  await catalog.fileChanged(fileOf([api('shop')], { settings: { approvals: { required: 1 } } }))
  const needed = (...apis: string[]) => ({ refused: 'approvals-needed', given: 0, approvals: 1, apis })
  assert.deepEqual(await publish(api('fresh')), needed('fresh'))
  assert.equal(done(await publish(api('free', { approvals: 0 }))).number > 0, true, 'an API may say that it needs none')
  assert.deepEqual(await publish(api('free', { websocket: true })), needed('free'))
  await catalog.fileChanged(fileOf([api('shop')]))
  done(await publish(api('fresh')))
  await catalog.fileChanged(fileOf([api('shop')], { settings: { approvals: { required: 1 } } }))
  assert.deepEqual(await publish(api('fresh', { approvals: 0 })), needed('fresh'), 'lifting the demand needs it met')
})

test('nobody approves what they wrote, in whole or in part', async () => {
  const { store, draft, approved, publishDraft, now } = await guarded()
  const { id } = await draft(ada, BANK({ websocket: true }))
  assert.equal(refusedAs(await approved(id, ada)), 'own-draft')
  // Ada opens it, Bob writes what is in it, and would approve his own words.
  done(await approved(id, bob))
  done(await store.write((writing) => changeInDraft(writing, id, consumer('acme', 'bank'), { by: bob, nowMs: 1, expected: ABSENT })))
  assert.equal(refusedAs(await approved(id, bob)), 'own-draft')
  done(await approved(id, cleo))
  assert.deepEqual((await now(id)).coauthors, [bob])
  assert.equal(refusedAs(await publishDraft(id)), 'approvals-needed')
})

test('whatever changes a draft voids what was approved', async () => {
  const { store, draft, approved, now } = await guarded()
  const { id } = await draft(ada, BANK({ websocket: true }))
  const ways: [name: string, change: () => Promise<object>][] = [
    ['an object', () => store.write((writing) => changeInDraft(writing, id, consumer('acme', 'bank'), { by: ada, nowMs: 1, expected: ABSENT }))],
    [
      'the message',
      async () =>
        store.write(async (writing) => describeDraft(writing, id, 'harmless', { by: ada, nowMs: 1, expected: (await readDraft(writing, id))!.digest })),
    ],
    ['the base', async () => store.write(async (writing) => rebaseDraft(writing, id, { by: ada, nowMs: 1, expected: (await readDraft(writing, id))!.digest }))],
  ]
  for (const [name, change] of ways) {
    const { digest } = await now(id)
    done(await approved(id, bob))
    done(await change())
    assert.deepEqual(await store.read((reading) => approvalsOf(reading, id)), [], name)
    // Nor can what was seen before be approved now: unless it is the very same again.
    if ((await now(id)).digest !== digest) assert.equal(refusedAs(await approved(id, bob, digest)), 'stale', name)
  }
})

test('only people approve: no token, not the first credential, not the system', async () => {
  const { draft, approved } = await guarded()
  const { id } = await draft(ada, BANK({ websocket: true }))
  for (const kind of ['token', 'admin-token', 'file', 'system', 'anonymous'] as const)
    assert.equal(refusedAs(await approved(id, { kind, id: 'x' })), 'not-a-person', kind)
})

test('who lost the permission since does not count', async () => {
  const { draft, approved, publishDraft } = await guarded()
  const { id } = await draft(ada, BANK({ websocket: true }))
  done(await approved(id, bob))
  done(await approved(id, cleo))
  assert.deepEqual(await publishDraft(id, ({ id: who }) => who !== cleo.id), { refused: 'approvals-needed', given: 1, approvals: 2, apis: ['bank'] })
  done(await publishDraft(id))
})

const roundabouts: [name: string, changes: ProposedChange[]][] = [
  ['lifting the demand', [api('bank', { openapi: 'document:d' })]],
  ['lowering the demand', [BANK({ approvals: 1 })]],
  ['removing the API', [{ kind: 'api', name: 'bank' }]],
  ['changing the document that it is made of', [openapi('d', '/x', '/admin')]],
  [
    'removing the API and its document, to make it anew without the demand',
    [
      { kind: 'api', name: 'bank' },
      { kind: 'document', name: 'd' },
    ],
  ],
  ['taking a part of its path', [api('login', { path: '/bank/login' })]],
  ['taking its path at one host', [api('login', { path: '/', hosts: ['bank.example'] })]],
  ['hiding it among other changes', [api('a'), api('b'), BANK({ websocket: true })]],
]
for (const [name, changes] of roundabouts)
  test(`${name} needs the approvals too`, async () => {
    const { publish } = await guarded()
    assert.equal(refusedAs(await publish(...changes)), 'approvals-needed')
  })

test('a new API that demands approvals needs them at once, and changes of others need none', async () => {
  const { publish } = await guarded()
  assert.equal(refusedAs(await publish(api('vault', { approvals: 1 }))), 'approvals-needed')
  done(await publish(api('a'), consumer('acme', 'a')))
})

test('an API beside it, above it or at its prefix by letters alone takes nothing from it', async () => {
  const { publish } = await guarded()
  done(
    await publish(
      api('b', { path: '/banking' }),
      api('c', { path: '/other/bank' }),
      api('root', { path: '/' }),
      api('host', { path: '/x', hosts: ['a.example'] }),
    ),
  )
})

test('a rollback of a guarded API is no way round', async () => {
  const { store, catalog, draft, approved, publishDraft } = await guarded()
  const { id } = await draft(ada, BANK({ websocket: true }))
  done(await approved(id, bob))
  done(await approved(id, cleo))
  done(await publishDraft(id))
  const proposal = done(await store.read((reading) => rollbackTo(reading, { to: 2, author: ada, nowMs: 1 })))
  assert.equal(refusedAs(await catalog.publish(proposal, anyone)), 'approvals-needed')
  // As a draft it can be looked at by four eyes.
  const { changes, rollback, message, author } = proposal
  const kept = done(await store.write((writing) => openDraft(writing, { id: 'draft_back', author, message, changes, nowMs: 1, ...(rollback && { rollback }) })))
  done(await approved(kept.id, bob))
  done(await approved(kept.id, person('person_dora')))
  assert.equal(done(await publishDraft(kept.id)).rollback?.to, 2)
})

test('an API of the file that the console touches through a version keeps its demand', async () => {
  const { publish } = await start([api('shop', { approvals: 1, versioning: { by: 'path' } }), { kind: 'version', name: 'shop@v1', value: {} }])
  assert.deepEqual(await publish({ kind: 'version', name: 'shop@v2', value: {} }), { refused: 'approvals-needed', given: 0, approvals: 1, apis: ['shop'] })
})

test('a host in another spelling takes requests as well', async () => {
  const { publish } = await start([api('six', { approvals: 1, hosts: ['[::1]', 'bank.example'] })])
  for (const host of ['[0:0:0:0:0:0:0:1]', 'BANK.example'])
    assert.equal(refusedAs(await publish(api('login', { path: '/six/login', hosts: [host] }))), 'approvals-needed', host)
  done(await publish(api('login', { path: '/six/login', hosts: ['[::2]'] })))
})
