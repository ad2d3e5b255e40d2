// A hundred thousand entries: exported and verified in bounded memory, and one octet in the middle is still found.
import assert from 'node:assert/strict'
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { after, test } from 'node:test'
import { TrailCommand } from '../../test/support/trail-command.ts'
import { newTrail, START_MS } from '../../test/support/trail-house.ts'
import { exportTrail } from './export.ts'

const ENTRIES = 100_000
/** The export has more than this: a verifier that kept it would not end well. */
const HEAP_MIB = 40

const command = new TrailCommand()
after(() => command.close())

// Slow, because a hundred thousand entries are written, exported and verified twice.
test('a trail of 100,000 entries and 200,000 personal fields verifies in a heap smaller than its export', async (context) => {
  const { store, trail } = newTrail()
  const file = openSync(command.path('export'), 'wx+', 0o600)
  const since = performance.now()
  for (let from = 1; from < ENTRIES; from += 1000) {
    await store.write(async (writing) => {
      for (let i = from; i < Math.min(ENTRIES, from + 1000); i++) {
        const actor = { kind: 'person', id: `person_${i % 50}` } as const
        const personal = { name: `Name ${i}`, address: '203.0.113.1' }
        await trail.append(writing, { act: 'session.sign-in', actor, outcome: 'done', object: { kind: 'session', name: `s${i}` }, personal }, START_MS + i)
        if (i % 1000 === 0) await trail.checkpoint(writing)
      }
    })
  }
  const appended = performance.now()
  await store.read(async (reading) => {
    for await (const line of exportTrail(trail, reading, START_MS + ENTRIES)) writeSync(file, line)
  })
  const exported = performance.now()
  const { size } = fstatSync(file)
  assert.ok(size > HEAP_MIB * 1024 * 1024)
  const whole = await command.runWith([`--max-old-space-size=${HEAP_MIB}`], ['verify', command.path('export'), '--format', 'json'])
  const verified = performance.now()
  const verdict = JSON.parse(whole.out) as Record<string, unknown>
  assert.deepEqual([whole.code, verdict['size'], verdict['openings'], verdict['checkpoints'], verdict['unanchored']], [0, ENTRIES, 199_998, 100, true])
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
  context.diagnostic(
    `${ENTRIES} entries: written in ${seconds(appended - since)}, exported (${Math.round(size / 1024 ** 2)} MiB) in ${seconds(exported - appended)}, verified in ${seconds(verified - exported)} with ${HEAP_MIB} MiB of heap`,
  )
  const middle = Buffer.alloc(1000)
  readSync(file, middle, 0, middle.length, Math.floor(size / 2))
  const place = middle.indexOf('"name":"s') + '"name":"s'.length
  assert.ok(place > 10)
  writeSync(file, Buffer.of(middle[place]! ^ 1), 0, 1, Math.floor(size / 2) + place)
  closeSync(file)
  const broken = await command.run('verify', command.path('export'), '--format', 'json')
  assert.equal(broken.code, 1)
  const [first] = (JSON.parse(broken.out) as { faults: { code: string }[] }).faults
  assert.equal(first!.code, 'wrong-root')
})
