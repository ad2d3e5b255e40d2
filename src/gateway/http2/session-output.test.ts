// Turns among the bodies of one connection: whoever is over is in none.
import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ClientStream } from './client-stream.ts'
import { SessionOutput } from './session-output.ts'

test('a stream that is over is not kept for a turn that its connection, whose window is shut, never has', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const output = new SessionOutput(new Socket(), () => {})
  const queued = (): WeakRef<ClientStream> => {
    const stream = { sendWindow: 1, isQueued: false, writableLength: 5 } as ClientStream
    output.waiting += stream.writableLength
    output.queue(stream)
    output.forget(stream)
    return new WeakRef(stream)
  }
  const over = Array.from({ length: 10 }, queued)
  await turn()
  collect()
  assert.equal(over.filter((each) => each.deref() !== undefined).length, 0)
  assert.equal(output.waiting, 0)
})
