// Versions and virtual patches belong to the API that they are of: to its owners and its approvers, and no way round leads to those of others.
import assert from 'node:assert/strict'
import type { ProposedChange } from '../../src/catalog/revisions/commit.ts'
import { anyState, api, approveAs, draftOf, openapi, published } from './catalog-house.ts'
import { type Asker, inWorld, type World } from './world.ts'

const version = (name: string, value: object = {}): ProposedChange => ({ kind: 'version', name, value })
const patch = (name: string, of: string, more: object = {}): ProposedChange => ({
  kind: 'patch',
  name,
  value: { api: of, policy: 'request-size', config: { body: '1KiB' }, expires: '2099-01-01', reason: 'A hole.', ...more },
})
const vault = (more: object = {}) => api('vault', 'reds', { versioning: { by: 'path' }, ...more })
const publish = async (made: World, asker: Asker, draft: string): Promise<string> =>
  (await made.as(asker, 'POST', `/drafts/${draft}/publish`, { headers: anyState, body: {} })).short
/** The answer to putting an object into a new draft, or to taking it out where it has no value. */
async function putAs(made: World, asker: Asker, { kind, name, value }: ProposedChange): Promise<string> {
  const { id } = (await made.as(asker, 'POST', '/drafts', { body: { message: 'a change' } })).json as { id: string }
  const path = `/drafts/${id}/objects/${kind}/${encodeURIComponent(name)}`
  return (await made.as(asker, value === undefined ? 'DELETE' : 'PUT', path, { headers: anyState, ...(value !== undefined && { body: { value } }) })).short
}

inWorld('the owner of an API changes its versions and patches, of the whole or of one version, and takes them away', async (made) => {
  await published(made, vault(), version('vault@v1'), version('vault@v2'), patch('hole', 'vault'), patch('gap', 'vault', { version: 'v1' }))
  const own: ProposedChange[] = [
    version('vault@v1', { methods: ['GET'] }),
    version('vault@v3'),
    patch('hole', 'vault', { mode: 'monitor' }),
    patch('gap', 'vault', { version: 'v2' }),
    patch('new', 'vault', { version: 'v2' }),
    ...[patch('hole', 'vault'), patch('gap', 'vault'), patch('new', 'vault'), version('vault@v2')].map(({ kind, name }) => ({ kind, name })),
  ]
  for (const change of own) {
    const draft = await draftOf(made, [change], 'ada')
    assert.equal((await made.as('ada', 'GET', `/drafts/${draft.id}`)).short, '200', JSON.stringify(change))
    assert.equal(await publish(made, 'ada', draft.id), '200', JSON.stringify(change))
  }
})

inWorld('nobody else does, nor makes what protects another API protect their own', async (made) => {
  await published(made, vault(), version('vault@v1', { openapi: 'document:d' }), openapi('d'), patch('hole', 'vault'), patch('gap', 'vault', { version: 'v1' }))
  const others: ProposedChange[] = [
    version('vault@v1', { methods: ['GET'] }),
    version('vault@v2'),
    openapi('d'),
    patch('new', 'vault'),
    patch('new', 'vault', { version: 'v1' }),
    patch('hole', 'berries'),
    patch('gap', 'berries'),
    ...[version('vault@v1'), patch('hole', 'vault'), patch('gap', 'vault')].map(({ kind, name }) => ({ kind, name })),
  ]
  for (const change of others) {
    assert.match(await putAs(made, 'bob', change), /^404 /, JSON.stringify(change))
    const draft = await draftOf(made, [change], 'bob')
    assert.match(await publish(made, 'bob', draft.id), /^(?:403|404) /, JSON.stringify(change))
  }
  const beyond = [...others.map(({ kind, name }) => `${kind}/${encodeURIComponent(name)}`)]
  for (const path of new Set(beyond)) assert.match((await made.as('bob', 'GET', `/objects/${path}`)).short, /^404 /, path)
})

inWorld('an owner does not make a patch of theirs protect another API', async (made) => {
  await published(made, vault(), version('vault@v1'), patch('hole', 'vault'))
  const draft = await draftOf(made, [patch('hole', 'berries')], 'ada')
  assert.match(await publish(made, 'ada', draft.id), /^(?:403|404) /)
})

inWorld('an API that has versions is approved by who may approve for its owners, and by nobody else', async (made) => {
  await published(made, vault({ approvals: 1 }), version('vault@v1'), patch('hole', 'vault'))
  for (const change of [version('vault@v1', { methods: ['GET'] }), { kind: 'patch', name: 'hole' }]) {
    for (const by of ['bob', 'viewer', 'nobody'] as const) {
      const draft = await draftOf(made, [change], 'ada')
      await approveAs(made, draft, by)
      assert.equal(await publish(made, 'owner', draft.id), '409 drafts.approvals-needed', by)
    }
    const draft = await draftOf(made, [change], 'ada')
    await approveAs(made, draft, 'administrator')
    assert.equal(await publish(made, 'owner', draft.id), '200')
  }
})
