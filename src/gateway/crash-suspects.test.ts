// A request that a thread had in hand at two of its deaths is refused for ten minutes; no other is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RequestHead, readRequestHead } from '../http/request-head.ts'
import { CrashSuspects, crashMemory } from './crash-suspects.ts'

const LIMITS = { headBytes: 16_384, targetBytes: 8192, fields: 100 }
const headOf = (line: string): RequestHead => {
  const head = new RequestHead()
  const bytes = Buffer.from(`${line} HTTP/1.1\r\nHost: a\r\n\r\n`)
  assert.ok(readRequestHead(head, bytes, 0, bytes.length, LIMITS) > 0)
  return head
}

test('two deaths with the same request in hand, on whatever thread, are needed and are enough', () => {
  const memory = crashMemory(2)
  const threads = [new CrashSuspects(memory, 0), new CrashSuspects(memory, 1)]
  const poison = threads[0]!.fingerprint(headOf('GET /poison?a=1'))
  assert.equal(threads[1]!.fingerprint(headOf('GET /poison?a=1')), poison)
  const others = ['GET /poison?a=2', 'GET /poison', 'PUT /poison?a=1', `GET /${'x'.repeat(600)}`].map((line) => threads[0]!.fingerprint(headOf(line)))
  assert.equal(new Set([poison, ...others]).size, 5)

  threads[0]!.hold(poison)
  assert.equal(threads[0]!.blame(1_000_000), 1)
  assert.equal(threads[1]!.refuses(poison, 1_000_000), false)
  // Nothing was in hand: nobody is blamed.
  assert.equal(threads[0]!.blame(1_000_000), 0)
  threads[1]!.hold(poison)
  assert.equal(threads[1]!.blame(2_000_000), 2)
  for (const thread of threads) {
    assert.deepEqual(
      [poison, ...others].map((each) => thread.refuses(each, 2_000_000)),
      [true, false, false, false, false],
    )
    assert.equal(thread.refuses(poison, 2_600_000), false)
  }
  // Tried again and deadly again: refused again.
  threads[0]!.hold(poison)
  assert.equal(threads[0]!.blame(2_700_000), 3)
  assert.equal(threads[1]!.refuses(poison, 2_700_000), true)
})

test('many deaths fill no memory: the oldest are forgotten', () => {
  const suspects = new CrashSuspects(crashMemory(1), 0)
  for (let i = 1; i <= 1000; i++) {
    for (let twice = 0; twice < 2; twice++) {
      suspects.hold(i)
      suspects.blame(i * 1000)
    }
  }
  assert.deepEqual(
    [936, 937, 1000].map((each) => suspects.refuses(each, 1_000_000)),
    [false, true, true],
  )
})
