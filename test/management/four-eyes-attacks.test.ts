// How one person would be two: by the machine tokens that they hold.
import assert from 'node:assert/strict'
import { revokeToken, TOKENS } from '../../src/people/machine-tokens.ts'
import { anyState, api, published } from './catalog-house.ts'
import { type Asker, inWorld, type World } from './world.ts'

/** A draft of an API that asks for an approval, written by whoever is named; the token is the owner's. */
async function draftBy(made: World, author: Asker, others: readonly Asker[] = []): Promise<(who: Asker) => Promise<string>> {
  await published(made, api('vault', 'reds', { approvals: 1 }))
  const { id } = (await made.as(author, 'POST', '/drafts', { body: { message: 'elsewhere' } })).json as { id: string }
  for (const [i, who] of [author, ...others].entries()) {
    const { value } = api('vault', 'reds', { approvals: 1, upstream: `http://evil${i}.example` })
    assert.equal((await made.as(who, 'PUT', `/drafts/${id}/objects/api/vault`, { headers: anyState, body: { value } })).status, 200)
  }
  return async (who) => (await made.as(who, 'PUT', `/drafts/${id}/approval`, { headers: anyState, body: {} })).short
}

inWorld('what one’s own token wrote is not approved by oneself, nor by the token', async (made) => {
  const approve = await draftBy(made, 'token')
  assert.equal(await approve('owner'), '403 drafts.own-draft')
  assert.equal(await approve('token'), '403 drafts.not-a-person')
  assert.equal(await approve('administrator'), '200')
})

inWorld('a token that changed the draft of another makes its person one of the authors', async (made) => {
  const approve = await draftBy(made, 'ada', ['token'])
  assert.equal(await approve('ada'), '403 drafts.own-draft')
  assert.equal(await approve('owner'), '403 drafts.own-draft')
  assert.equal(await approve('administrator'), '200')
})

inWorld('a token that was revoked since is still its person’s, and of one that is forgotten nobody is known to be another', async (made) => {
  const approve = await draftBy(made, 'token')
  const [token] = await made.store.read((reading) => reading.scan(TOKENS, { limit: 1 }))
  await made.store.write((writing) => revokeToken(writing, made.plane.nowMs(), token!.key))
  assert.equal(await approve('owner'), '403 drafts.own-draft')
  await made.store.write(async (writing) => writing.remove(TOKENS, token!.key))
  assert.equal(await approve('owner'), '403 drafts.own-draft')
  assert.equal(await approve('administrator'), '403 drafts.own-draft')
})
