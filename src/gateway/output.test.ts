// The output of a thread serves all connections: what one could not be sent is no other's.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Output } from './output.ts'
import type { Wire } from './wire.ts'

const wire = (write: (octets: Uint8Array) => void, encrypted: boolean): Wire => ({
  writableLength: 0,
  encrypted,
  write,
  pause() {},
  resume() {},
  isPaused: () => false,
  end() {},
  destroy() {},
  destroySoon() {},
})

test('what a wire did not take is not sent to the next one', () => {
  for (const encrypted of [false, true]) {
    const output = new Output()
    output.text('for the first')
    const broken = wire(() => {
      throw new Error('gone')
    }, encrypted)
    assert.throws(() => output.send(broken), /gone/)
    const heard: string[] = []
    output.text('for the second')
    output.send(wire((octets) => void heard.push(Buffer.from(octets).toString()), encrypted))
    assert.deepEqual(heard, ['for the second'])
  }
})
