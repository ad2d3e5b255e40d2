// Bodies are bounded one by one and all together.
import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { readTextBody } from './request-body.ts'

const MIB = 1024 * 1024
function body(parts: AsyncIterable<Buffer> | Iterable<Buffer>): IncomingMessage {
  return Object.assign(Readable.from(parts, { objectMode: false }), { headers: { 'content-type': 'text/plain' } }) as unknown as IncomingMessage
}

test('a body above its bound is refused, declared or not', async () => {
  const declared = Object.assign(body([]), { headers: { 'content-length': '11' } })
  assert.deepEqual(await readTextBody(declared, 10), { refused: 'body-too-large' })
  assert.deepEqual(await readTextBody(body([Buffer.from('12345'), Buffer.from('678901')]), 10), { refused: 'body-too-large' })
  assert.deepEqual(await readTextBody(body([Buffer.from('1234567890')]), 10), { value: '1234567890' })
})

test('a body that breaks off is the fault of who sent it', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from('12345')
    throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
  }
  const read = await readTextBody(body(broken()), 10)
  assert.deepEqual('faults' in read && read.faults.map(({ code }) => code), ['cut-short'])
})

test('what all bodies hold at one time is bounded, and free again when they are done', async () => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  let filled = (): void => {}
  const areFilled = new Promise<void>((resolve) => {
    let count = 0
    filled = () => void (++count === 2 && resolve())
  })
  async function* large(): AsyncGenerator<Buffer> {
    for (let i = 0; i < 60; i++) yield Buffer.alloc(MIB, 'a')
    filled()
    await held
  }
  const waiting = [readTextBody(body(large()), 64 * MIB), readTextBody(body(large()), 64 * MIB)]
  await areFilled
  const third = await readTextBody(body(Array.from({ length: 60 }, () => Buffer.alloc(MIB, 'b'))), 64 * MIB)
  assert.equal('refused' in third && third.refused, 'rate-limited')
  release()
  for (const each of await Promise.all(waiting)) assert.ok('value' in each)
  assert.ok('value' in (await readTextBody(body([Buffer.alloc(60 * MIB, 'c')]), 64 * MIB)))
})
