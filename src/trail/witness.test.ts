// A witness and the logs that ask it, over real HTTP on loopback: it signs what continues, and nothing else.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { assert as assertProperty, property, string } from 'fast-check'
import { testEnvelope } from '../../test/support/envelope.ts'
import { MemoryStore } from '../../test/support/stores.ts'
import { exportText, REMEMBERED, ROTATION, SIZE, START_MS, type TrailHouse, trailHouse } from '../../test/support/trail-house.ts'
import { type Egress, EgressFailed, EgressRefused } from '../ports/egress.ts'
import { UnreadableSecret } from '../ports/envelope.ts'
import type { Collection } from '../ports/store.ts'
import { formatCheckpoint, parseCheckpoints, type SignedCheckpoint } from './checkpoint.ts'
import { type Delivery, postCheckpoint, submitToWitness } from './checkpoint-delivery.ts'
import { appendCheckpoint } from './checkpoint-file.ts'
import { checkpointRound, type Outlet } from './checkpoint-round.ts'
import { readCheckpoint } from './checkpoints.ts'
import { EMPTY_ROOT } from './merkle-hash.ts'
import { consistencyProof } from './merkle-proofs.ts'
import { formatNote } from './note.ts'
import { formatNoteKey, LOG_KEY, type NoteKey, noteSigner, signText } from './note-key.ts'
import { nodesOf } from './records.ts'
import { SEALED_BY_TRAIL } from './sealed-keys.ts'
import { Trail } from './trail.ts'
import { verifyExport } from './verify.ts'
import { readWitnessedLogs, Witness, type WitnessAnswer } from './witness.ts'
import { formatAddCheckpoint, parseAddCheckpoint } from './witness-request.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-witness-'))
const servers: Server[] = []
after(() => {
  rmSync(folder, { recursive: true })
  for (const server of servers) server.close()
})

const house = await trailHouse()
const kept = async (size: number, of: TrailHouse = house): Promise<SignedCheckpoint> => (await of.store.read((reading) => readCheckpoint(reading, size)))!
const proofOf = (from: number, to: number, of: TrailHouse = house) => of.store.read((reading) => consistencyProof(nodesOf(reading), from, to))
const request = async (old: number, size: number, of: TrailHouse = house): Promise<string> =>
  formatAddCheckpoint({ old, proof: await proofOf(old, size, of), checkpoint: await kept(size, of) })
const keys = house.signers.map(({ key }) => formatNoteKey(key))

/** A witness that trusts both keys of the house. */
async function newWitness() {
  const store = new MemoryStore()
  const witness = new Witness(testEnvelope())
  await store.write(async (writing) => {
    for (const key of keys) await witness.follow(writing, key)
  })
  const key = await store.write((writing) => witness.key(writing))
  const add = (body: string): Promise<WitnessAnswer> => store.write((writing) => witness.addCheckpoint(writing, body, START_MS))
  return { store, witness, key, add }
}

/** The way out to servers of this test, and nowhere else. */
const egress: Egress = {
  async fetch({ method, url, headers = {}, body = '' }) {
    if (!url.startsWith('http://127.0.0.1:')) throw new EgressRefused('not to be reached')
    try {
      const answer = await fetch(url, { method, headers, body })
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: new Uint8Array(await answer.arrayBuffer()) }
    } catch (cause) {
      throw new EgressFailed('could not be reached', cause)
    }
  },
}
async function serve(answer: (path: string, body: string) => Promise<{ status: number; body: string }>): Promise<string> {
  const listener: RequestListener = async (incoming, outgoing) => {
    let body = ''
    for await (const chunk of incoming.setEncoding('utf8')) body += chunk
    const { status, body: told } = await answer(incoming.url ?? '', body)
    outgoing.writeHead(status, { connection: 'close' }).end(told)
  }
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const serveWitness = (add: (body: string) => Promise<WitnessAnswer>): Promise<string> =>
  serve(async (path, body) => {
    assert.equal(path, '/add-checkpoint')
    const answer = await add(body)
    return { status: answer.status, body: 'body' in answer ? answer.body : answer.reason }
  })

test('a witness signs each tree that continues the last, across a rotation, and the signatures verify in the export', async () => {
  const own = await trailHouse()
  const { add, key, store } = await newWitness()
  const url = await serveWitness(add)
  for (const size of [10, 20, ROTATION + 1, SIZE])
    assert.equal(await submitToWitness(own.store, egress, { url: `${url}/`, key }, await kept(size, own)), 'delivered')
  // The same again is no harm: the tree is the one that was signed.
  assert.equal(await submitToWitness(own.store, egress, { url, key }, await kept(SIZE, own)), 'delivered')
  const [log] = await store.read(readWitnessedLogs)
  assert.deepEqual([log!.size, log!.root], [SIZE, (await kept(SIZE)).root.toString('base64')])
  const text = await exportText(own)
  const verdict = await verifyExport(
    (async function* () {
      yield Buffer.from(text)
    })(),
    { checkpoints: [], keys: [key] },
  )
  assert.deepEqual(verdict.anchored, [{ by: 'witness', what: formatNoteKey(key), size: SIZE }])
})

test('each request that must be refused is refused with the status of C2SP, and signs nothing', async () => {
  const { add, store } = await newWitness()
  assert.equal((await add(await request(0, 20))).status, 200)
  const stranger = noteSigner('stranger.example', LOG_KEY, Buffer.alloc(32, 1))
  const impostor = noteSigner(house.signers[0]!.key.name, LOG_KEY, Buffer.alloc(32, 1))
  const signedBy = async (signer: typeof stranger, size: number): Promise<string> => {
    const text = formatCheckpoint({ ...(await kept(size)), origin: signer.key.name })
    return formatAddCheckpoint({
      old: 20,
      proof: await proofOf(20, size),
      checkpoint: { ...(await kept(size)), note: { text, signatures: [signText(signer, text)] } },
    })
  }
  const fork = await trailHouse((index) => (index < 15 ? 'as it was' : 'another history'))
  const flipped = (await request(20, REMEMBERED)).replace(/(\S)(\S)(?=\S{10}=*\n$)/, '$2$1')
  const cases: readonly (readonly [name: string, status: number, body: string, alarm?: true])[] = [
    ['no request', 400, 'old 20\n'],
    ['an old size above the new one', 400, (await request(20, 30)).replace('old 20', 'old 31')],
    ['a log that nobody follows', 404, await signedBy(stranger, 30)],
    ['a key that nobody trusts', 403, await signedBy(impostor, 30)],
    ['a signature that does not hold', 403, flipped],
    ['an old size that is not the last one', 409, await request(10, 30)],
    ['a log rolled back', 409, await request(0, 10)],
    ['a log rolled back, the last size claimed', 400, (await request(10, 10)).replace('old 10', 'old 20')],
    ['the same size with another tree', 409, await request(20, 20, fork), true],
    ['another history that is longer', 422, await request(20, 30, fork), true],
    ['no proof', 422, formatAddCheckpoint({ old: 20, proof: [], checkpoint: await kept(30) }), true],
    ['a proof of something else', 422, formatAddCheckpoint({ old: 20, proof: await proofOf(10, 30), checkpoint: await kept(30) }), true],
  ]
  assert.equal(cases.length, 12)
  for (const [name, status, body, alarm] of cases) {
    const answer = await add(body)
    assert.equal(answer.status, status, name)
    assert.equal('alarm' in answer ? answer.alarm : undefined, alarm, name)
    if (answer.status === 409) assert.deepEqual([answer.body, answer.contentType], ['20\n', 'text/x.tlog.size'])
  }
  assert.equal((await store.read(readWitnessedLogs))[0]!.size, 20)
  assert.equal((await add(await request(20, SIZE))).status, 200)
})

test('a proof that is not empty for a log that was never seen is refused', async () => {
  const { add } = await newWitness()
  assert.equal((await add(formatAddCheckpoint({ old: 0, proof: [EMPTY_ROOT], checkpoint: await kept(20) }))).status, 422)
})

test('the log that asks learns where the witness is, and hears when it is rolled back or another log', async () => {
  const { add, key } = await newWitness()
  const url = await serveWitness(add)
  assert.equal((await add(await request(0, REMEMBERED))).status, 200)
  const behind = await trailHouse()
  assert.equal(await submitToWitness(behind.store, egress, { url, key }, await kept(SIZE, behind)), 'delivered', 'one that has forgotten is told the size')
  const cut = await submitToWitness(behind.store, egress, { url, key }, await kept(20, behind))
  assert.match(refusedOf(cut), /^rolled-back/)
  const fork = await trailHouse((index) => (index < 15 ? 'as it was' : 'another history'))
  assert.match(refusedOf(await submitToWitness(fork.store, egress, { url, key }, await kept(SIZE, fork))), /^split-view/)
})
const refusedOf = (delivery: Delivery): string =>
  typeof delivery === 'object' && 'refused' in delivery ? delivery.refused : `not refused: ${JSON.stringify(delivery)}`

test('what a hostile or broken witness answers is not kept', async () => {
  const own = await trailHouse()
  const { key } = await newWitness()
  const other = await newWitness()
  const checkpoint = await kept(SIZE, own)
  const before = formatNote(checkpoint.note)
  const foreign = await other.add(await request(0, SIZE))
  const answers: readonly (readonly [number, string])[] = [
    [200, ''],
    [200, 'thanks\n'],
    [200, 'body' in foreign ? foreign.body : ''],
    [200, before],
    [302, ''],
    [409, '-1\n'],
    [409, '99999999999999999999\n'],
    [500, ''],
  ]
  assert.equal(answers.length, 8)
  for (const [status, body] of answers) {
    const url = await serve(async () => ({ status, body }))
    assert.notEqual(refusedOf(await submitToWitness(own.store, egress, { url, key }, checkpoint)).slice(0, 3), 'not', `${status} ${body}`)
    assert.equal(formatNote((await kept(SIZE, own)).note), before)
  }
  assert.deepEqual(await submitToWitness(own.store, egress, { url: 'http://192.0.2.1', key }, checkpoint), { refused: 'not to be reached' })
  assert.deepEqual(await submitToWitness(own.store, egress, { url: 'http://127.0.0.1:1', key }, checkpoint), { failed: 'could not be reached' })
})

test('a webhook gets the note, and only an answer of success counts', async () => {
  const received: string[] = []
  const url = await serve(async (path, body) => {
    received.push(body)
    return { status: path === '/good' ? 204 : 404, body: '' }
  })
  const checkpoint = await kept(SIZE)
  assert.equal(await postCheckpoint(egress, `${url}/good`, checkpoint), 'delivered')
  assert.deepEqual(await postCheckpoint(egress, `${url}/bad`, checkpoint), { refused: 'answered with status 404' })
  assert.deepEqual(received, [formatNote(checkpoint.note), formatNote(checkpoint.note)])
})

test('a file of checkpoints only grows, is for its owner alone, follows no link, and is read back whole', async () => {
  const file = join(folder, 'checkpoints')
  for (const size of [10, 20, 30]) await appendCheckpoint(file, await kept(size))
  assert.deepEqual(
    parseCheckpoints(readFileSync(file, 'utf8'))!.map(({ size }) => size),
    [10, 20, 30],
  )
  assert.equal(statSync(file).mode & 0o777, 0o600)
  writeFileSync(join(folder, 'target'), '')
  symlinkSync(join(folder, 'target'), join(folder, 'link'))
  await assert.rejects(appendCheckpoint(join(folder, 'link'), await kept(10)))
  await assert.rejects(appendCheckpoint(join(folder, 'nowhere', 'checkpoints'), await kept(10)))
})

test('a round signs once, brings the checkpoint to every outlet that lacks it, and brings again what was not taken', async () => {
  const own = await trailHouse()
  const { add, key } = await newWitness()
  let status = 500
  const received: string[] = []
  const hook = await serve(async (_path, body) => {
    received.push(body)
    return { status, body: '' }
  })
  const path = join(folder, 'round')
  const outlets: readonly Outlet[] = [
    { kind: 'file', path },
    { kind: 'webhook', url: hook },
    { kind: 'witness', url: await serveWitness(add), key },
    { kind: 'file', path: join(folder, 'nowhere', 'round') },
  ]
  const round = () => checkpointRound(own.store, own.trail, egress, outlets, 1)
  const lost = { failed: 'cannot be written (ENOENT)' }
  assert.deepEqual((await round()).outcomes, ['delivered', { refused: 'answered with status 500' }, 'delivered', lost])
  status = 200
  assert.deepEqual((await round()).outcomes, ['unchanged', 'delivered', 'unchanged', lost])
  assert.deepEqual((await round()).outcomes, ['unchanged', 'unchanged', 'unchanged', lost])
  await own.store.write((writing) => own.trail.append(writing, { act: 'key.create', actor: { kind: 'system', id: 'system' }, outcome: 'done' }, START_MS * 2))
  const { checkpoint, outcomes } = await round()
  assert.deepEqual([checkpoint!.size, outcomes], [SIZE + 1, ['delivered', 'delivered', 'delivered', lost]])
  assert.deepEqual(
    parseCheckpoints(readFileSync(path, 'utf8'))!.map(({ size }) => size),
    [SIZE, SIZE + 1],
  )
  assert.equal(received.length, 3)
  const empty = await checkpointRound(new MemoryStore(), own.trail, egress, outlets, 1)
  assert.deepEqual([empty.checkpoint, empty.outcomes.length], [undefined, 4])
})

test('only keys of logs are followed, and not without end', async () => {
  const { store, witness, key } = await newWitness()
  const follow = (text: string) => store.write((writing) => witness.follow(writing, text))
  assert.deepEqual(await follow(formatNoteKey(key)), { refused: 'not-a-log-key' })
  assert.deepEqual(await follow('a'), { refused: 'not-a-log-key' })
  const more: NoteKey[] = Array.from({ length: 15 }, (_, i) => noteSigner(house.signers[0]!.key.name, LOG_KEY, Buffer.alloc(32, i)).key)
  const answers = []
  for (const each of more) answers.push(await follow(formatNoteKey(each)))
  assert.equal(answers.filter((each) => 'refused' in each).length, 1)
})

test('what is sealed in the store is told to whoever rotates the envelope, and works under another key', async () => {
  const { store, witness, key } = await newWitness()
  const [before, next] = [testEnvelope(Buffer.alloc(32, 1)), testEnvelope(Buffer.alloc(32, 2))]
  const own = { store, trail: new Trail(before, async () => {}), signers: [] }
  await store.write((writing) => own.trail.append(writing, { act: 'key.create', actor: { kind: 'system', id: 'system' }, outcome: 'done' }, START_MS))
  assert.ok(await store.write((writing) => witness.key(writing)))
  let found = 0
  await store.write(async (writing) => {
    for (const { collection, map } of SEALED_BY_TRAIL as readonly { collection: Collection<unknown>; map: (...args: never[]) => unknown }[]) {
      for (const { key: at, value } of await writing.scan(collection, { limit: 100 })) {
        const reseal = (sealed: string, context: string): string => {
          found++
          return context.startsWith('witness') ? sealed : next.seal(before.open(sealed, context), context)
        }
        writing.put(collection, at, (map as (...args: unknown[]) => unknown)(value, at, reseal))
      }
    }
  })
  assert.equal(found, 3)
  await assert.rejects(exportText(own), UnreadableSecret)
  assert.match(await exportText({ ...own, trail: new Trail(next, async () => {}) }), /"kind":"end"/)
  assert.deepEqual(await store.write((writing) => witness.key(writing)), key)
})

test('nothing that is sent makes the reader of requests throw', async () => {
  const good = await request(20, REMEMBERED)
  assert.ok(parseAddCheckpoint(good))
  assertProperty(
    property(string({ unit: 'binary', maxLength: 200 }), (noise) => {
      parseAddCheckpoint(noise)
      parseAddCheckpoint(good.slice(0, 60) + noise + good.slice(60))
    }),
    { numRuns: 500 },
  )
  const broken = [
    good.replace('old 20', 'old 020'),
    good.replace('old 20', 'old'),
    `${'a\n'.repeat(70)}${good}`,
    good.replace('\n', '\nAAAA\n'),
    'a'.repeat(50_000),
  ]
  for (const body of broken) assert.equal(parseAddCheckpoint(body), undefined)
})
