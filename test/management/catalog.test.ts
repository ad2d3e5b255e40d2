// The catalog over the management API: what is published is in the trail or not at all, owners reach their own and no way round leads to others.
import assert from 'node:assert/strict'
import { Secret } from '../../src/base/secret.ts'
import { CatalogPublishing } from '../../src/catalog/revisions/catalog-publishing.ts'
import { sourcesOf } from '../../src/catalog/revisions/conformance/fixtures.ts'
import { readDraft } from '../../src/catalog/revisions/drafts.ts'
import { readHead } from '../../src/catalog/revisions/state.ts'
import { createConsumer } from '../../src/directory/consumers.ts'
import { getPerson, putPerson } from '../../src/people/person.ts'
import { putSecret } from '../../src/secrets/named-secrets.ts'
import { readEntry, readHead as readTrailHead } from '../../src/trail/records.ts'
import { anyState, api, approveAs, draftOf, openapi, pruned, published, tokenWithout } from './catalog-house.ts'
import { type Asker, FILE, inWorld, type World } from './world.ts'

const revision = async ({ store }: World): Promise<number> => (await store.read(readHead)).revision
const lastActs = (made: World, count: number) =>
  made.store.read(async (reading) => {
    const { size } = (await readTrailHead(reading))!
    return Promise.all(Array.from({ length: count }, (_, i) => readEntry(reading, size - count + i)))
  })

/** Puts an object into a draft as somebody: the answer in short. */
async function put(made: World, asker: Asker, draft: string, { kind, name, value }: ReturnType<typeof api>, state = 'absent'): Promise<string> {
  const headers = { 'if-match': state === '*' ? '*' : `"${state}"` }
  return (await made.as(asker, 'PUT', `/drafts/${draft}/objects/${kind}/${name}`, { headers, body: { value } })).short
}
async function open(made: World, asker: Asker): Promise<string> {
  const answer = await made.as(asker, 'POST', '/drafts', { body: { message: 'a change' } })
  assert.equal(answer.short, '201')
  return (answer.json as { id: string }).id
}
const publish = (made: World, asker: Asker, draft: string, headers: Record<string, string> = {}) =>
  made.as(asker, 'POST', `/drafts/${draft}/publish`, { headers: { ...anyState, ...headers }, body: {} })

inWorld('what is published and its entry in the trail are one: neither without the other', async (made) => {
  const draft = await draftOf(made, [api('cherries', 'reds')])
  const { record } = made.plane
  Object.assign(made.plane, { record: () => Promise.reject(new Error('the trail is full')) })
  assert.equal((await publish(made, 'ada', draft.id)).short, '500 management.broken')
  assert.equal(made.reports.splice(0).length, 1)
  assert.equal(await revision(made), 1)
  assert.ok(await made.store.read((reading) => readDraft(reading, draft.id)))
  assert.ok(!made.catalog.configuration.snapshot.apis.some(({ name }) => name === 'cherries'))
  Object.assign(made.plane, { record })
  assert.equal((await publish(made, 'ada', draft.id)).short, '200')
  assert.ok(
    made.catalog.configuration.snapshot.apis.some(({ name }) => name === 'cherries'),
    'it is live when it is answered',
  )
  const [entry] = await lastActs(made, 1)
  assert.deepEqual([entry?.act, entry?.object, entry?.outcome], ['draft.publish', { kind: 'revision', name: '2' }, 'done'])
})

inWorld('a publication that is refused is in the trail as that', async (made) => {
  const draft = await draftOf(made, [api('vault', 'reds', { approvals: 1 })])
  assert.equal((await publish(made, 'ada', draft.id)).short, '409 drafts.approvals-needed')
  const [entry] = await lastActs(made, 1)
  assert.deepEqual([entry?.act, entry?.outcome, entry?.code], ['draft.publish', 'refused', 'drafts.approvals-needed'])
})

inWorld('one idempotency key publishes once, however often and however much at once it is sent', async (made) => {
  const draft = await draftOf(made, [api('cherries', 'reds')])
  const answers = await Promise.all(Array.from({ length: 6 }, () => publish(made, 'ada', draft.id, { 'idempotency-key': 'once' })))
  const again = await publish(made, 'ada', draft.id, { 'idempotency-key': 'once' })
  assert.equal(await revision(made), 2)
  assert.equal(again.short, '200')
  const done = answers.filter(({ short }) => short === '200')
  assert.ok(done.length >= 1)
  for (const { body } of done) assert.equal(body, again.body)
  for (const { short } of answers) assert.match(short, /^(?:200|404 management\.unknown|412 management\.stale)$/)
})

inWorld('two requests with one idempotency key at once are one act, even one that could be done twice', async (made) => {
  const apis = { ...FILE.apis, newcomer: { path: '/newcomer', upstream: 'http://newcomer.example', public: true } }
  await made.catalog.fileChanged(sourcesOf(JSON.stringify({ ...FILE, apis })))
  assert.equal(await revision(made), 2)
  const back = () => made.as('owner', 'POST', '/revisions/1/roll-back', { headers: { 'idempotency-key': 'back' }, body: {} })
  let asked = 0
  // The first is not done before the second has looked whether it was.
  Object.assign(made.plane.services.catalog, {
    publish: async (...given: Parameters<typeof made.catalog.publish>) => {
      asked++
      while (asked < 2) await new Promise((resolve) => setImmediate(resolve))
      return CatalogPublishing.prototype.publish.apply(made.catalog, given)
    },
  })
  const [one, two] = await Promise.all([back(), back()])
  assert.deepEqual([one.short, two.short, one.body], ['200', '200', two.body])
  assert.deepEqual(one.json?.['left'], [{ kind: 'api', name: 'newcomer', why: 'file-owned' }])
  assert.equal(await revision(made), 3)
})

inWorld('an API owner changes, publishes and removes their own, with the documents that only these refer to', async (made) => {
  const draft = await open(made, 'ada')
  assert.equal(await put(made, 'ada', draft, openapi('cherries')), '200')
  assert.equal(await put(made, 'ada', draft, api('cherries', 'reds', { openapi: 'document:cherries' })), '200')
  assert.equal((await publish(made, 'ada', draft)).short, '200')
  const next = await open(made, 'ada')
  assert.equal(await put(made, 'ada', next, openapi('cherries'), '*'), '200')
  for (const key of ['api/cherries', 'document/cherries'])
    assert.equal((await made.as('ada', 'DELETE', `/drafts/${next}/objects/${key}`, { headers: anyState })).short, '200')
  assert.equal((await publish(made, 'ada', next)).short, '200')
  assert.ok(!made.catalog.configuration.snapshot.apis.some(({ name }) => name === 'cherries'))
})

inWorld('every way of an API owner to what belongs to others is closed', async (made) => {
  const shared = { kind: 'policy-set', name: 'shared', value: {} }
  await published(made, openapi('plums'), api('plums', 'blues', { openapi: 'document:plums' }), openapi('loose'))
  await published(made, openapi('cherries'), api('cherries', 'reds', { openapi: 'document:cherries' }))
  const draft = await open(made, 'ada')
  const ways: readonly (readonly [way: string, change: ReturnType<typeof api>, answer: string])[] = [
    ['an API of others', api('plums', 'blues'), '404 management.unknown'],
    ['taking an API over', api('plums', 'reds'), '404 management.unknown'],
    ['handing one over', api('cherries', 'blues'), '403 drafts.beyond-reach'],
    ['making one for others', api('currants', 'blues'), '403 drafts.beyond-reach'],
    ['one of nobody', { ...api('currants', ''), value: { path: '/currants', upstream: 'http://a.example', public: true } }, '403 drafts.beyond-reach'],
    ['an owner that is no text', api('currants', ['reds'] as never), '403 drafts.beyond-reach'],
    ['the document of others', openapi('plums'), '404 management.unknown'],
    ['a document of nobody', openapi('loose'), '404 management.unknown'],
    ['being made of the document of others', api('cherries', 'reds', { openapi: 'document:plums' }), '403 drafts.beyond-reach'],
    ['what all share', shared, '404 management.unknown'],
    ['a consumer', { kind: 'consumer', name: 'mine', value: { apis: ['plums'] } }, '404 management.unknown'],
    ['an address list', { kind: 'address-list', name: 'mine', value: [] }, '404 management.unknown'],
  ]
  let tried = 0
  for (const [way, change, answer] of ways) {
    assert.equal(await put(made, 'ada', draft, change, '*'), answer, way)
    tried++
  }
  assert.equal(tried, 12)
  for (const key of ['api/plums', 'document/plums', 'document/loose', 'policy-set/shared'])
    assert.equal((await made.as('ada', 'DELETE', `/drafts/${draft}/objects/${key}`, { headers: anyState })).short, '404 management.unknown')
  for (const key of ['api/plums', 'document/plums', 'document/loose'])
    assert.equal((await made.as('ada', 'GET', `/objects/${key}`)).short, '404 management.unknown', key)
  assert.equal((await made.as('ada', 'GET', `/drafts/${draft}/objects/document/plums`)).short, '404 management.unknown')
  // What somebody else adds to it takes it out of their reach, whole.
  assert.equal(await put(made, 'owner', draft, shared), '200')
  for (const rest of ['', '/differences', '/differences/text', '/validation'])
    assert.equal((await made.as('ada', 'GET', `/drafts/${draft}${rest}`)).short, '404 management.unknown')
  assert.equal((await publish(made, 'ada', draft)).short, '404 management.unknown')
  assert.ok(!(await made.as('ada', 'GET', '/drafts')).body.includes(draft))
})

inWorld('an empty draft is seen by who opened it, and by who sees all', async (made) => {
  const draft = await open(made, 'bob')
  const seen = await Promise.all((['ada', 'bob', 'viewer'] as const).map(async (asker) => (await made.as(asker, 'GET', `/drafts/${draft}`)).status))
  assert.deepEqual(seen, [404, 200, 200])
})

inWorld('what APIs share takes catalog:write besides, and a patch of rights is not enough', async (made) => {
  const draft = await draftOf(made, [{ kind: 'address-list', name: 'all', value: ['203.0.113.1'] }])
  const headers = { ...anyState, ...(await tokenWithout(made, 'catalog:write')) }
  assert.equal((await made.as('stranger', 'POST', `/drafts/${draft.id}/publish`, { headers, body: {} })).short, '403 management.forbidden')
  const noPublish = await tokenWithout(made, 'apis:publish')
  const text = JSON.stringify({ gatehouse: 1, apis: { currants: api('currants', 'reds').value } })
  const applied = await made.as('stranger', 'POST', '/catalog/apply', { headers: noPublish, body: { text, message: 'a change' } })
  assert.equal(applied.short, '403 management.forbidden')
  assert.equal(await revision(made), 1)
})

inWorld('four eyes over the API: an approval is of the draft as it was, and of who still may', async (made) => {
  await published(made, api('vault', 'reds', { approvals: 1 }))
  const draft = await open(made, 'ada')
  assert.equal(await put(made, 'ada', draft, api('vault', 'reds', { approvals: 1, path: '/safe' }), '*'), '200')
  const approve = async (asker: Asker): Promise<string> => (await made.as(asker, 'PUT', `/drafts/${draft}/approval`, { headers: anyState })).short
  assert.deepEqual(
    [await approve('ada'), await approve('bob'), await approve('viewer')],
    ['403 drafts.own-draft', '404 management.unknown', '403 management.forbidden'],
  )
  assert.equal(await approve('administrator'), '200')
  const validation = await made.as('ada', 'GET', `/drafts/${draft}/validation`)
  assert.deepEqual(validation.json?.['approvals'], { needed: 1, given: 1, apis: ['vault'] })
  // An edit makes another draft of it.
  assert.equal(await put(made, 'ada', draft, api('vault', 'reds', { approvals: 1, path: '/safer' }), '*'), '200')
  assert.equal((await publish(made, 'ada', draft)).short, '409 drafts.approvals-needed')
  assert.equal(await approve('administrator'), '200')
  const suspend = (state: 'suspended' | 'active') =>
    made.store.write(async (writing) => {
      const person = (await getPerson(writing, made.personId('administrator')))!
      putPerson(writing, { ...person, state }, person)
    })
  await suspend('suspended')
  const needed = await publish(made, 'ada', draft)
  assert.deepEqual([needed.short, needed.json?.['given'], needed.json?.['apis']], ['409 drafts.approvals-needed', 0, ['vault']])
  await suspend('active')
  const answer = await publish(made, 'ada', draft)
  assert.equal(answer.short, '200')
  assert.deepEqual(answer.json?.['approvers'], [{ kind: 'person', id: made.personId('administrator') }])
})

inWorld('another team’s API owner does not approve for those who own it, though they own the draft’s objects too', async (made) => {
  await published(made, api('vault', 'reds', { approvals: 1 }))
  // Handed over within one change: both owners would have to agree, and each reaches but one.
  const draft = await draftOf(made, [api('vault', 'blues', { approvals: 1 })])
  await approveAs(made, draft, 'bob')
  assert.equal((await publish(made, 'owner', draft.id)).short, '409 drafts.approvals-needed')
  await approveAs(made, draft, 'ada')
  assert.equal((await publish(made, 'owner', draft.id)).short, '409 drafts.approvals-needed')
  await approveAs(made, draft, 'administrator')
  assert.equal((await publish(made, 'owner', draft.id)).short, '200')
})

inWorld('a secret is referred to by those whom it was granted to, themselves or by team', async (made) => {
  const { envelope } = made.plane.services
  const secret = (name: string, people: readonly string[], teams: readonly string[]) =>
    made.store.write((writing) => putSecret(writing, envelope, { name, value: new Secret('of the test'), granted: { people, teams }, by: 'system', nowMs: 1 }))
  await secret('mine', [made.personId('ada')], [])
  await secret('ours', [], ['reds'])
  await secret('theirs', [made.personId('bob')], ['blues'])
  const draft = await open(made, 'ada')
  const asked = async (...names: readonly string[]) => {
    const { value } = api('cherries', 'reds', { x: names.map((secret) => ({ deep: { secret } })) })
    return made.as('ada', 'PUT', `/drafts/${draft}/objects/api/cherries`, { headers: anyState, body: { value } })
  }
  assert.equal((await asked('mine', 'ours')).short, '200')
  const refused = await asked('mine', 'theirs', 'nowhere')
  assert.deepEqual([refused.short, refused.json?.['secrets']], ['403 drafts.not-granted', ['nowhere', 'theirs']])
})

inWorld('conflicts, faults and what the file owns are told with their places, and no path of this machine', async (made) => {
  const draft = await draftOf(made, [api('cherries', 'reds', { path: '/apples', nonsense: 1 })])
  const { json, body } = await made.as('owner', 'GET', `/drafts/${draft.id}/validation`)
  const faults = json?.['faults'] as { place: string; code: string }[]
  assert.ok(
    faults.some(({ place, code }) => place.startsWith('console:api/cherries:') && code === 'unknown-key'),
    body,
  )
  assert.ok(!body.includes('/nowhere/'), 'where the file lies is not told')
  await published(made, api('cherries', 'reds'))
  const conflict = await publish(made, 'owner', draft.id)
  assert.deepEqual([conflict.short, conflict.json?.['conflicts']], ['409 drafts.conflict', [{ kind: 'api', name: 'cherries' }]])
  const rebased = await made.as('owner', 'POST', `/drafts/${draft.id}/rebase`, { headers: anyState, body: {} })
  assert.deepEqual(rebased.json?.['overwrites'], [{ kind: 'api', name: 'cherries' }])
})

inWorld('many publish at once, and each gets through', async (made) => {
  const names = Array.from({ length: 8 }, (_, i) => `api${i}`)
  const drafts = await Promise.all(names.map((name) => draftOf(made, [api(name, 'reds')])))
  const answers = await Promise.all(drafts.map(({ id }, i) => publish(made, i % 2 === 0 ? 'ada' : 'owner', id)))
  assert.deepEqual(new Set(answers.map(({ short }) => short)), new Set(['200']))
  assert.equal(await revision(made), 1 + names.length)
})

inWorld('who loses an API between the look and the revision does not publish it any more', async (made) => {
  await published(made, api('cherries', 'reds', { openapi: 'document:cherries' }), openapi('cherries'))
  // The document alone: no conflict tells that the API went to others.
  const draft = await draftOf(made, [{ ...openapi('cherries'), value: `${openapi('cherries').value as string}# changed\n` }])
  const { store } = made
  const read = store.read.bind(store)
  let isHandedOver = false
  // Exactly in between: after ada's draft was judged, and before it is published.
  Object.assign(store, {
    read: async (work: Parameters<typeof read>[0]) => {
      const result = await read(work)
      if (!isHandedOver && typeof result === 'object' && result !== null && 'proposal' in result) {
        isHandedOver = true
        await published(made, api('cherries', 'blues', { openapi: 'document:cherries' }))
      }
      return result
    },
  })
  assert.deepEqual([(await publish(made, 'ada', draft.id)).short, isHandedOver], ['404 management.unknown', true])
  assert.equal((await publish(made, 'bob', draft.id)).short, '200')
})

inWorld(
  'a consumer is of the directory or of the catalog: whoever comes second is refused, before anything is published that could not start',
  async (made) => {
    const create = (name: string) => made.as('administrator', 'POST', '/consumers', { body: { name } })
    assert.equal((await create('dual')).short, '201')
    const wanted = [{ kind: 'consumer', name: 'dual', value: { apis: ['apples'] } }]
    const before = await revision(made)
    const refusal = await publish(made, 'administrator', (await draftOf(made, wanted)).id)
    assert.equal(refusal.short, '422 drafts.faulty')
    assert.match(JSON.stringify(refusal.json), /owned-twice/)
    assert.equal(await revision(made), before)
    await published(made, { kind: 'consumer', name: 'filed2', value: { apis: ['apples'] } })
    assert.equal((await create('filed2')).short, '409 consumers.owned-by-file')
  },
)

inWorld('a consumer that the directory gets between the look and the revision is refused as well', async (made) => {
  const draft = await draftOf(made, [{ kind: 'consumer', name: 'dual', value: { apis: ['apples'] } }])
  const { store } = made
  const read = store.read.bind(store)
  let isThere = false
  Object.assign(store, {
    read: async (work: Parameters<typeof read>[0]) => {
      const result = await read(work)
      if (!isThere && typeof result === 'object' && result !== null && 'proposal' in result) {
        isThere = true
        await store.write((writing) => createConsumer(writing, { by: 'x', nowMs: 1 }, made.directory.file, 'dual', { title: '', subscriptions: {} }))
      }
      return result
    },
  })
  assert.deepEqual([(await publish(made, 'administrator', draft.id)).short, isThere], ['422 drafts.faulty', true])
})

inWorld('the list of revisions says up to where history was pruned', async (made) => {
  const list = async () => (await made.as('viewer', 'GET', '/revisions')).json as { items: { number: number }[]; pruned?: { through: number } }
  await published(made, api('cherries', 'reds'))
  assert.equal((await list()).pruned, undefined)
  await pruned(made)
  const { items, pruned: gone } = await list()
  assert.deepEqual([items.map(({ number }) => number), gone], [[2], { through: 1, at: new Date(made.plane.nowMs()).toISOString() }])
})
