// Publishing over the management API, where something changes between the look and the revision, and what a rollback owes to clients.
import assert from 'node:assert/strict'
import { Secret } from '../../src/base/secret.ts'
import { CatalogPublishing } from '../../src/catalog/revisions/catalog-publishing.ts'
import { draftChanges } from '../../src/catalog/revisions/drafts.ts'
import { publish } from '../../src/catalog/revisions/publish.ts'
import { readHead } from '../../src/catalog/revisions/state.ts'
import { WAITING_OF_OPERATOR } from '../../src/management/resolving.ts'
import { revokeToken } from '../../src/people/machine-tokens.ts'
import { getPerson, putPerson } from '../../src/people/person.ts'
import { putSecret } from '../../src/secrets/named-secrets.ts'
import { readEntry, readHead as readTrailHead } from '../../src/trail/records.ts'
import { anyState, api, documented, draftOf, promised, published, tokenWithout } from './catalog-house.ts'
import { patch } from './scenarios/apis.ts'
import { type Asker, inWorld, type PersonName, type World } from './world.ts'

const revision = async ({ store }: World): Promise<number> => (await store.read(readHead)).revision
const grant = ({ store, plane, personId }: World, people: readonly PersonName[], teams: readonly string[] = []) =>
  store.write((writing) =>
    putSecret(writing, plane.services.envelope, {
      ...{ name: 'hook', value: new Secret('of the test'), by: 'system', nowMs: 1 },
      granted: { people: people.map(personId), teams },
    }),
  )
/** No object of the console may hold a secret today: what is published is not resolved here. */
const publishesAll = (made: World, before = async (): Promise<void> => {}): void =>
  void Object.assign(made.plane.services.catalog, {
    publish: async (proposal: Parameters<typeof made.catalog.publish>[0], options: Parameters<typeof made.catalog.publish>[1]) => {
      await before()
      const trial = { faults: [], notices: [], apis: new Map() }
      return publish(made.store, proposal, { ...options, try: () => trial, fileObjects: [], nowMs: made.plane.nowMs() })
    },
  })
const referring = api('cherries', 'reds', { x: { secret: 'hook' } })
async function draftBy(made: World, asker: Asker, headers: Record<string, string> = {}): Promise<string> {
  const { id } = (await made.as(asker, 'POST', '/drafts', { headers, body: { message: 'a change' } })).json as { id: string }
  assert.equal((await put(made, asker, id, headers)).short, '200')
  return id
}
const put = (made: World, asker: Asker, id: string, headers: Record<string, string> = {}) =>
  made.as(asker, 'PUT', `/drafts/${id}/objects/api/cherries`, { headers: { ...headers, ...anyState }, body: { value: referring.value } })
const publishAs = (made: World, asker: Asker, id: string) => made.as(asker, 'POST', `/drafts/${id}/publish`, { headers: anyState, body: {} })

inWorld('a grant that is gone is gone for what was put in under it, whoever publishes', async (made) => {
  publishesAll(made)
  await grant(made, ['ada'])
  const draft = await draftBy(made, 'ada')
  await grant(made, [])
  for (const asker of ['ada', 'owner', 'admin'] as const) {
    const { short, json } = await publishAs(made, asker, draft)
    assert.deepEqual([short, json?.['secrets']], ['403 drafts.not-granted', ['hook']], asker)
  }
  assert.deepEqual((await made.as('ada', 'GET', `/drafts/${draft}/validation`)).json?.['secrets'], ['hook'])
  // Whoever may refer to it puts it in anew, and answers for it from then on.
  assert.equal((await put(made, 'owner', draft)).short, '200')
  assert.deepEqual((await made.as('ada', 'GET', `/drafts/${draft}/validation`)).json?.['secrets'], [])
  assert.equal((await publishAs(made, 'ada', draft)).short, '200')
})

inWorld('a grant by team is that of who is in the team when it is published', async (made) => {
  publishesAll(made)
  await grant(made, [], ['reds'])
  const draft = await draftBy(made, 'ada')
  const move = (teams: readonly string[], state: 'active' | 'suspended') =>
    made.store.write(async (writing) => putPerson(writing, { ...(await getPerson(writing, made.personId('ada')))!, teams, state }))
  await move(['blues'], 'active')
  assert.equal((await publishAs(made, 'owner', draft)).short, '403 drafts.not-granted')
  await move(['reds'], 'suspended')
  assert.equal((await publishAs(made, 'owner', draft)).short, '403 drafts.not-granted')
  await move(['reds'], 'active')
  assert.equal((await publishAs(made, 'owner', draft)).short, '200')
})

inWorld('what a token put in is worth what the token is worth', async (made) => {
  publishesAll(made)
  await grant(made, [])
  const { authorization } = await tokenWithout(made)
  const draft = await draftBy(made, 'stranger', { authorization })
  const [{ by } = { by: undefined }] = await made.store
    .read((reading) => reading.scan({ name: 'catalog-draft-change' }, { limit: 1 }))
    .then((all) => all.map(({ value }) => value as { by: { kind: string; id: string } }))
  assert.equal(by?.kind, 'token')
  await made.store.write((writing) => revokeToken(writing, made.plane.nowMs(), by!.id))
  assert.equal((await publishAs(made, 'owner', draft)).short, '403 drafts.not-granted')
})

inWorld('a grant that goes while the publication is resolved takes the publication with it', async (made) => {
  publishesAll(made, () => grant(made, []).then(() => {}))
  await grant(made, ['ada'])
  const draft = await draftBy(made, 'ada')
  assert.equal((await publishAs(made, 'owner', draft)).short, '403 drafts.not-granted')
  assert.equal(await revision(made), 1)
  assert.equal((await made.store.read((reading) => draftChanges(reading, draft))).length, 1, 'the draft is as it was')
})

inWorld('a rollback that breaks clients is refused like any publication, until it is accepted', async (made) => {
  await published(made, ...promised('cherries', 'reds'))
  await published(made, documented('cherries', '/a', '/b', '/c'))
  const back = (body: object) => made.as('owner', 'POST', '/revisions/2/roll-back', { body })
  const refusal = await back({})
  assert.equal(refusal.short, '409 revisions.breaking-changes')
  assert.deepEqual(
    (refusal.json!['findings'] as { api: string; operations: string[] }[]).map(({ api: of, operations }) => [of, operations]),
    [['cherries', ['GET /c']]],
  )
  assert.equal(await revision(made), 3)
  assert.equal((await back({ acceptBreaking: true })).short, '200')
  const entry = await made.store.read(async (reading) => readEntry(reading, (await readTrailHead(reading))!.size - 1))
  const { act, detail } = entry as unknown as { act: string; detail: Record<string, unknown> }
  assert.deepEqual([act, detail['acceptedBreaking'], detail['brokenApis']], ['catalog.roll-back', 1, ['cherries']])
})

inWorld('who is slower by a moment is told what holds then, and never of a mistake of ours', async (made) => {
  await published(made, api('cherries', 'reds'))
  await published(made, api('cherries', 'reds', { path: '/others' }))
  let meanwhile: (() => Promise<unknown>) | undefined
  Object.assign(made.plane.services.catalog, {
    publish: async (...given: Parameters<typeof made.catalog.publish>) => {
      const before = meanwhile
      meanwhile = undefined
      await before?.()
      return CatalogPublishing.prototype.publish.apply(made.catalog, given)
    },
  })
  const asked = async (others: () => Promise<unknown>, method: string, path: string, sent: object): Promise<string> => {
    meanwhile = others
    return (await made.as('owner', method, path, sent)).short
  }
  // Another object of the same kind is there by then: the rollback takes that one back as well.
  assert.equal(await asked(() => published(made, api('cherries', 'reds', { path: '/elsewhere' })), 'POST', '/revisions/2/roll-back', { body: {} }), '200')
  const value = { ...patch(), api: 'cherries' }
  const take = () => published(made, { kind: 'patch', name: 'kept', value })
  assert.equal(await asked(take, 'POST', '/apis/cherries/patches', { body: patch({ name: 'kept' }) }), '409 apis.name-taken')
  const change = () => published(made, { kind: 'patch', name: 'kept', value: { ...value, reason: 'another' } })
  const { json } = await made.as('owner', 'GET', '/objects/patch/kept')
  const headers = { 'if-match': `"${json!['etag'] as string}"` }
  assert.equal(await asked(change, 'DELETE', '/apis/cherries/patches/kept', { headers }), '412 management.stale')
  const remove = () => published(made, { kind: 'patch', name: 'kept' })
  assert.equal(await asked(remove, 'DELETE', '/apis/cherries/patches/kept', { headers: anyState }), '404 management.unknown')
  const draft = await draftOf(made, [api('cherries', 'reds', { path: '/mine' })])
  const other = () => published(made, api('cherries', 'reds', { path: '/theirs' }))
  assert.equal(await asked(other, 'POST', `/drafts/${draft.id}/publish`, { headers: anyState, body: {} }), '409 drafts.conflict')
})

inWorld('a hundred who ask for the same validation at once resolve the catalog once; who asks for many waits for few', async (made) => {
  let resolved = 0
  const { catalog } = made.plane.services
  const trial = catalog.try.bind(catalog)
  Object.assign(catalog, {
    try: (...given: Parameters<typeof trial>) => {
      resolved++
      return trial(...given)
    },
  })
  const draft = await draftOf(made, [api('cherries', 'reds')])
  const ask = (id: string, asker: Asker = 'viewer') => made.as(asker, 'GET', `/drafts/${id}/validation`)
  const same = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(draft.id, i % 2 === 0 ? 'viewer' : 'auditor')))
  assert.deepEqual(new Set(same.map(({ short }) => short)), new Set(['200']))
  assert.equal(resolved, 1)
  const many = await Promise.all(Array.from({ length: 30 }, (_, i) => draftOf(made, [api(`api${i}`, 'reds')])))
  const examine = catalog.examine.bind(catalog)
  let letGo = (): void => {}
  const held = new Promise<void>((resolve) => (letGo = resolve))
  Object.assign(catalog, { examine: (proposal: Parameters<typeof examine>[0]) => held.then(() => examine(proposal)) })
  let refused = 0
  const answers = await Promise.all(
    many.map(async ({ id }) => {
      const { short, headers } = await ask(id)
      if (short === '429 management.rate-limited' && headers['retry-after'] === '1' && ++refused === many.length - WAITING_OF_OPERATOR) letGo()
      return short
    }),
  )
  assert.deepEqual([refused, answers.filter((short) => short === '200').length], [many.length - WAITING_OF_OPERATOR, WAITING_OF_OPERATOR])
  assert.equal(resolved, 1 + WAITING_OF_OPERATOR)
  // A text is compared once as well, and so are two documents.
  const plans = await Promise.all(Array.from({ length: 50 }, () => made.as('viewer', 'POST', '/catalog/plan', { body: { text: '{"gatehouse":1}' } })))
  assert.deepEqual(new Set(plans.map(({ short }) => short)), new Set(['200']))
})

inWorld('a validation says what would break clients', async (made) => {
  await published(made, ...promised('cherries', 'reds'))
  const draft = await draftOf(made, [documented('cherries', '/a')])
  const { json } = await made.as('ada', 'GET', `/drafts/${draft.id}/validation`)
  const [found, ...more] = json!['breaking'] as { api: string; rule: string }[]
  assert.deepEqual([json!['valid'], found?.api, found?.rule, more], [true, 'cherries', 'path-removed', []])
})
