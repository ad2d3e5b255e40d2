// Holds notes, keys, checkpoints and cosignatures to the published examples, and refuses what is nearly one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as assertProperty, integer, property, string } from 'fast-check'
import { formatCheckpoint, parseCheckpoint, parseCheckpoints } from './checkpoint.ts'
import { EMPTY_ROOT } from './merkle-hash.ts'
import { formatNote, formatSignature, parseNote, parseSignatureLines } from './note.ts'
import { checkSignature, cosignText, formatNoteKey, LOG_KEY, noteSigner, parseNoteKey, signText, WITNESS_KEY } from './note-key.ts'

// The example of the reference implementation, golang.org/x/mod/sumdb/note.
const SEED = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1)
const KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const SIGNATURE = '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'
// The examples of c2sp.org/signed-note, tlog-checkpoint and tlog-cosignature.
const POEM =
  'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned \u00e8 subito sera.\n\n' +
  '\u2014 quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n'
const SOFA =
  'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
  '\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
  '\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n'

test('the reference example of a signed note is made and verified octet by octet', () => {
  const signer = noteSigner('PeterNeumann', LOG_KEY, SEED)
  assert.equal(formatNoteKey(signer.key), KEY)
  assert.deepEqual(parseNoteKey(KEY), signer.key)
  assert.equal(formatSignature(signText(signer, TEXT)), SIGNATURE)
  assert.equal(checkSignature(parseNote(`${TEXT}\n${SIGNATURE}`)!, signer.key), 'good')
  assert.equal(checkSignature(parseNote(`${TEXT.replace('answer', 'Answer')}\n${SIGNATURE}`)!, signer.key), 'wrong')
})

test('the examples of the specifications are read, and written again as they were', () => {
  assert.equal(parseNote(POEM)!.text.split('\n').length, 5)
  const sofa = parseCheckpoint(SOFA)!
  assert.deepEqual([sofa.origin, sofa.size, sofa.note.signatures.length], ['example.com/behind-the-sofa', 20852163, 2])
  assert.equal(sofa.note.signatures[1]!.signature.readBigUInt64BE(), 1679315147n)
  for (const note of [POEM, SOFA]) assert.equal(formatNote(parseNote(note)!), note)
})

test('a cosignature holds for its text and its time only, and a key of one kind never passes for the other', () => {
  const witness = noteSigner('witness.example/w1', WITNESS_KEY, SEED)
  const log = noteSigner('witness.example/w1', LOG_KEY, SEED)
  assert.notEqual(witness.key.id, log.key.id)
  const line = cosignText(witness, TEXT, 1679315147)
  assert.equal(checkSignature({ text: TEXT, signatures: [line] }, witness.key), 'good')
  assert.equal(checkSignature({ text: TEXT, signatures: [line] }, log.key), 'absent')
  const later = { ...line, signature: Buffer.from(line.signature) }
  later.signature[7]! ^= 1
  assert.equal(checkSignature({ text: TEXT, signatures: [later] }, witness.key), 'wrong')
  assert.equal(checkSignature({ text: TEXT, signatures: [line, later] }, witness.key), 'wrong')
  assert.equal(checkSignature({ text: TEXT, signatures: [{ ...line, keyId: log.key.id }] }, log.key), 'wrong')
})

test('what is no note, key or checkpoint is undefined', () => {
  const line = SIGNATURE.slice(0, -1)
  const notes = ['', '\n', TEXT, `${TEXT}\n`, `${TEXT}\n${line}`, `${TEXT}\n${SIGNATURE}x`, `${TEXT}\r\n\n${SIGNATURE}`, `a\u0000\n\n${SIGNATURE}`]
  notes.push(`${TEXT}\n${line} x\n`, `${TEXT}\n${line.replace('\u2014', '-')}\n`, `${TEXT}\n${line.slice(0, -1)}\n`, `${TEXT}\n\u2014  ${line.slice(15)}\n`)
  notes.push(`${TEXT}\n\u2014 a AAAAAA==\n`, `${TEXT}\n${SIGNATURE.repeat(65)}`, `${'a'.repeat(40_000)}\n\n${SIGNATURE}`, `\ud800\n\n${SIGNATURE}`)
  notes.push(`${TEXT}\n\u2014 a+b ${line.split(' ')[2]}\n`, `${TEXT}\n\u2014 a\u00a0b ${line.split(' ')[2]}\n`)
  assert.equal(notes.length, 18)
  for (const note of notes) assert.equal(parseNote(note), undefined, JSON.stringify(note.slice(-60)))
  const keys = ['', 'a', KEY.replace('c74f', 'c74e'), KEY.replace('a3', 'A3'), `${KEY} `, KEY.replace('Peter', 'Peter '), `${KEY}A`, KEY.slice(0, -4)]
  keys.push(KEY.replace('+ARpc', '+AhpC'), 'a'.repeat(600))
  for (const key of keys) assert.equal(parseNoteKey(key), undefined, key)
  const bodies = [
    ['', '1'],
    ['a', ''],
    ['a', '01'],
    ['a', '-1'],
    ['a', '1e3'],
    ['a', '9007199254740992'],
    ['a', '99999999999999999999'],
    ['a', ' 1'],
    ['a', '1\n'],
  ]
  assert.equal(bodies.length + keys.length, 19)
  for (const [origin, size = ''] of bodies)
    assert.equal(parseCheckpoint(`${origin}\n${size}\n${EMPTY_ROOT.toString('base64')}\n\n${SIGNATURE}`), undefined, size)
  assert.equal(parseCheckpoint(`a\n1\n${EMPTY_ROOT.toString('base64').slice(4)}\n\n${SIGNATURE}`), undefined)
})

test('a file of checkpoints gives each of them, and is refused whole when one is broken', () => {
  const again = SOFA.replace('20852163', '20852164')
  for (const text of [SOFA + again, `${SOFA}\n${again}`, `\n${SOFA}\n\n${again}\n`])
    assert.deepEqual(
      parseCheckpoints(text)?.map(({ size }) => size),
      [20852163, 20852164],
    )
  for (const text of ['', '\n', 'x', `${SOFA}x`, `${SOFA}x\n1\n`, SOFA + again.replace('\n\n', '\n')]) assert.equal(parseCheckpoints(text), undefined, text)
})

test('nothing that is read makes a parser throw', () => {
  assertProperty(
    property(string({ unit: 'binary', maxLength: 300 }), integer({ min: 0, max: SOFA.length }), (noise, at) => {
      for (const text of [noise, SOFA.slice(0, at) + noise + SOFA.slice(at), SOFA.slice(0, at)]) {
        const note = parseNote(text)
        if (note) assert.equal(formatNote(note), text)
        const checkpoint = parseCheckpoint(text)
        if (checkpoint) assert.ok(text.startsWith(formatCheckpoint(checkpoint)))
        parseCheckpoints(text)
        parseSignatureLines(text)
        parseNoteKey(text)
      }
    }),
    { numRuns: 1000 },
  )
})
