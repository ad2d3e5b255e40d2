// Virtual patches, versions and breaking changes over the management API, as somebody who relies on them looks at them.
import assert from 'node:assert/strict'
import { readEntry, readHead as readTrailHead } from '../../src/trail/records.ts'
import { anyState, api, broken, documented, draftOf, promised, published, tokenWithout } from './catalog-house.ts'
import { patch, versioned } from './scenarios/apis.ts'
import { type Asker, inWorld, type World } from './world.ts'

const lastAct = (made: World) =>
  made.store.read(async (reading) => {
    const { size } = (await readTrailHead(reading))!
    const { act, detail } = (await readEntry(reading, size - 1)) as { act: string; detail?: Record<string, unknown> }
    return { act, detail }
  })
const policiesOf = (made: World, name: string): readonly string[] =>
  made.catalog.configuration.snapshot.apis
    .find((each) => each.name === name)!
    .policySets.flat()
    .map(({ policy }) => policy)
const publish = async (made: World, body: object, ...changes: Parameters<typeof draftOf>[1]) => {
  const { id } = await draftOf(made, changes)
  return made.as('owner', 'POST', `/drafts/${id}/publish`, { headers: anyState, body })
}

inWorld('one call puts a patch on an API of the file, live when it is answered and in the trail; removing it takes it out', async (made) => {
  const answer = await made.as('ada', 'POST', '/apis/apples/patches', { body: patch({ reference: 'CVE-2026-1' }) })
  assert.equal(answer.short, '201')
  const { name, expired, mode, owner } = answer.json as { name: string; expired: boolean; mode: string; owner: string }
  assert.deepEqual([expired, mode, owner, answer.headers['location']], [false, 'enforce', 'console', `/api/v1/apis/apples/patches/${name}`])
  assert.deepEqual(policiesOf(made, 'apples'), ['ip-filter'])
  const { act, detail } = await lastAct(made)
  assert.deepEqual([act, detail?.['api'], detail?.['policy'], detail?.['reason']], ['patch.create', 'apples', 'ip-filter', 'attacked from there'])
  const [told] = (await made.as('viewer', 'GET', '/apis/apples/patches')).json!['items'] as object[]
  assert.deepEqual(told, answer.json)
  const removed = await made.as('ada', 'DELETE', `/apis/apples/patches/${name}`, { headers: { 'if-match': answer.headers['etag'] as string } })
  assert.equal(removed.short, '204')
  assert.deepEqual(policiesOf(made, 'apples'), [])
  assert.equal((await lastAct(made)).act, 'patch.remove')
})

inWorld('a patch that has ended does nothing, is marked, and can be taken out', async (made) => {
  assert.equal((await made.as('owner', 'POST', '/apis/apples/patches', { body: patch({ name: 'short' }) })).short, '201')
  made.clock.advanceMs(30 * 86_400_000)
  const [told] = (await made.as('admin', 'GET', '/apis/apples/patches')).json!['items'] as { expired: boolean }[]
  assert.equal(told!.expired, true)
  assert.equal((await made.as('admin', 'DELETE', '/apis/apples/patches/short', { headers: anyState })).short, '204')
})

inWorld('a patch is reached under its own API alone, and loosens nothing', async (made) => {
  assert.equal((await made.as('owner', 'POST', '/apis/berries/patches', { body: patch({ name: 'theirs' }) })).short, '201')
  const tries: [asker: Asker, method: string, path: string, body: object | undefined, short: string][] = [
    ['ada', 'DELETE', '/apis/apples/patches/theirs', undefined, '404 management.unknown'],
    ['ada', 'DELETE', '/apis/berries/patches/theirs', undefined, '404 management.unknown'],
    ['ada', 'POST', '/apis/apples/patches', patch({ name: 'theirs' }), '409 apis.name-taken'],
    ['ada', 'POST', '/apis/apples/patches', patch({ api: 'berries' }), '400 management.invalid'],
    ['ada', 'POST', '/apis/apples/patches', patch({ policy: 'cors', config: { origins: ['https://evil.example'] } }), '422 apis.faulty'],
    ['ada', 'POST', '/apis/apples/patches', patch({ policy: 'api-key', config: { header: 'X' } }), '422 apis.faulty'],
    ['ada', 'POST', '/apis/apples/patches', patch({ version: 'v9' }), '422 apis.faulty'],
    ['ada', 'POST', '/apis/nowhere/patches', patch(), '404 management.unknown'],
  ]
  for (const [asker, method, path, body, short] of tries)
    assert.equal((await made.as(asker, method, path, { headers: method === 'DELETE' ? anyState : {}, ...(body && { body }) })).short, short, path)
  assert.deepEqual(policiesOf(made, 'berries'), ['ip-filter'])
})

inWorld('an API owner patches one version of their own', async (made) => {
  await versioned(made, 'cherries', 'reds')
  assert.equal((await made.as('ada', 'POST', '/apis/cherries/patches', { body: patch({ version: 'v2', name: 'second' }) })).short, '201')
  assert.deepEqual(
    ['cherries@v1', 'cherries@v2'].map((name) => policiesOf(made, name).includes('ip-filter')),
    [false, true],
  )
  assert.equal((await made.as('ada', 'DELETE', '/apis/cherries/patches/second', { headers: anyState })).short, '204')
  assert.equal((await made.as('bob', 'POST', '/apis/cherries/patches', { body: patch({ version: 'v2' }) })).short, '404 management.unknown')
})

inWorld('a token that may patch and not change what APIs share patches every API, and nothing else', async (made) => {
  const headers = await tokenWithout(made, 'catalog:write', 'catalog:read', 'apis:write', 'apis:publish')
  for (const name of ['apples', 'berries'])
    assert.equal((await made.as('stranger', 'POST', `/apis/${name}/patches`, { headers, body: patch({ name: `on-${name}` }) })).short, '201')
  assert.equal((await made.as('stranger', 'DELETE', '/apis/berries/patches/on-berries', { headers: { ...headers, ...anyState } })).short, '204')
  assert.equal((await made.as('stranger', 'POST', '/drafts', { headers, body: { message: 'a change' } })).short, '403 management.forbidden')
})

inWorld('versions are told with the state they are in now and who still calls them', async (made) => {
  await versioned(made, 'cherries', 'reds')
  const listed = async () => (await made.as('admin', 'GET', '/apis/cherries/versions')).json!['items'] as { version: string; state: string; callers: number }[]
  const [v1, v2] = await listed()
  assert.deepEqual(v1, {
    ...{ version: 'v1', state: 'deprecated', successor: 'v2', callers: 1 },
    ...{ deprecated: '2026-10-01T00:00:00.000Z', sunset: '2027-01-01T00:00:00.000Z', nextChange: '2027-01-01T00:00:00.000Z' },
    lastCall: '2026-11-24T00:00:00.000Z',
  })
  assert.deepEqual(v2, { version: 'v2', state: 'active', callers: 0 })
  made.clock.advanceMs(40 * 86_400_000)
  assert.deepEqual(
    (await listed()).map(({ state, callers }) => [state, callers]),
    [
      ['retired', 0],
      ['active', 0],
    ],
  )
})

inWorld('what breaks clients is refused by either way to publish until it is accepted, and that it was stands in the trail', async (made) => {
  await published(made, ...promised('cherries', 'reds'))
  const refusal = await publish(made, {}, broken('cherries'))
  assert.equal(refusal.short, '409 drafts.breaking-changes')
  assert.deepEqual(
    (refusal.json!['findings'] as { api: string; rule: string; operations: string[] }[]).map(({ api: of, rule, operations }) => [of, rule, operations]),
    [['cherries', 'path-removed', ['GET /b']]],
  )
  // What adds to a document breaks nobody, nor does one that no API is made of.
  assert.equal((await publish(made, {}, documented('cherries', '/a', '/b', '/c'), documented('stray', '/a'))).short, '200')
  assert.equal((await publish(made, {}, documented('stray', '/b'))).short, '200')
  // Another document in the place of the first is the same to clients.
  const other = await publish(made, {}, api('cherries', 'reds', { openapi: 'document:stray' }))
  assert.equal(other.short, '409 drafts.breaking-changes')
  const text = JSON.stringify({ gatehouse: 1, documents: { cherries: broken('cherries').value } })
  const apply = (more: object) => made.as('owner', 'POST', '/catalog/apply', { body: { text, message: 'as written', ...more } })
  assert.equal((await apply({})).short, '409 catalog.breaking-changes')
  assert.equal((await apply({ acceptBreaking: true })).short, '200')
  const { act, detail } = await lastAct(made)
  assert.deepEqual([act, detail?.['acceptedBreaking'], detail?.['brokenApis']], ['catalog.apply', 2, ['cherries']])
})

inWorld('a preview promises nothing, and an active version everything', async (made) => {
  const version = (state: string) => ({ kind: 'version', name: 'cherries@v1', value: { state, openapi: 'document:d' } })
  await published(made, documented('d', '/a', '/b'), api('cherries', 'reds', { versioning: { by: 'path' } }), version('preview'))
  assert.equal((await publish(made, {}, documented('d', '/a'))).short, '200')
  assert.equal((await publish(made, {}, version('active'))).short, '200')
  assert.equal((await publish(made, {}, documented('d', '/b'))).short, '409 drafts.breaking-changes')
  assert.equal((await publish(made, { acceptBreaking: true }, documented('d', '/b'))).short, '200')
})

inWorld('a version is compared with another, with a draft, and with a document that is sent', async (made) => {
  await published(
    made,
    ...[documented('one', '/a', '/b'), documented('two', '/a'), api('cherries', 'reds', { versioning: { by: 'path' } })],
    ...['one', 'two'].map((name, i) => ({ kind: 'version', name: `cherries@v${i + 1}`, value: { openapi: `document:${name}` } })),
  )
  const { id } = await draftOf(made, [documented('one', '/a', '/b', '/c')])
  const { id: foreign } = await draftOf(made, [api('plums', 'blues')])
  const compare = async (asker: Asker, body: object) => {
    const answer = await made.as(asker, 'POST', '/apis/cherries/comparison', { body })
    return answer.json?.['verdict'] ?? answer.short
  }
  assert.equal(await compare('ada', { version: 'v1', to: 'v2' }), 'breaking')
  assert.equal(await compare('ada', { version: 'v2', to: 'v1' }), 'compatible')
  assert.equal(await compare('ada', { version: 'v1', draft: id }), 'compatible')
  assert.equal(await compare('ada', { version: 'v1', openapi: documented('x', '/a', '/b').value }), 'none')
  assert.equal(await compare('ada', { version: 'v1', draft: foreign }), '404 management.unknown')
  assert.equal(await compare('ada', { version: 'v9', to: 'v1' }), '404 management.unknown')
  assert.equal(await compare('ada', { version: 'v1' }), '400 management.invalid')
  assert.equal(await compare('bob', { version: 'v1', to: 'v2' }), '404 management.unknown')
})
