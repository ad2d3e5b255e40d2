// Frames are read as they were written, however they come apart, and each rule of RFC 9113 4 and 6 that a frame breaks by itself has its fault.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { OctetWriter } from '../../base/octet-writer.ts'
import * as F from './frame-faults.ts'
import { FrameReader } from './frame-reader.ts'
import * as T from './frame-types.ts'
import {
  beginHeaders,
  endHeaders,
  patchEndStream,
  putData,
  putFrameHead,
  putGoaway,
  putPing,
  putReset,
  putSettings,
  putSettingsAck,
  putWindowUpdate,
} from './frame-writer.ts'

interface Read {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly length: number
  readonly told: string
}
/** All frames of these pieces, and the fault that ended the reading, or 0. */
function read(reader: FrameReader, pieces: readonly Buffer[]): { frames: Read[]; fault: number } {
  const frames: Read[] = []
  for (const piece of pieces)
    for (let p = 0; p < piece.length; ) {
      const next = reader.next(piece, p, piece.length)
      if (next < 0) return { frames, fault: -next }
      assert.ok(next > p, 'the reading stands still')
      assert.ok(reader.isWhole || next === piece.length)
      if (reader.isWhole) {
        const { type, flags, stream, length, bytes, start, end } = reader
        frames.push({ type, flags, stream, length, told: bytes.toString('latin1', start, end) })
      }
      p = next
    }
  return { frames, fault: 0 }
}
function frame(type: number, flags: number, stream: number, payload: string | number = '', announced?: number): Buffer {
  const octets = typeof payload === 'number' ? Buffer.alloc(payload) : Buffer.from(payload, 'latin1')
  const out = new OctetWriter(64)
  putFrameHead(out, announced ?? octets.length, type, flags, stream)
  out.put(octets)
  return Buffer.from(out.take())
}

const rows: readonly (readonly [name: string, octets: Buffer | readonly Buffer[], fault: number])[] = [
  ['a frame of 2^14 octets', frame(T.DATA, 0, 1, 16_384), 0],
  ['a frame of one more', frame(T.DATA, 0, 1, 16_385), F.FRAME_TOO_LARGE],
  ['a frame of 2^24-1, before its octets come', frame(T.DATA, 0, 1, '', 0xffffff), F.FRAME_TOO_LARGE],
  ['an unknown frame past the size', frame(0x77, 0, 0, 16_385), F.FRAME_TOO_LARGE],
  ['DATA on stream 0', frame(T.DATA, 0, 0, 'x'), F.ON_NO_STREAM],
  ['HEADERS on stream 0', frame(T.HEADERS, 4, 0, 'x'), F.ON_NO_STREAM],
  ['PRIORITY on stream 0', frame(T.PRIORITY, 0, 0, 5), F.ON_NO_STREAM],
  ['RST_STREAM on stream 0', frame(T.RST_STREAM, 0, 0, 4), F.ON_NO_STREAM],
  ['CONTINUATION on stream 0', frame(T.CONTINUATION, 4, 0), F.ON_NO_STREAM],
  ['SETTINGS on a stream', frame(T.SETTINGS, 0, 1), F.ON_A_STREAM],
  ['PING on a stream', frame(T.PING, 0, 1, 8), F.ON_A_STREAM],
  ['GOAWAY on a stream', frame(T.GOAWAY, 0, 1, 8), F.ON_A_STREAM],
  ['WINDOW_UPDATE on either', [frame(T.WINDOW_UPDATE, 0, 0, 4), frame(T.WINDOW_UPDATE, 0, 1, 4)], 0],
  ['a PUSH_PROMISE', frame(T.PUSH_PROMISE, 4, 1, 8), F.PUSHED],
  ...[3, 5].map((length) => [`a RST_STREAM of ${length}`, frame(T.RST_STREAM, 0, 1, length), F.WRONG_LENGTH] as const),
  ...[4, 6].map((length) => [`a PRIORITY of ${length}`, frame(T.PRIORITY, 0, 1, length), F.WRONG_LENGTH] as const),
  ...[0, 7, 9].map((length) => [`a PING of ${length}`, frame(T.PING, 0, 0, length), F.WRONG_LENGTH] as const),
  ...[3, 5].map((length) => [`a WINDOW_UPDATE of ${length}`, frame(T.WINDOW_UPDATE, 0, 1, length), F.WRONG_LENGTH] as const),
  ...[1, 5, 7].map((length) => [`SETTINGS of ${length}`, frame(T.SETTINGS, 0, 0, length), F.WRONG_LENGTH] as const),
  ['SETTINGS of 0, 6 and 12', [0, 6, 12].map((length) => frame(T.SETTINGS, 0, 0, length)), 0],
  ['an acknowledgement that says something', frame(T.SETTINGS, T.ACK, 0, 6), F.WRONG_LENGTH],
  ['a GOAWAY of 7', frame(T.GOAWAY, 0, 0, 7), F.WRONG_LENGTH],
  ['a GOAWAY with words', frame(T.GOAWAY, 0, 0, 30), 0],
  ['DATA that are all padding', frame(T.DATA, T.PADDED, 1, '\x02\0\0'), 0],
  ['padding as long as what is left', frame(T.DATA, T.PADDED, 1, '\x03\0\0'), F.TOO_MUCH_PADDING],
  ['padding without its length', frame(T.DATA, T.PADDED, 1), F.WRONG_LENGTH],
  ['HEADERS with padding into the priority', frame(T.HEADERS, T.PADDED | T.WITH_PRIORITY | T.END_HEADERS, 1, '\x01\0\0\0\0\0'), F.TOO_MUCH_PADDING],
  ['HEADERS too short for the priority', frame(T.HEADERS, T.WITH_PRIORITY | T.END_HEADERS, 1, 4), F.WRONG_LENGTH],
  ['padded HEADERS too short for the priority', frame(T.HEADERS, T.PADDED | T.WITH_PRIORITY | T.END_HEADERS, 1, '\0\0\0\0\0'), F.WRONG_LENGTH],
  ['CONTINUATION without HEADERS', frame(T.CONTINUATION, 4, 1, 'x'), F.NO_BLOCK],
  ['CONTINUATION behind the end of a block', [frame(T.HEADERS, 4, 1, 'x'), frame(T.CONTINUATION, 4, 1, 'x')], F.NO_BLOCK],
  ['a block in pieces', [frame(T.HEADERS, 0, 1, 'x'), frame(T.CONTINUATION, 0, 1, 'y'), frame(T.CONTINUATION, 4, 1, 'z'), frame(T.DATA, 0, 1, 'x')], 0],
  ...[T.DATA, T.HEADERS, T.PRIORITY, T.RST_STREAM, T.SETTINGS, T.PING, T.GOAWAY, T.WINDOW_UPDATE, T.PUSH_PROMISE, 0x77].map(
    (type) => [`a frame of type ${type} inside of a block`, [frame(T.HEADERS, 0, 1, 'x'), frame(type, 0, 1, 'x')], F.BLOCK_INTERRUPTED] as const,
  ),
  ['a CONTINUATION of another stream inside of a block', [frame(T.HEADERS, 0, 1, 'x'), frame(T.CONTINUATION, 4, 3, 'x')], F.BLOCK_INTERRUPTED],
  ['unknown frames on either', [frame(0x77, 0xff, 0, 'x'), frame(0x10, 0, 5, 'x')], 0],
]

describe('a frame by itself', () => {
  let ran = 0
  for (const [name, octets, fault] of rows)
    test(`${fault === 0 ? 'is read' : 'is a fault'}: ${name}`, () => {
      ran++
      const all = Buffer.concat(Buffer.isBuffer(octets) ? [octets] : octets)
      assert.equal(F.frameFault(read(new FrameReader(), [all]).fault).reason, F.frameFault(fault).reason)
      // One octet at a time it is the same.
      const one = read(
        new FrameReader(),
        Array.from(all, (octet) => Buffer.from([octet])),
      )
      assert.equal(one.fault, fault)
    })
  test('was tried in every row', () => assert.equal(ran, 51))
})

test('padding and priority are taken off, and count for the window', () => {
  const { frames } = read(new FrameReader(), [frame(T.DATA, T.PADDED, 1, '\x02abc\0\0'), frame(T.HEADERS, 0x2c, 3, '\x01\x80\0\0\x01\xffblock\0')])
  assert.deepEqual(
    frames.map(({ told, length }) => [told, length]),
    [
      ['abc', 6],
      ['block', 12],
    ],
  )
})

const someFrame = fc.oneof(
  fc.tuple(fc.constantFrom(T.DATA, 0x77), fc.constant(0), fc.integer({ min: 1, max: 0x7fffffff }), fc.string({ maxLength: 400 })),
  fc.tuple(fc.constant(T.PING), fc.constantFrom(0, 1), fc.constant(0), fc.string({ minLength: 8, maxLength: 8 })),
  fc.tuple(fc.constant(T.HEADERS), fc.constant(4), fc.integer({ min: 1, max: 0x7fffffff }), fc.string({ maxLength: 100 })),
)

test('what was written is read, however it comes apart, in memory that what came bounds', () => {
  fc.assert(
    fc.property(fc.array(someFrame, { maxLength: 20 }), fc.array(fc.nat(3000), { maxLength: 30 }), (frames, cuts) => {
      const all = Buffer.concat(frames.map(([type, flags, stream, payload]) => frame(type, flags, stream, payload)))
      const places = [...new Set(cuts.map((cut) => Math.min(cut, all.length)))].sort((a, b) => a - b)
      const pieces = [0, ...places].map((from, i) => all.subarray(from, places[i] ?? all.length))
      const reader = new FrameReader()
      const found = read(reader, pieces)
      assert.equal(found.fault, 0)
      assert.equal(reader.waits, 0)
      assert.deepEqual(
        found.frames.map(({ type, flags, stream, told }) => [type, flags, stream, told]),
        frames.map(([type, flags, stream, payload]) => [type, flags, stream, Buffer.from(payload, 'latin1').toString('latin1')]),
      )
    }),
    { numRuns: 1500 },
  )
})
test('any octets end in frames, a fault or waiting, and never in more waiting than one frame', () => {
  const nearly = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 30 }).map((octets) => Buffer.from(octets)),
      fc.tuple(fc.nat(12), fc.nat(255), fc.nat(5), fc.string({ maxLength: 20 })).map(([type, flags, stream, payload]) => frame(type, flags, stream, payload)),
    ),
    { maxLength: 12 },
  )
  let faults = 0
  let frames = 0
  fc.assert(
    fc.property(nearly, (pieces) => {
      const reader = new FrameReader()
      const found = read(reader, pieces)
      if (found.fault !== 0) faults++
      frames += found.frames.length
      for (const each of found.frames) assert.ok(each.told.length <= each.length && each.length <= T.FRAME_BYTES_MAX)
      assert.ok(reader.waits <= T.FRAME_HEAD_BYTES + T.FRAME_BYTES_MAX)
    }),
    { numRuns: 5000 },
  )
  assert.ok(faults > 500 && frames > 500, `${faults} and ${frames}`)
})

test('each frame of ours says what it is to say', () => {
  const out = new OctetWriter(16)
  putSettings(out, [[T.INITIAL_WINDOW_SIZE, 0x01020304]])
  putSettingsAck(out)
  putPing(out, T.ACK, Buffer.from('x12345678'), 1)
  putReset(out, 5, T.INTERNAL_ERROR)
  putWindowUpdate(out, 0, 70_000)
  putGoaway(out, 7, T.ENHANCE_YOUR_CALM, 'why')
  putData(out, 0x7fffffff, Buffer.from('abc'), 1, 3, T.END_STREAM)
  const { frames, fault } = read(new FrameReader(), [Buffer.from(out.take())])
  assert.equal(fault, 0)
  assert.deepEqual(
    frames.map(({ type, flags, stream, told }) => [type, flags, stream, told]),
    [
      [T.SETTINGS, 0, 0, '\0\x04\x01\x02\x03\x04'],
      [T.SETTINGS, T.ACK, 0, ''],
      [T.PING, T.ACK, 0, '12345678'],
      [T.RST_STREAM, 0, 5, '\0\0\0\x02'],
      [T.WINDOW_UPDATE, 0, 0, '\0\x01\x11\x70'],
      [T.GOAWAY, 0, 0, '\0\0\0\x07\0\0\0\x0bwhy'],
      [T.DATA, T.END_STREAM, 0x7fffffff, 'bc'],
    ],
  )
})
test('a block of any length goes out whole, in frames that are no larger than they may be, and its stream may still be ended', () => {
  for (const length of [0, 1, 16_384, 16_385, 32_768, 50_000]) {
    const out = new OctetWriter(16)
    putData(out, 3, Buffer.from('before'), 0, 6, 0)
    const begin = beginHeaders(out, 1, 0)
    const block = Buffer.from(Array.from({ length }, (_, i) => i & 255))
    out.put(block)
    endHeaders(out, begin, 1)
    patchEndStream(out, begin)
    const { frames, fault } = read(new FrameReader(), [Buffer.from(out.take())])
    assert.equal(fault, 0)
    const own = frames.slice(1)
    assert.equal(own.map(({ told }) => told).join(''), block.toString('latin1'))
    assert.deepEqual(
      own.map(({ type }) => type),
      own.map((_, i) => (i === 0 ? T.HEADERS : T.CONTINUATION)),
    )
    assert.deepEqual(
      own.map(({ flags }) => (flags & T.END_HEADERS) !== 0),
      own.map((_, i) => i === own.length - 1),
    )
    assert.ok((own[0]!.flags & T.END_STREAM) !== 0)
  }
})
