// What either side of a WebSocket may send and may not, as data, in the manner of the Autobahn test suite: each case holds in both directions.
import { BINARY, CLOSE, CONTINUATION, closing, type FrameOptions, frame, PING, PONG, TEXT } from './websocket-frames.ts'

/** The bounds that the cases are made for. */
export const CASE_LIMITS = { frameBytes: 2048, messageBytes: 4096 }

export interface WebsocketCase {
  readonly name: string
  /** The frames that are sound, in order; masked where a client sends them. */
  readonly sound: readonly Buffer[]
  /** What comes behind them and breaks a rule, and the code that both sides are closed with. */
  readonly wrong?: { readonly octets: Buffer; readonly code: number }
  /** The sound frames end with a Close. */
  readonly closes?: true
}

type Make = (payload: Buffer | string, options?: FrameOptions) => Buffer
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const part = (opcode: number, final: boolean, more: FrameOptions = {}): FrameOptions => ({ opcode, final, ...more })

/** The cases as a client sends them, with a mask, or as a server does, without. */
export function websocketCases(mask: Uint8Array | undefined): readonly WebsocketCase[] {
  const make: Make = (payload, options = {}) => frame(payload, { mask, ...options })
  const passes = (name: string, ...sound: readonly Buffer[]): WebsocketCase => ({ name, sound })
  const ends = (name: string, ...sound: readonly Buffer[]): WebsocketCase => ({ name, sound, closes: true })
  const breaks = (name: string, code: number, octets: Buffer, ...sound: readonly Buffer[]): WebsocketCase => ({ name, sound, wrong: { octets, code } })
  const binary = (length: number): Buffer => Buffer.alloc(length, 'payload ')
  const continued = (payload: Buffer | string, final: boolean): Buffer => make(payload, part(CONTINUATION, final))
  const sizes = [0, 1, 125, 126, 127, 128, 1000, CASE_LIMITS.frameBytes]

  const valid = [
    ...sizes.map((size) => passes(`text of ${size} octets`, make(binary(size)))),
    ...sizes.map((size) => passes(`binary of ${size} octets`, make(binary(size), { opcode: BINARY }))),
    passes('binary that is no text', make(hex('ff fe 00 80 c0'), { opcode: BINARY })),
    passes('text beyond ASCII', make('κόσμε 𝄞 \u{10ffff} \ufffe \u0000')),
    passes('several messages', make('one'), make('two', { opcode: BINARY }), make('three')),
    passes('a message in three frames', make('a', part(TEXT, false)), continued('b', false), continued('c', true)),
    passes('binary in two frames', make(hex('ff'), part(BINARY, false)), continued(hex('fe'), true)),
    passes('empty frames of one message', make('', part(TEXT, false)), continued('', false), continued('', true)),
    passes('a character cut between two frames', make(hex('ce ba e1'), part(TEXT, false)), continued(hex('bd b9 cf 83'), true)),
    passes('a character cut into octets', ...[...hex('f0 9d 84 9e')].map((octet, i) => make(Buffer.of(octet), part(i === 0 ? TEXT : CONTINUATION, i === 3)))),
    passes('ping and pong', make('', { opcode: PING }), make('here', { opcode: PONG })),
    passes('a pong that nobody asked for', make('unasked', { opcode: PONG })),
    passes('a ping of 125 octets that are no text', make(Buffer.alloc(125, 0xfe), { opcode: PING })),
    passes('a ping within a message', make('a', part(TEXT, false)), make('now', { opcode: PING }), continued('b', true)),
    passes(
      'pings between all frames',
      make('a', part(BINARY, false)),
      make('', { opcode: PING }),
      continued('b', false),
      make('', { opcode: PONG }),
      continued('c', true),
    ),
    passes('a message of exactly the limit', make(binary(2048), part(BINARY, false)), continued(binary(2048), true)),
    passes('the limit is each message’s own', make(binary(2048)), make(binary(2048)), make(binary(2048))),
    ends('a Close without code', make('', { opcode: CLOSE })),
    ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map((code) =>
      ends(`a Close with ${code}`, make(closing(code), { opcode: CLOSE })),
    ),
    ends('a Close with the longest reason', make(closing(1000, 'r'.repeat(123)), { opcode: CLOSE })),
    ends('a Close with a reason beyond ASCII', make(closing(1000, 'κόσμε'), { opcode: CLOSE })),
    ends('a Close within a message', make('a', part(TEXT, false)), make(closing(1001), { opcode: CLOSE })),
  ]

  const framing = [
    breaks(mask ? 'no mask' : 'a mask', 1002, frame('hello', { mask: mask ? undefined : Uint8Array.of(1, 2, 3, 4) })),
    breaks(mask ? 'no mask on a later frame' : 'a mask on a later frame', 1002, frame('b', { mask: mask ? undefined : Uint8Array.of(0, 0, 0, 0) }), make('a')),
    breaks('the wrong masking of a ping', 1002, frame('', { opcode: PING, mask: mask ? undefined : Uint8Array.of(1, 2, 3, 4) })),
    ...[1, 2, 3, 4, 5, 6, 7].map((reserved) => breaks(`reserved bits ${reserved}`, 1002, make('a', { reserved }), make('before'))),
    breaks('a reserved bit on a ping', 1002, make('', { opcode: PING, reserved: 4 })),
    breaks('a reserved bit on a Close', 1002, make('', { opcode: CLOSE, reserved: 1 })),
    breaks('a reserved bit on a continuation', 1002, make('b', part(CONTINUATION, true, { reserved: 4 })), make('a', part(TEXT, false))),
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => breaks(`opcode ${opcode}`, 1002, make('', { opcode }), make('before'))),
    breaks('a continuation of nothing', 1002, continued('a', true)),
    breaks('a continuation that is not the last, of nothing', 1002, continued('a', false)),
    breaks('a continuation behind a whole message', 1002, continued('b', true), make('a')),
    breaks('a message within a message', 1002, make('b'), make('a', part(TEXT, false))),
    breaks('binary within text', 1002, make('b', part(BINARY, false)), make('a', part(TEXT, false))),
    breaks('a ping in fragments', 1002, make('', part(PING, false))),
    breaks('a pong in fragments', 1002, make('', part(PONG, false))),
    breaks('a Close in fragments', 1002, make('', part(CLOSE, false))),
    breaks('a ping of 126 octets', 1002, make(binary(126), { opcode: PING })),
    breaks('a Close of 126 octets', 1002, make(closing(1000, 'r'.repeat(124)), { opcode: CLOSE })),
    breaks('a length in two octets that fits one', 1002, make('a', { lengthOctets: 2 })),
    breaks('a length of 125 in two octets', 1002, make(binary(125), { lengthOctets: 2 })),
    breaks('a length in eight octets that fits two', 1002, make(binary(126), { lengthOctets: 8 })),
    breaks('a length of 65,535 in eight octets', 1002, make('', { length: 65_535, lengthOctets: 8 })),
    breaks('a length with its highest bit', 1002, make('', { length: 0x8000000000000000n })),
    breaks('the largest length there is', 1009, make('', { length: 0x7fffffffffffffffn })),
  ]

  const closes = [
    breaks('a Close of one octet', 1002, make(Buffer.of(3), { opcode: CLOSE })),
    ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) =>
      breaks(`a Close with ${code}`, 1002, make(closing(code), { opcode: CLOSE }), make('before')),
    ),
    breaks('a Close whose reason is no text', 1007, make(closing(1000, hex('ce ba ff')), { opcode: CLOSE })),
    breaks('a Close whose reason ends within a character', 1007, make(closing(1000, hex('ce')), { opcode: CLOSE })),
  ]

  const sizesAbove = [
    breaks('a frame above the limit', 1009, make(binary(2049), { opcode: BINARY })),
    breaks('text above the limit', 1009, make(binary(2049)), make('before')),
    breaks('a frame of four gigabytes', 1009, make('', { opcode: BINARY, length: 0x100000000n })),
    breaks('a message above the limit, in frames below it', 1009, continued('!', true), make(binary(2048), part(TEXT, false)), continued(binary(2048), false)),
    breaks(
      'the limit counts across pings',
      1009,
      continued(binary(1), false),
      make(binary(2048), part(BINARY, false)),
      make('', { opcode: PING }),
      continued(binary(2048), false),
    ),
  ]

  // RFC 3629 3: each of these is invalid from the octet at which it can no longer become a character.
  const texts = [
    ['an octet that begins nothing', 'ff'],
    ['a continuation octet alone', '80'],
    ['an overlong slash', 'c0 af'],
    ['an overlong slash in three octets', 'e0 80 af'],
    ['an overlong slash in four octets', 'f0 80 80 af'],
    ['an overlong NUL', 'c0 80'],
    ['the first surrogate', 'ed a0 80'],
    ['the last surrogate', 'ed bf bf'],
    ['a pair of surrogates', 'ed a0 81 ed b0 80'],
    ['beyond U+10FFFF', 'f4 90 80 80'],
    ['an octet of a fifth length', 'f8 88 80 80 80'],
    ['an octet of a sixth length', 'fc 84 80 80 80 80'],
    ['a character without its end', 'ce ba e1 bd'],
    ['a character broken off by ASCII', 'ce 61'],
    ['a lead behind a lead', 'ce ce ba'],
    ['late in the text', `${'61'.repeat(600)} fe`],
  ].flatMap(([name, octets]) => [
    breaks(`text: ${name}`, 1007, make(hex(octets!)), make('before')),
    breaks(`text in a second frame: ${name}`, 1007, continued(hex(octets!), true), make('before ', part(TEXT, false))),
  ])
  const cut = [
    breaks('text that ends within a character, cut between frames', 1007, continued(hex('bd'), true), make(hex('e1'), part(TEXT, false))),
    breaks('a ping does not end a character', 1007, continued('a', true), make(hex('e1 bd'), part(TEXT, false)), make('', { opcode: PING })),
  ]
  return [...valid, ...framing, ...closes, ...sizesAbove, ...texts, ...cut]
}
