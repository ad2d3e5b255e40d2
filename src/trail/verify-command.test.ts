// What `gatehouse trail verify` says, and what it refuses to be asked: an anchor that cannot be read is never passed over.
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, test } from 'node:test'
import { TrailCommand } from '../../test/support/trail-command.ts'
import { exportText, SIZE, trailHouse } from '../../test/support/trail-house.ts'
import { readCheckpoints } from './checkpoints.ts'
import { formatNote } from './note.ts'
import { formatNoteKey } from './note-key.ts'

const command = new TrailCommand()
after(() => command.close())
const house = await trailHouse()
const honest = await exportText(house)
const file = command.file('export', honest)
const notes = await house.store.read(async (reading) => (await readCheckpoints(reading, 100)).map(({ note }) => formatNote(note)))
const key = formatNoteKey(house.signers[1]!.key)

test('wrong usage is exit code 2, and so is every anchor that cannot be read whole', async () => {
  const writable = command.file('writable', notes[0]!)
  chmodSync(writable, 0o666)
  const wrong: readonly (readonly string[])[] = [
    ['verify'],
    ['verify', file, file],
    ['verify', command.path('nothing')],
    ['verify', '/'],
    ['verify', file, '--format', 'xml'],
    ['verify', file, '--colour'],
    ['verify', file, '--checkpoint'],
    ['verify', file, '--checkpoint', command.path('nothing')],
    ['verify', file, '--checkpoint', command.file('empty', '')],
    ['verify', file, '--checkpoint', command.file('cut', notes[0]!.slice(0, -10))],
    ['verify', file, '--checkpoint', command.file('more', `${notes[0]!}${notes[1]!}and more`)],
    ['verify', file, '--checkpoint', writable],
    ['verify', file, '--key', ''],
    ['verify', file, '--key', key.replace('+A', '+B')],
    ['verify', file, '--key', command.file('no-key', 'key')],
    ['verify', file, '--key', key, '--key', 'another'],
    ['prove', file],
    [],
  ]
  assert.equal(wrong.length, 18)
  for (const args of wrong) {
    const { code, out, err } = await command.run(...args)
    assert.deepEqual([code, out], [2, ''], args.join(' '))
    assert.match(err, /^gatehouse: /)
  }
  assert.equal((await command.run('--help')).code, 0)
})

test('anchors are told one by one, in text and as JSON', async () => {
  const all = command.file('all', notes.join('\n'))
  const text = await command.run('verify', file, '--checkpoint', all, '--key', key)
  assert.deepEqual([text.code, text.err], [0, ''])
  assert.match(text.out, /nothing wrong; 40 entries of gatehouse\.trail\/[0-9a-f]{32}, root [0-9a-f]{64}\n {2}6 checkpoints, 17 personal fields, 1 erased\n/)
  assert.equal(text.out.match(/anchored: continues the remembered checkpoint/g)!.length, 6)
  assert.match(text.out, /anchored: the key gatehouse\.trail\S+ signed 40 entries/)
  const json = JSON.parse((await command.run('verify', file, '--checkpoint', all, '--format', 'json')).out) as { anchored: unknown[] } & Record<string, unknown>
  assert.deepEqual([json['ok'], json['size'], json['unanchored'], json.anchored.length], [true, SIZE, false, 6])
  const alone = JSON.parse((await command.run('verify', file, '--format', 'json')).out) as Record<string, unknown>
  assert.equal(alone['unanchored'], true)
})

test('faults name the line, and nothing that an export holds steers a terminal', async () => {
  const lines = honest.split('\n')
  const steering = '\u009b31m\u202e\u2028'
  const text = [lines[0]!.replace(/"origin":"[^"]*"/, `"origin":"${steering}"`), ...lines.slice(1)].join('\n')
  const hostile = command.file('hostile', text)
  for (const format of ['text', 'json']) {
    const { code, out } = await command.run('verify', hostile, '--format', format)
    assert.equal(code, 1)
    assert.ok(![...steering].some((character) => '\u009b\u202e\u2028'.includes(character) && out.includes(character)))
    if (format === 'json') assert.equal((JSON.parse(out) as { origin: string }).origin, steering)
    else assert.match(out, /hostile:2 another-log the first entry names another log/)
  }
})

test('faults stop at a hundred: a hostile file does not fill the screen', async () => {
  const { code, out } = await command.run('verify', command.file('many', `${honest.split('\n')[0]}\n${'{}\n'.repeat(100_000)}`))
  assert.equal(code, 1)
  assert.equal(out.trimEnd().split('\n').length, 101)
})
