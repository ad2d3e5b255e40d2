// The trail, its witness, named secrets and back-ups through the management API: what must hold beyond who may and what is refused.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { EXPORTS_MAX, exportsUnderWay } from '../../src/management/operations/trail/export-trail.ts'
import { checkUnder, keyChecks, ONLY } from '../../src/secrets/key-records.ts'
import { parseCheckpoint } from '../../src/trail/checkpoint.ts'
import { REQUEST_LIFE_MS, requestErasure } from '../../src/trail/erasure-requests.ts'
import { verifyConsistency, verifyInclusion } from '../../src/trail/merkle-verification.ts'
import { verifyExport } from '../../src/trail/verify.ts'
import { formatAddCheckpoint } from '../../src/trail/witness-request.ts'
import { testEnvelope } from '../support/envelope.ts'
import { type World, withWorld, world } from './world.ts'

const verdict = (text: string) =>
  verifyExport(
    (async function* () {
      yield Buffer.from(text)
    })(),
    { checkpoints: [], keys: [] },
  )
const makeKey = (made: World) => made.as('owner', 'POST', '/consumers/filed/keys', { body: {} })

test('erasing takes two people: after it the value is in no answer and no export, and the export still verifies', () =>
  withWorld(async (made) => {
    await makeKey(made)
    const [found] = (await made.as('auditor', 'GET', '/trail/entries?act=key.create')).json!['items'] as { index: number; personal: string[] }[]
    assert.deepEqual(found!.personal, ['address'])
    const before = await made.as('auditor', 'GET', `/trail/entries/${found!.index}`)
    assert.match(before.body, /"value":"127\.0\.0\.1"/)
    // Asked for by an owner who has left since: here by hand.
    const asked = {
      fields: [{ index: found!.index, name: 'address' }],
      reason: 'request 7',
      by: { kind: 'person', id: 'person_other' },
      nowMs: made.plane.nowMs(),
    } as const
    const request = await made.store.write((writing) => requestErasure(writing, asked))
    assert.ok('id' in request)
    const own = await made.as('owner', 'POST', '/trail/erasures', { body: { fields: [{ index: found!.index, field: 'address' }], reason: 'request 8' } })
    assert.equal(own.status, 201)
    const alone = await made.as('owner', 'POST', `/trail/erasures/${own.json!['id']}/approve`, { headers: { 'if-match': '*' } })
    assert.equal(alone.short, '403 trail.same-person')
    const etag = (await made.as('owner', 'GET', `/trail/erasures/${request.id}`)).headers['etag'] as string
    const done = await made.as('owner', 'POST', `/trail/erasures/${request.id}/approve`, { headers: { 'if-match': etag } })
    assert.deepEqual([done.status, done.json!['state'], done.json!['approvedBy']], [200, 'erased', made.personId('owner')])
    const after = await made.as('auditor', 'GET', `/trail/entries/${found!.index}`)
    assert.deepEqual(
      (after.json!['personal'] as { erased: boolean; value?: string }[]).map(({ erased, value }) => [erased, value]),
      [[true, undefined]],
    )
    const text = (await made.as('auditor', 'POST', '/trail/export')).body
    const judged = await verdict(text)
    assert.deepEqual([judged.ok, judged.faults, judged.erased], [true, [], 1])
    assert.match(text, /"act":"trail\.export"/)
    // A request that nobody agreed to within a week is over.
    const [other] = (await made.as('auditor', 'GET', '/trail/entries?act=erasure.')).json!['items'] as { index: number }[]
    const old = { ...asked, fields: [{ index: other!.index, name: 'address' }], nowMs: made.plane.nowMs() - REQUEST_LIFE_MS }
    const late = await made.store.write((writing) => requestErasure(writing, old))
    assert.ok('id' in late)
    const answer = await made.as('owner', 'POST', `/trail/erasures/${late.id}/approve`, { headers: { 'if-match': '*' } })
    assert.equal(answer.short, '409 trail.not-pending')
  }))

test('checkpoint and proofs of the API verify by RFC 9162, and search goes page by page without gap', () =>
  withWorld(async (made) => {
    for (let i = 0; i < 9; i++) await makeKey(made)
    const checkpoint = parseCheckpoint((await made.as('auditor', 'GET', '/trail/checkpoint')).body)!
    assert.equal(checkpoint.size, 10)
    const decode = (texts: unknown): Buffer[] => (texts as string[]).map((text) => Buffer.from(text, 'base64'))
    for (let index = 0; index < 10; index++) {
      const { json } = await made.as('auditor', 'GET', `/trail/entries/${index}/proof`)
      assert.equal(json!['root'], checkpoint.root.toString('base64'))
      assert.ok(verifyInclusion(Buffer.from(json!['leaf'] as string, 'base64'), index, 10, decode(json!['proof']), checkpoint.root))
    }
    const { json } = await made.as('auditor', 'GET', '/trail/consistency?from=6')
    assert.ok(verifyConsistency(6, 10, Buffer.from(json!['fromRoot'] as string, 'base64'), checkpoint.root, decode(json!['proof'])))
    const seen: number[] = []
    for (let cursor = ''; ; ) {
      const page = (await made.as('auditor', 'GET', `/trail/entries?limit=4${cursor}`)).json!
      seen.push(...(page['items'] as { index: number }[]).map(({ index }) => index))
      if (page['next'] === undefined) break
      cursor = `&cursor=${page['next']}`
    }
    assert.deepEqual(seen, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
  }))

test('another Gatehouse is witnessed over HTTP as C2SP says: a signature, then the size that was signed', () =>
  withWorld(async (made) => {
    const log = await world()
    try {
      await makeKey(log)
      const begin = (await log.as('auditor', 'GET', '/trail/entries/0')).json!
      const { key } = JSON.parse(begin['detail'] as string) as { key: string }
      const followed = await made.as('owner', 'POST', '/witness/logs', { body: { key } })
      assert.equal(followed.status, 200)
      const checkpoint = parseCheckpoint((await log.as('auditor', 'GET', '/trail/checkpoint')).body)!
      const add = (old: number) =>
        made.as('stranger', 'POST', '/witness/add-checkpoint', {
          headers: { 'content-type': 'text/plain' },
          body: formatAddCheckpoint({ old, proof: [], checkpoint }),
        })
      const signed = await add(0)
      assert.equal(signed.status, 200)
      assert.match(signed.body, /^\u2014 gatehouse\.witness\//)
      const again = await add(0)
      assert.deepEqual([again.status, again.headers['content-type'], again.body], [409, 'text/x.tlog.size', `${checkpoint.size}\n`])
    } finally {
      await log.close()
    }
  }))

test('the value of a secret is in no answer, no entry of the trail and no back-up', () =>
  withWorld(async (made) => {
    const CANARY = 'canary-51ac-do-not-sing'
    const answers: string[] = []
    const ask = async (...args: Parameters<World['as']>) => {
      const answer = await made.as(...args)
      answers.push(JSON.stringify(answer))
      return answer
    }
    assert.equal((await ask('owner', 'PUT', '/secrets/smtp', { headers: { 'if-match': '"absent"' }, body: { value: CANARY } })).status, 200)
    assert.equal((await ask('owner', 'PUT', '/secrets/smtp', { headers: { 'if-match': '"absent"' }, body: { value: 'other' } })).short, '412 management.stale')
    await ask('owner', 'GET', '/secrets')
    await ask('owner', 'GET', '/secrets/smtp')
    await ask('owner', 'PUT', '/secrets/smtp/grants', { headers: { 'if-match': '*' }, body: { people: [], teams: ['reds'] } })
    await ask('owner', 'POST', '/trail/export')
    const taken = await ask('owner', 'POST', '/backups')
    assert.equal(taken.status, 201)
    const { folder, name, sha256 } = taken.json! as unknown as { folder: string; name: string; sha256: string }
    const file = join(folder, name)
    const content = readFileSync(file)
    assert.equal(createHash('sha256').update(content).digest('hex'), sha256)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    answers.push(content.toString('utf8'))
    const spellings = [CANARY, ...[0, 1, 2].map((cut) => Buffer.from(CANARY.slice(cut)).toString('base64url').slice(0, 20))]
    for (const text of answers) for (const each of spellings) assert.ok(!text.includes(each))
    assert.ok(content.includes('"secret"'))
    assert.equal(((await made.as('owner', 'GET', '/backups')).json!['items'] as unknown[]).length, 1)
  }))

test('the state of the system says which key seals, and how far the trail was brought out', () =>
  withWorld(async (made) => {
    await makeKey(made)
    const { envelope } = made.plane.services
    await made.store.write(async (writing) => writing.put(keyChecks, ONLY, checkUnder(envelope)))
    const { json } = await made.as('viewer', 'GET', '/system')
    assert.deepEqual(json!['envelope'], { keyId: envelope.keyId, stale: false })
    await made.store.write(async (writing) => writing.put(keyChecks, ONLY, checkUnder(testEnvelope())))
    assert.equal(((await made.as('viewer', 'GET', '/system')).json!['envelope'] as { stale: boolean }).stale, true)
    assert.equal((json!['trail'] as { size: number }).size, 2)
    assert.equal((json!['nodes'] as unknown[]).length, 1)
  }))

test('a stolen session does not carry the trail away: who exports it has just proved who they are', () =>
  withWorld(async (made) => {
    for (let times = 0; times <= EXPORTS_MAX; times++) assert.equal((await made.as('auditor', 'POST', '/trail/export')).status, 200)
    assert.equal(exportsUnderWay.get(made.plane.services.trail), 0)
    made.clock.advanceMs(6 * 60_000)
    assert.equal((await made.as('auditor', 'POST', '/trail/export')).short, '403 management.recent-sign-in')
    assert.equal((await made.as('admin', 'POST', '/trail/export')).status, 200)
  }))
