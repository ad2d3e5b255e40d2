// What a policy may do to the gateway around it: wait while a body comes in, and be there when its thread dies.
import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { CrashSuspects, crashMemory } from '../../src/gateway/crash-suspects.ts'
import { inProcessGateway } from '../support/in-process-gateway.ts'

/** Octets of bodies that the upstream was sent, and whether it takes more. */
let arrived = 0
let taking = true
const toUpstream = new Set<Socket>()
let upstream: Server

before(async () => {
  upstream = createServer((socket) => {
    toUpstream.add(socket)
    socket.on('error', () => {})
    let length = -1
    socket.on('data', (data: Buffer) => {
      const text = data.toString('latin1')
      if (length < 0) {
        length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
        arrived -= text.indexOf('\r\n\r\n') + 4
      }
      arrived += data.length
      if (arrived >= length) {
        length = -1
        arrived = 0
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      }
      if (!taking) socket.pause()
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  for (const socket of toUpstream) socket.destroy()
  await new Promise((resolve) => upstream.close(resolve))
})
const upstreamPort = (): number => (upstream.address() as AddressInfo).port

function ask(port: number, octets: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(octets))
    socket.setEncoding('latin1').on('data', (part) => (text += part))
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
  })
}

test('after a policy that waited, a body goes no faster than its upstream takes it, and arrives whole', async () => {
  const gateway = await inProcessGateway({ request: () => pause(20, undefined) }, upstreamPort(), crashMemory(1))
  const SIZE = 64 * 1024 * 1024
  taking = false
  const client = connect(gateway.port, '127.0.0.1')
  client.on('error', () => {})
  let answer = ''
  client.setEncoding('latin1').on('data', (part) => (answer += part))
  const ended = new Promise((resolve) => client.on('end', resolve))
  client.write(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${SIZE}\r\n\r\n`)
  const block = Buffer.alloc(256 * 1024, 'body ')
  let sent = 0
  const write = (): void => {
    while (sent < SIZE) {
      sent += block.length
      if (!client.write(block)) return
    }
  }
  client.on('drain', write)
  write()
  // Until nothing moves any more: what is under way then is held by kernels and the gateway.
  for (let before = -1; before !== sent - client.writableLength || sent - client.writableLength === 0; ) {
    before = sent - client.writableLength
    await pause(150)
  }
  assert.ok(sent - client.writableLength < SIZE / 2, `${sent - client.writableLength} of ${SIZE} octets were taken for an upstream that takes none`)
  taking = true
  for (const socket of toUpstream) socket.resume()
  await ended
  assert.match(answer, /^HTTP\/1\.1 200 /)
  await gateway.stop()
})

test('a request is in hand while its policies run, and no longer; one that was there at two deaths is refused', async () => {
  const memory = crashMemory(1)
  const cells = new Int32Array(memory)
  const suspects = new CrashSuspects(memory, 0)
  const held: number[] = []
  const spy = (): undefined => {
    held.push(cells.at(-1)!)
    // As the main thread does when the thread dies here.
    suspects.blame(0)
    return undefined
  }
  const gateway = await inProcessGateway({ request: spy }, upstreamPort(), memory)
  const get = (path: string): Promise<string> => ask(gateway.port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  for (let i = 0; i < 2; i++) {
    assert.match(await get('/poison'), /^HTTP\/1\.1 200 /)
    assert.equal(cells.at(-1), 0)
  }
  assert.ok(held[0] !== 0 && held[0] === held[1])
  assert.match(await get('/poison'), /^HTTP\/1\.1 503 [\s\S]*"request\.suspected"/)
  assert.match(await get('/other'), /^HTTP\/1\.1 200 /)
  assert.equal(held.length, 3)
  assert.notEqual(held[2], held[0])
  await gateway.stop()
})
