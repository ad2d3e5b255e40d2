// Each direction of a WebSocket is read the same however it is cut, passes on what is sound and no octet of what is not, and never breaks.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { CASE_LIMITS, type WebsocketCase, websocketCases } from '../../test/support/websocket-cases.ts'
import { BINARY, CLOSE, CONTINUATION, closing, codeOf, frame, MASK, PING, readFrames, TEXT } from '../../test/support/websocket-frames.ts'
import { closeFrame, type FrameRules, REST_BYTES_MAX, WebsocketFrames } from './websocket-frames.ts'

const rules = (masked: boolean, more: Partial<FrameRules> = {}): FrameRules => ({ ...CASE_LIMITS, masked, compressed: false, counts: false, ...more })

interface Outcome {
  readonly passed: Buffer
  readonly code: number
  readonly closed: boolean
  readonly betweenFrames: boolean
}
/** Reads the stretches one after the other, as the tunnel does. */
function read(stretches: readonly Buffer[], told: FrameRules): Outcome {
  const frames = new WebsocketFrames(told)
  const passed: Buffer[] = []
  let rest: Buffer = Buffer.alloc(0)
  for (const stretch of stretches) {
    const all = Buffer.concat([rest, stretch])
    const end = frames.advance(all, 0, all.length)
    assert.ok(end >= 0 && end <= all.length)
    passed.push(all.subarray(0, end))
    rest = all.subarray(end)
    if (frames.closeCode !== 0 || frames.closed) break
    assert.ok(rest.length <= REST_BYTES_MAX)
  }
  return { passed: Buffer.concat(passed), code: frames.closeCode, closed: frames.closed, betweenFrames: frames.betweenFrames }
}
const octetsOf = ({ sound, wrong }: WebsocketCase): Buffer => Buffer.concat([...sound, ...(wrong ? [wrong.octets] : [])])
function cut(octets: Buffer, size: number): Buffer[] {
  const out: Buffer[] = []
  for (let at = 0; at < octets.length; at += size) out.push(octets.subarray(at, at + size))
  return out
}

for (const [who, mask] of [
  ['a client', MASK],
  ['an upstream', undefined],
] as const) {
  describe(`frames of ${who}`, () => {
    const cases = websocketCases(mask)
    test('are more than a hundred cases, each of its own', () => {
      assert.ok(cases.length >= 120, String(cases.length))
      assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length)
      assert.ok(cases.filter(({ wrong }) => wrong).length >= 80)
    })
    for (const each of cases) {
      test(each.name, () => {
        const octets = octetsOf(each)
        const sound = Buffer.concat(each.sound)
        const whole = read([octets], rules(mask !== undefined))
        assert.deepEqual([whole.code, whole.closed], [each.wrong?.code ?? 0, each.closes === true])
        // Nothing of a frame that came together with what is wrong with it is passed on: a Close can stand behind what was.
        assert.deepEqual([whole.passed, whole.betweenFrames], [sound, true])
        for (const size of [1, 2, 3, 7, 64, 1000]) {
          const pieces = read(cut(octets, size), rules(mask !== undefined))
          assert.deepEqual([pieces.code, pieces.closed], [whole.code, whole.closed], `${size} octets at a time`)
          assert.ok(octets.subarray(0, pieces.passed.length).equals(pieces.passed))
          assert.ok(pieces.passed.length >= sound.length)
          assert.ok(pieces.passed.length === sound.length || !pieces.betweenFrames, 'part of a frame was passed on, and nobody said so')
        }
      })
    }

    test('are judged alike wherever the stream is cut', () => {
      fc.assert(
        fc.property(fc.array(fc.constantFrom(...cases), { minLength: 1, maxLength: 4 }), fc.array(fc.nat(300), { maxLength: 40 }), (chosen, cuts) => {
          const octets = Buffer.concat(chosen.map(octetsOf))
          const stretches: Buffer[] = []
          let at = 0
          for (const size of cuts) {
            stretches.push(octets.subarray(at, at + size))
            at += size
          }
          stretches.push(octets.subarray(at))
          const [whole, pieces] = [read([octets], rules(mask !== undefined)), read(stretches, rules(mask !== undefined))]
          assert.deepEqual([pieces.code, pieces.closed], [whole.code, whole.closed])
          assert.ok(whole.code !== 0 || pieces.passed.equals(whole.passed))
        }),
        { numRuns: 400 },
      )
    })
    test('never break the reader, whatever they are', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 50 }), fc.boolean(), (octets, size, compressed) => {
          const told = rules(mask !== undefined, { compressed })
          const [whole, pieces] = [read([Buffer.from(octets)], told), read(cut(Buffer.from(octets), size), told)]
          assert.equal(whole.code, pieces.code)
        }),
        { numRuns: 2000 },
      )
    })
    test('that are valid and random pass unchanged', () => {
      const message = fc.record({ parts: fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 }), pings: fc.boolean() })
      fc.assert(
        fc.property(fc.array(message, { maxLength: 6 }), fc.integer({ min: 1, max: 700 }), (messages, size) => {
          const octets = Buffer.concat(
            messages.flatMap(({ parts, pings }) =>
              parts.flatMap((part, i) => [
                frame(Buffer.from(part), { opcode: i === 0 ? BINARY : CONTINUATION, final: i === parts.length - 1, mask }),
                ...(pings ? [frame('', { opcode: PING, mask })] : []),
              ]),
            ),
          )
          const outcome = read(cut(octets, size), rules(mask !== undefined))
          assert.ok(outcome.code === 0 && outcome.passed.equals(octets) && outcome.betweenFrames)
        }),
        { numRuns: 300 },
      )
    })
  })
}

describe('beyond the table', () => {
  test('compressed messages pass where compression was agreed on: unread, and with nothing but RSV1 on their first frame', () => {
    const compressed = rules(false, { compressed: true })
    const noText = Buffer.of(0xff, 0xfe)
    assert.equal(read([frame(noText, { reserved: 4 })], compressed).code, 0)
    assert.equal(read([frame(noText, { reserved: 4, final: false }), frame(noText, { opcode: CONTINUATION })], compressed).code, 0)
    // A message that is not compressed is judged as ever, and the one behind a compressed one too.
    assert.equal(read([frame(noText, { reserved: 4 }), frame(noText)], compressed).code, 1007)
    for (const [name, octets] of [
      ['RSV2', frame('', { reserved: 2 })],
      ['RSV1 and RSV3', frame('', { reserved: 5 })],
      ['RSV1 on a continuation', Buffer.concat([frame('', { reserved: 4, final: false }), frame('', { opcode: CONTINUATION, reserved: 4 })])],
      ['RSV1 on a ping', frame('', { opcode: PING, reserved: 4 })],
      ['RSV1 on a Close', frame('', { opcode: CLOSE, reserved: 4 })],
    ] as const)
      assert.equal(read([octets], compressed).code, 1002, name)
    assert.equal(read([frame(Buffer.alloc(2049), { reserved: 4, opcode: BINARY })], compressed).code, 1009)
  })

  test('a message of frames without end is ended', () => {
    const stream = Buffer.concat([
      frame('', { opcode: TEXT, final: false }),
      ...Array.from({ length: 17_000 }, () => frame('', { opcode: CONTINUATION, final: false })),
    ])
    assert.equal(read([stream], rules(false)).code, 1008)
  })

  test('reading stops in front of each message and ping that is counted, and goes on once it is admitted', () => {
    const frames = new WebsocketFrames(rules(false, { counts: true }))
    const pieces = [
      frame('a', { final: false }),
      frame('b', { opcode: CONTINUATION }),
      frame('', { opcode: PING }),
      frame('c', { opcode: BINARY }),
      frame(closing(1000), { opcode: CLOSE }),
    ]
    const all = Buffer.concat(pieces)
    const stops: number[] = []
    let p = 0
    for (;;) {
      p = frames.advance(all, p, all.length)
      if (!frames.awaitsCount) break
      stops.push(p)
      // Asked again without leave, it stays.
      assert.equal(frames.advance(all, p, all.length), p)
      frames.admit()
    }
    const ends = pieces.map((_, i) => Buffer.concat(pieces.slice(0, i)).length)
    assert.deepEqual(stops, [0, ends[2], ends[3]])
    assert.deepEqual([p, frames.closed], [all.length, true])
  })

  test('a Close that the gateway makes is one that it would let pass', () => {
    for (const mask of [undefined, MASK]) {
      const made = closeFrame(1009, 'a message above the limit', mask)
      assert.deepEqual(read([made], rules(mask !== undefined)).closed, true)
      const [only] = readFrames(made).frames
      assert.deepEqual([codeOf(only!), only!.payload.toString('utf8', 2), only!.masked], [1009, 'a message above the limit', mask !== undefined])
    }
    assert.throws(() => closeFrame(1000, 'x'.repeat(124)), RangeError)
  })
})
