// What the fetch of a policy reaches: what the file names, in time, in size, in number.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Egress, OutboundRequest, OutboundResponse } from '../ports/egress.ts'
import { boundedFetch } from './bounded-fetch.ts'

/** An egress that answers when it is told to. */
function egress() {
  const asked: { readonly request: OutboundRequest; answer(response: Partial<OutboundResponse>): void; fail(cause: Error): void }[] = []
  const out: Egress = {
    fetch: (request) =>
      new Promise((resolve, reject) => {
        asked.push({ request, answer: (response) => resolve({ status: 200, headers: {}, body: Buffer.alloc(0), ...response }), fail: reject })
      }),
  }
  return { asked, fetch: boundedFetch('acme-page', ['https://stock.example', 'http://10.0.0.1:8080'], out) }
}

test('nothing is reached whose origin the file does not name, however it is spelled', async () => {
  const { asked, fetch } = egress()
  const urls = [
    'https://evil.example/',
    'http://stock.example/',
    'https://stock.example:444/',
    'https://stock.example.evil.example/',
    'https://stock.example@evil.example/',
    'https://evil.example/https://stock.example/',
    'http://10.0.0.1/',
    'file:///etc/passwd',
    'data:text/plain,x',
    '//stock.example/',
    '/b1',
    '',
    'javascript:1',
  ]
  for (const url of urls) await assert.rejects(fetch(url), /may not fetch from/, url)
  assert.equal(asked.length, 0)
})

test('what is named is asked for with bounds, and a path is resolved before it is judged', async () => {
  const { asked, fetch } = egress()
  const pending = fetch('https://stock.example/a/../b1', { headers: { 'X-Tenant': 'north' } })
  assert.deepEqual(asked[0]!.request, { method: 'GET', url: 'https://stock.example/b1', headers: { 'X-Tenant': 'north' }, timeoutMs: 2000, bytesMax: 1048576 })
  asked[0]!.answer({ status: 200, body: Buffer.from('{"inStock":3}') })
  const answer = await pending
  assert.deepEqual([answer.text(), answer.json()], ['{"inStock":3}', { inStock: 3 }])
})

test('no bound can be asked away', async () => {
  const { asked, fetch } = egress()
  for (const timeoutMs of [0, -1, 4001, Number.NaN, Number.POSITIVE_INFINITY]) await assert.rejects(fetch('https://stock.example/', { timeoutMs }), RangeError)
  for (const bytesMax of [-1, 8 * 1024 * 1024 + 1, Number.NaN]) await assert.rejects(fetch('https://stock.example/', { bytesMax }), RangeError)
  assert.equal(asked.length, 0)
})

test('64 are under way at once, and each that ends, well or not, makes room', async () => {
  const { asked, fetch } = egress()
  const pending = Array.from({ length: 64 }, () => fetch('https://stock.example/'))
  await assert.rejects(fetch('https://stock.example/'), /64 fetches under way/)
  asked[0]!.answer({})
  await pending[0]
  asked[1]!.fail(new Error('down'))
  await assert.rejects(pending[1]!)
  pending.push(fetch('https://stock.example/'), fetch('https://stock.example/'))
  await assert.rejects(fetch('https://stock.example/'), /64 fetches under way/)
  for (const { answer } of asked) answer({})
  await Promise.all(pending.filter((_, i) => i !== 1))
})

test('one that fails and that nobody waits for is no unhandled rejection', async () => {
  const seen: unknown[] = []
  const see = (cause: unknown): void => void seen.push(cause)
  process.on('unhandledRejection', see)
  const { asked, fetch } = egress()
  void fetch('https://stock.example/')
  void fetch('https://evil.example/')
  asked[0]!.fail(new Error('down'))
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', see)
  assert.deepEqual(seen, [])
})
