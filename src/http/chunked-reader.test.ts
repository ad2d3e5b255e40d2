// A chunked body reads the same however it is cut, and whatever is odd about its framing is refused.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ChunkedReader } from './chunked-reader.ts'
import * as F from './faults.ts'

/** The body, the octets left over, and whether the end was reached; or the fault. `cut` octets are there at a time. */
function read(text: string, cut = text.length): { readonly body: string; readonly rest: string; readonly done: boolean } | number {
  const reader = new ChunkedReader()
  const bytes = Buffer.from(text, 'latin1')
  let body = ''
  let p = 0
  for (let to = Math.min(cut, bytes.length); !reader.done && p < bytes.length; to = Math.min(to + cut, bytes.length)) {
    while (p < to && !reader.done) {
      p = reader.step(bytes, p, to)
      if (p < 0) return -p
      body += bytes.toString('latin1', reader.dataStart, reader.dataEnd)
    }
  }
  return { body, rest: text.slice(p), done: reader.done }
}

describe('reads', () => {
  const cases: [text: string, body: string, rest: string][] = [
    ['0\r\n\r\nGET', '', 'GET'],
    ['5\r\nhello\r\n0\r\n\r\n', 'hello', ''],
    ['5;a;b=c;d="e;\\"\\r"\r\nhello\r\n000\r\n\r\n', 'hello', ''],
    ['A\r\n0\r\n\r\n56789\r\n1\r\n!\r\n0\r\nX-Trailer: a\r\nX-B:\r\n\r\nnext', '0\r\n\r\n56789!', 'next'],
  ]
  for (const [text, body, rest] of cases) {
    test(JSON.stringify(text), () => {
      for (let cut = 1; cut <= text.length; cut++) assert.deepEqual(read(text, cut), { body, rest, done: true }, `${cut} octets at a time`)
    })
  }
  test('a reader that is reset remembers nothing', () => {
    const reader = new ChunkedReader()
    reader.step(Buffer.from('5\r\nhel'), 0, 6)
    reader.reset()
    const bytes = Buffer.from('0\r\n\r\n')
    assert.equal(reader.step(bytes, 0, bytes.length), bytes.length)
    assert.ok(reader.done)
  })
})

describe('refuses', () => {
  const cases: [text: string, fault: number][] = [
    ['\r\n', F.BAD_CHUNK],
    ['-1\r\n', F.BAD_CHUNK],
    ['0x5\r\n', F.BAD_CHUNK],
    [' 5\r\n', F.BAD_CHUNK],
    ['5 \r\nhello\r\n', F.BAD_CHUNK],
    ['5\nhello\n0\n\n', F.BAD_CHUNK],
    ['5\r\nhelloX\r\n', F.BAD_CHUNK],
    ['5\r\nhello\n', F.BAD_CHUNK],
    ['5;\r\n', F.BAD_CHUNK],
    ['5;a=\r\n', F.BAD_CHUNK],
    ['5;a="b\r\n', F.BAD_CHUNK],
    ['5;a\n', F.BAD_CHUNK],
    ['ffffffffffffffff\r\n', F.BAD_CHUNK],
    [`5;${'a'.repeat(300)}`, F.BAD_CHUNK],
    ['00000000000000005\r\n', F.BAD_CHUNK],
    ['0\r\n X: a\r\n\r\n', F.BAD_TRAILER],
    ['0\r\nX\r\n\r\n', F.BAD_TRAILER],
    ['0\r\nX: a\n\r\n', F.BAD_TRAILER],
    ['0\r\nX: a\0\r\n\r\n', F.BAD_TRAILER],
    [`0\r\n${'X: a\r\n'.repeat(4000)}`, F.BAD_TRAILER],
  ]
  for (const [text, fault] of cases) {
    test(JSON.stringify(text.slice(0, 40)), () => {
      assert.equal(read(text), fault)
      if (text.length < 100) assert.equal(read(text, 1), fault, 'one octet at a time')
    })
  }
})
