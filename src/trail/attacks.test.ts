// How one would change the trail and go unnoticed, and which of it is noticed by whom: each cell is the exit code of the real command.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { TrailCommand } from '../../test/support/trail-command.ts'
import {
  ALICE,
  ERASED,
  ERASURE,
  exportText,
  type Forgery,
  forged,
  forgeryOf,
  REMEMBERED,
  ROTATION,
  SIZE,
  START_MS,
  seededRandom,
  trailHouse,
  WITNESS,
} from '../../test/support/trail-house.ts'
import { canonicalJson } from '../base/canonical-json.ts'
import { readCheckpoint } from './checkpoints.ts'
import type { TrailEntry } from './entry.ts'
import { formatNote } from './note.ts'
import { formatNoteKey, LOG_KEY, type NoteSigner, noteSigner } from './note-key.ts'
import { openingDigest } from './opening.ts'
import { OPENINGS, openingKey } from './records.ts'

const command = new TrailCommand()
after(() => command.close())

const house = await trailHouse()
const honest = await exportText(house)
const lines = honest.trimEnd().split('\n')
const other = await exportText(await trailHouse(undefined, 'another house'))
const remembered = await house.store.read(async (reading) => formatNote((await readCheckpoint(reading, REMEMBERED))!.note))
const checkpointFile = command.file('remembered', remembered)
const keyFile = command.file('key', `${formatNoteKey(house.signers[1]!.key)}\n`)

const isOf = (kind: string) => (line: string) =>
  line.endsWith(`"kind":"${kind}"}`) || line.includes(`,"kind":"${kind}",`) || line.startsWith(`{"kind":"${kind}"`)
const places = (kind: string): readonly number[] => lines.flatMap((line, i) => (isOf(kind)(line) ? [i] : []))
const entryLine = (index: number): number => places('entry')[index]!
const withLines = (change: (changed: string[]) => void): string => {
  const changed = [...lines]
  change(changed)
  return changed.map((line) => `${line}\n`).join('')
}
const edited = (at: number, from: string | RegExp, to: string): string =>
  withLines((changed) => {
    const line = changed[at]!.replace(from, to)
    assert.notEqual(line, changed[at], 'the attack changes something')
    changed[at] = line
  })
/** One bit of one character between quotes that both sides leave JSON. */
const flipped = (at: number, after_: string): string =>
  withLines((changed) => {
    const line = changed[at]!
    const place = line.indexOf(after_) + after_.length
    assert.ok(place >= after_.length)
    changed[at] = line.slice(0, place) + String.fromCharCode(line.charCodeAt(place) ^ 1) + line.slice(place + 1)
  })
/** Written anew by somebody who holds the keys that sign. */
const insider = (change: (forgery: Forgery) => void, from = honest, signers: readonly NoteSigner[] = house.signers): string => {
  const forgery = forgeryOf(from, signers)
  change(forgery)
  return forged(forgery)
}
const strangers = [1, 2].map((each) => noteSigner(house.signers[0]!.key.name, LOG_KEY, Buffer.alloc(32, each)))
/** The same history, with the forger's keys in the place of the log's. */
const withKeys = (forgery: Forgery, signers: readonly NoteSigner[]): void => {
  const [first, second] = signers.map(({ key }) => formatNoteKey(key))
  setDetail(forgery, 0, { origin: forgery.origin, key: first })
  setDetail(forgery, ROTATION, { from: first, to: second })
}
const setDetail = ({ items }: Forgery, index: number, detail: TrailEntry['detail']): void => {
  items[index]!.entry = { ...items[index]!.entry, detail: detail! }
}
const cutTo = (forgery: Forgery, size: number): void => {
  forgery.items = forgery.items.slice(0, size)
  forgery.signedAt = forgery.signedAt.filter((each) => each <= size)
  if (!forgery.signedAt.includes(size)) forgery.signedAt.push(size)
}
const append = ({ items, signedAt }: Forgery, entry: Omit<TrailEntry, 'index' | 'time'>, time = new Date(START_MS + 3_000_000).toISOString()): void => {
  items.push({ entry: { ...entry, index: items.length, time }, openings: [] })
  signedAt.push(items.length)
}
const erasure = (leaf: number, field: string, approvedBy = 'person_bob'): Omit<TrailEntry, 'index' | 'time'> => ({
  act: 'trail.erase',
  actor: ALICE,
  outcome: 'done',
  detail: { fields: [{ leaf, field }], requestedBy: 'person_alice', approvedBy, reason: 'none' },
})
const without = ({ items }: Forgery, leaf: number, field: string): void => {
  const item = items[leaf]!
  item.openings = item.openings.filter(({ name }) => name !== field)
}
const fork = async (from: number): Promise<string> => exportText(await trailHouse((index) => (index < from ? 'as it was' : 'as another auditor is told')))
const removedFromStore = async (): Promise<string> => {
  const own = await trailHouse()
  await own.store.write(async (writing) => writing.remove(OPENINGS, openingKey(20, 'name')))
  return exportText(own)
}
const nextOpening = (index: number): number => entryLine(index) + 1

function renumbered(change: (items: Forgery['items']) => void): string {
  const forgery = forgeryOf(honest, house.signers)
  change(forgery.items)
  forgery.items = forgery.items.map(({ entry, openings }, index) => ({ entry: { ...entry, index }, openings }))
  forgery.signersAt = () => strangers
  return forged({ ...forgery, signedAt: [...forgery.signedAt, forgery.items.length] })
}
function swap(changed: string[], a: number, b: number): void {
  const [first, second] = [changed[a]!, changed[b]!]
  changed[a] = second
  changed[b] = first
}
/** Salt and value change places; what the lines say of themselves stays. */
function swapSalts(changed: string[], a: number, b: number): void {
  const [first, second] = [a, b].map((at) => JSON.parse(changed[at]!) as Record<string, unknown>)
  changed[a] = canonicalJson({ ...first, salt: second!['salt'], value: second!['value'] })
  changed[b] = canonicalJson({ ...second, salt: first!['salt'], value: first!['value'] })
}
function opened(opening: Record<string, unknown>): string {
  return canonicalJson({ kind: 'opening', ...opening })
}
/** The salt of the erased field is drawn again from the same random octets: the forger has kept a copy. */
function resurrected(): string {
  const random = seededRandom('house')
  const digest = (JSON.parse(lines[entryLine(ERASED)]!) as { entry: TrailEntry }).entry.personal!['name']
  for (let draw = 0; draw < 1000; draw++) {
    const opening = { salt: Buffer.from(random(16)).toString('hex'), value: `Name ${ERASED}` }
    if (openingDigest('name', opening) === digest)
      return withLines((changed) => changed.splice(nextOpening(ERASED) + 1, 0, opened({ index: ERASED, name: 'name', ...opening })))
  }
  throw new Error('the salt was not found again')
}
function strangerSigns(): string {
  const forgery = forgeryOf(honest, house.signers)
  const { signersAt } = forgery
  return forged({ ...forgery, signersAt: (size) => [...signersAt(size), noteSigner('stranger.example', LOG_KEY, Buffer.alloc(32, 9))] })
}

type Codes = readonly [alone: number, withKey: number, withCheckpoint: number]
const SEEN: Codes = [1, 1, 1]
/** Only against the key that was brought along, or a checkpoint. */
const NEEDS_ANCHOR: Codes = [0, 1, 1]
/** Only against a checkpoint: whoever holds the key can do this. */
const NEEDS_CHECKPOINT: Codes = [0, 0, 1]
/** Not seen, and why not is the name's second half. */
const UNSEEN: Codes = [0, 0, 0]

const attacks: readonly (readonly [name: string, expected: Codes, text: string | Buffer | Promise<string>])[] = [
  ['nothing is changed', UNSEEN, honest],
  ['a byte of an entry', SEEN, flipped(entryLine(7), '"said":"')],
  ['a byte of the digest of a personal field', SEEN, flipped(entryLine(8), '"personal":{"address":"')],
  ["a byte of an opening's value", SEEN, flipped(nextOpening(8), '"value":"')],
  ["a byte of an opening's salt", SEEN, flipped(nextOpening(8), '"salt":"')],
  ["a byte of a checkpoint's root", SEEN, edited(places('checkpoint')[1]!, /\\n20\\n./, '\\n20\\n_')],
  ["a checkpoint's size", SEEN, edited(places('checkpoint')[1]!, '\\n20\\n', '\\n21\\n')],
  ["a byte of a note's signature", SEEN, edited(places('checkpoint')[1]!, /(\S)(\S)(?=\S{10}=*\\n"\}$)/, '$2$1')],
  ['a byte of the root at the end', SEEN, flipped(lines.length - 1, '"root":"')],
  ['the size in the header', SEEN, edited(0, `"size":${SIZE}`, '"size":41')],
  ['an entry is deleted', SEEN, withLines((changed) => changed.splice(entryLine(7), 1))],
  ['an entry is deleted, and all after it numbered anew', SEEN, renumbered((items) => items.splice(7, 1))],
  ['an entry is inserted', SEEN, withLines((changed) => changed.splice(entryLine(8), 0, changed[entryLine(7)]!))],
  ['an entry is inserted, and all after it numbered anew', SEEN, renumbered((items) => items.splice(8, 0, items[7]!))],
  ['two entries change places', SEEN, withLines((changed) => changed.splice(entryLine(6), 2, changed[entryLine(7)]!, changed[entryLine(6)]!))],
  ['two entries change places and numbers', SEEN, renumbered((items) => items.splice(6, 2, items[7]!, items[6]!))],
  ['two checkpoints change places', SEEN, withLines((changed) => swap(changed, places('checkpoint')[0]!, places('checkpoint')[1]!))],
  ['cut off in the middle of a line', SEEN, honest.slice(0, honest.length - 20)],
  ['cut off after a line', SEEN, withLines((changed) => changed.splice(entryLine(33)))],
  ['cut off to nothing', SEEN, ''],
  ['cut off to the header', SEEN, `${lines[0]}\n`],
  ['cut off at an earlier checkpoint, with a new header and end', NEEDS_CHECKPOINT, insider((forgery) => cutTo(forgery, 27))],
  ['cut off at an earlier checkpoint, before the key was another', NEEDS_ANCHOR, insider((forgery) => cutTo(forgery, 20))],
  ['cut off after the remembered checkpoint: it says nothing of what came later', UNSEEN, insider((forgery) => cutTo(forgery, 35))],
  ['everything is written anew with new keys', NEEDS_ANCHOR, insider((forgery) => withKeys(forgery, strangers), honest, strangers)],
  [
    'everything is written anew with a new key that claims to be followed by the real one',
    SEEN,
    insider((forgery) => withKeys(forgery, [strangers[0]!, house.signers[1]!]), honest, [strangers[0]!, strangers[1]!]),
  ],
  [
    'the log goes on with a new key that the old one never signed',
    SEEN,
    insider((forgery) => {
      append(forgery, {
        act: 'trail.rotate-key',
        actor: ALICE,
        outcome: 'done',
        detail: { from: formatNoteKey(house.signers[1]!.key), to: formatNoteKey(strangers[0]!.key) },
      })
      const before = forgery.signersAt
      forgery.signersAt = (size) => (size > SIZE ? [strangers[0]!] : before(size))
    }),
  ],
  ['two auditors are shown different logs: the other one', NEEDS_CHECKPOINT, fork(22)],
  ['two auditors are shown logs that differ only after the remembered checkpoint', UNSEEN, fork(31)],
  ['an opening is gone from the export', SEEN, withLines((changed) => changed.splice(nextOpening(20), 1))],
  ['an opening is gone from the store', SEEN, removedFromStore()],
  ['all openings of an entry are gone', SEEN, withLines((changed) => changed.splice(nextOpening(20), 2))],
  [
    'an erasure is added by someone without the key',
    SEEN,
    insider(
      (forgery) => {
        without(forgery, 20, 'name')
        append(forgery, erasure(20, 'name'))
      },
      honest,
      strangers,
    ),
  ],
  [
    'an erasure is added by someone with the key: it stands there, in the name of two people',
    UNSEEN,
    insider((forgery) => {
      without(forgery, 20, 'name')
      append(forgery, erasure(20, 'name'))
    }),
  ],
  [
    'an erasure by one person, twice',
    SEEN,
    insider((forgery) => {
      without(forgery, 20, 'name')
      append(forgery, erasure(20, 'name', 'person_alice'))
    }),
  ],
  ['an erasure of what is still there', SEEN, insider((forgery) => append(forgery, erasure(20, 'name')))],
  ['an erasure of what was erased before', SEEN, insider((forgery) => append(forgery, erasure(ERASED, 'name')))],
  ['an erasure of what never was', SEEN, insider((forgery) => append(forgery, erasure(21, 'name')))],
  [
    'an erasure that was written before its entry',
    SEEN,
    insider((forgery) => {
      without(forgery, 20, 'name')
      setDetail(forgery, ERASURE, erasure(20, 'name').detail)
    }),
  ],
  [
    'a field is taken out of its entry by someone with the key',
    NEEDS_CHECKPOINT,
    insider((forgery) => {
      without(forgery, 20, 'name')
      const { personal, ...entry } = forgery.items[20]!.entry
      forgery.items[20]!.entry = { ...entry, personal: { address: personal!['address']! } }
    }),
  ],
  ['openings of two entries are swapped', SEEN, withLines((changed) => swapSalts(changed, nextOpening(20), nextOpening(24)))],
  ['openings of two fields are swapped', SEEN, withLines((changed) => swapSalts(changed, nextOpening(20), nextOpening(20) + 1))],
  ['an opening stands there twice', SEEN, withLines((changed) => changed.splice(nextOpening(20), 0, changed[nextOpening(20)]!))],
  [
    'an erased field is back with another value',
    SEEN,
    withLines((changed) => changed.splice(nextOpening(ERASED) + 1, 0, opened({ index: ERASED, name: 'name', salt: '0'.repeat(32), value: 'Mallory' }))),
  ],
  ['an erased field is back with the value that it had', SEEN, resurrected()],
  ['an old checkpoint in the place of the last', SEEN, withLines((changed) => (changed[places('checkpoint').at(-1)!] = changed[places('checkpoint')[1]!]!))],
  ['an old checkpoint is shown again', SEEN, withLines((changed) => changed.splice(places('checkpoint').at(-1)!, 0, changed[places('checkpoint')[1]!]!))],
  ['the last checkpoint stands there twice', SEEN, withLines((changed) => changed.splice(lines.length - 1, 0, changed[places('checkpoint').at(-1)!]!))],
  ['no checkpoint at all', SEEN, withLines((changed) => changed.splice(0, changed.length, ...lines.filter((line) => !isOf('checkpoint')(line))))],
  ['the checkpoint with both signatures at the rotation is left out', SEEN, withLines((changed) => changed.splice(places('checkpoint')[2]!, 1))],
  ['the header of another instance', SEEN, withLines((changed) => (changed[0] = other.split('\n')[0]!))],
  ['a checkpoint of another instance', SEEN, withLines((changed) => (changed[places('checkpoint')[1]!] = other.split('\n')[places('checkpoint')[1]!]!))],
  ['the whole log of another instance', [0, 1, 1], other],
  ['time goes backwards', SEEN, insider((forgery) => (forgery.items[33]!.entry = { ...forgery.items[33]!.entry, time: new Date(START_MS).toISOString() }))],
  ['a time that is none', SEEN, insider((forgery) => (forgery.items[33]!.entry = { ...forgery.items[33]!.entry, time: '2026-11-31T08:00:00.000Z' }))],
  ['an entry is larger than entries are', SEEN, insider((forgery) => setDetail(forgery, 33, { said: 'a'.repeat(66_000) }))],
  ['an entry says more than entries do', SEEN, insider((forgery) => (forgery.items[33]!.entry = { ...forgery.items[33]!.entry, ...{ note: '' } }))],
  ['a second beginning', SEEN, insider((forgery) => append(forgery, { ...forgery.items[0]!.entry }))],
  ['entries after the last checkpoint', SEEN, insider((forgery) => (forgery.signedAt = forgery.signedAt.filter((size) => size < SIZE)))],
  ['something after the end', SEEN, `${honest}${lines[1]}\n`],
  ['a second header', SEEN, withLines((changed) => changed.splice(5, 0, changed[0]!))],
  ['a line of a kind that nobody knows', SEEN, withLines((changed) => changed.splice(5, 0, '{"kind":"comment"}'))],
  ['a key stands twice in a line', SEEN, edited(entryLine(7), '{"act":', '{"act":"key.remove","act":')],
  ['a space that JSON allows', SEEN, edited(entryLine(7), '{"act":', '{ "act":')],
  ['an escape that JSON allows', SEEN, edited(entryLine(7), '"said":"as', '"said":"\\u0061s')],
  ['a number that no double holds', SEEN, edited(entryLine(7), '"index":7', '"index":7.0000000000000000001')],
  ['a number out of range', SEEN, edited(entryLine(7), '"index":7', '"index":1e999')],
  ['a lone surrogate', SEEN, edited(entryLine(7), '"said":"a', '"said":"\\ud800')],
  ['carriage returns', SEEN, honest.replaceAll('\n', '\r\n')],
  ['a byte order mark', SEEN, `\ufeff${honest}`],
  ['octets that are not UTF-8', SEEN, Buffer.concat([Buffer.from(honest.slice(0, 2000)), Buffer.of(0xc3, 0x28), Buffer.from(honest.slice(2000))])],
  ['JSON a million levels deep', SEEN, withLines((changed) => changed.splice(5, 0, `${'['.repeat(40_000)}${']'.repeat(40_000)}`))],
  ['objects forty thousand levels deep', SEEN, withLines((changed) => changed.splice(5, 0, `${'{"a":'.repeat(15_000)}0${'}'.repeat(15_000)}`))],
  ['a line of ten million octets', SEEN, withLines((changed) => changed.splice(5, 0, `"${'a'.repeat(10_000_000)}"`))],
  ['ten million octets without a line', SEEN, '{'.repeat(10_000_000)],
  ['a stranger signs a checkpoint as well: signatures of unknown keys mean nothing, and are passed over', UNSEEN, strangerSigns()],
]

// Slow, because each of the 228 cells is a process: the exit code is what scripts and auditors see.
test('each attack x {alone, with the key, with a remembered checkpoint} ends with the exit code written beside it', async () => {
  const wrong: string[] = []
  let cells = 0
  const queue = [...attacks.entries()]
  // Two at a time: each is a process of its own.
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [number, [name, expected, text]] = next
      const file = command.file(`export-${number}`, await text)
      const anchors = [[], ['--key', keyFile], ['--checkpoint', checkpointFile]]
      for (const [column, anchor] of anchors.entries()) {
        const { code, out, err } = await command.run('verify', file, ...anchor)
        if (code !== expected[column]) wrong.push(`${name} ${anchor[0] ?? 'alone'}: ${code}\n${out.slice(0, 500)}${err}`)
        assert.equal(out.includes('unanchored'), code === 0 && column === 0, `${name}: what is not anchored is called so`)
        cells++
      }
    }
  }
  await Promise.all([worker(), worker()])
  assert.deepEqual(wrong, [])
  assert.equal(cells, 76 * 3)
})

test('a witness whose key is brought along must have signed, and its signature must hold', async () => {
  const key = formatNoteKey(WITNESS.key)
  const good = command.file('witnessed', honest)
  const seen = await command.run('verify', good, '--key', key)
  assert.equal(seen.code, 0)
  assert.match(seen.out, /anchored: the witness witness\.example\/w1\S+ signed 40 entries/)
  const last = places('checkpoint').at(-1)!
  const cases: readonly (readonly [string, string])[] = [
    [edited(last, /(\S)(\S)(?=\S{10}=*\\n"\}$)/, '$2$1'), 'wrong-signature'],
    [edited(last, /\u2014 witness[^\n]*?\\n(?="\}$)/, ''), 'unknown-key'],
    [await exportText(await trailHouse()).then((text) => text.replace(/\u2014 witness\.example\/w1 /, '\u2014 witness.example/w2 ')), 'unknown-key'],
  ]
  for (const [text, code] of cases) {
    const { code: exit, out } = await command.run('verify', command.file('unwitnessed', text), '--key', key)
    assert.equal(exit, 1)
    assert.match(out, new RegExp(code))
  }
})
