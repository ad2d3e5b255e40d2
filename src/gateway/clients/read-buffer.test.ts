// An accepted socket reads into the one buffer on the Node that is pinned, and by 'data' events on one that hides its parts.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { READ_BUFFER, readInto } from './read-buffer.ts'

async function accepted(): Promise<{ server: Socket; client: Socket; end(): void }> {
  const listener = createServer()
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1')
  const [server] = (await once(listener, 'connection')) as [Socket]
  return {
    server,
    client,
    end() {
      client.destroy()
      server.destroy()
      listener.close()
    },
  }
}

for (const [name, hides] of [
  ['on the pinned Node it reads into the one buffer', false],
  ["without Node's parts it reads by 'data' events", true],
] as const) {
  test(`${name}; pauses, goes on, and sees the end`, async () => {
    const { server, client, end } = await accepted()
    if (hides) (server as unknown as { _handle: { useUserBuffer: undefined } })._handle.useUserBuffer = undefined
    let text = ''
    let shared = 0
    let heard = (): void => {}
    const direct = readInto(server, function (count, bytes) {
      assert.equal(this, server)
      if (bytes === READ_BUFFER) shared++
      text += bytes.toString('latin1', 0, count)
      heard()
      return true
    })
    assert.equal(direct, !hides)
    const until = (wanted: string): Promise<void> =>
      new Promise((resolve) => {
        heard = () => text === wanted && resolve()
        heard()
      })
    client.write('one')
    await until('one')
    server.pause()
    client.write(' two')
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    assert.equal(text, 'one')
    server.resume()
    await until('one two')
    assert.equal(shared > 0, direct)
    const ended = once(server, 'end')
    client.end()
    await ended
    end()
  })
}
