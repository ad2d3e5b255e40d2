// Checks against real servers, the honest and the others.
import assert from 'node:assert/strict'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttp2, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net'
import { after, describe, test } from 'node:test'
import type { ActiveHealth } from '../../../../model/resilience.ts'
import { guardedLookup, systemLookup } from '../../guarded-lookup.ts'
import { type CheckedTarget, check } from './checks.ts'

const base: ActiveHealth = {
  ...{ kind: 'http', method: 'GET', path: '/healthz', statuses: [[200, 299]], service: '' },
  ...{ intervalMs: 1000, timeoutMs: 2000, up: 1, down: 1, jitterPercent: 0 },
}
const open: (Server | Http2Server)[] = []
const sockets = new Set<Socket>()
after(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of open) server.close()
})
async function listening(server: Server | Http2Server): Promise<CheckedTarget> {
  open.push(server)
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, http2: false, basePath: '/base', lookup: guardedLookup(systemLookup) }
}
const http = (listener: RequestListener) => listening(createHttp(listener))
const raw = (serve: (socket: Socket) => void) =>
  listening(
    createTcp((socket) => {
      socket.on('error', () => {})
      serve(socket)
    }),
  )
const ask = (target: CheckedTarget, settings: Partial<ActiveHealth> = {}) => check(target, { ...base, ...settings }, 0)

describe('a check by HTTP', () => {
  test('asks for the path below the base path, and takes the statuses that are expected', async () => {
    const asked: string[] = []
    const target = await http((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.host}`)
      response.writeHead(request.url!.endsWith('healthz') ? 204 : 503).end()
    })
    assert.equal(await ask(target), undefined)
    assert.equal(await ask(target, { method: 'HEAD', host: 'api.example' }), undefined)
    assert.equal(await ask(target, { path: '/bad' }), 'it answers 503')
    assert.equal(
      await ask(target, {
        path: '/bad',
        statuses: [
          [200, 299],
          [503, 503],
        ],
      }),
      undefined,
    )
    assert.deepEqual(asked.slice(0, 2), [`GET /base/healthz 127.0.0.1:${target.port}`, 'HEAD /base/healthz api.example'])
  })
  test('does not wait for a body, nor for more than its time for a head', async () => {
    assert.equal(await ask(await http((_, response) => void response.writeHead(200).write('and so on'))), undefined)
    assert.equal(await ask(await raw(() => {}), { timeoutMs: 50 }), 'no answer in time')
  })
  test('takes no answer that is malformed, endless or none', async () => {
    assert.equal(await ask(await raw((socket) => socket.end('SSH-2.0-x\r\n\r\n'))), 'its answer is malformed')
    assert.equal(await ask(await raw((socket) => socket.end(`HTTP/1.1 200 OK\r\nA: ${'a'.repeat(20_000)}`))), 'its answer is malformed')
    assert.equal(await ask(await raw((socket) => socket.end('HTTP/1.1 103 Early\r\n\r\n'.repeat(100)))), 'its answer is malformed')
    assert.equal(await ask(await raw((socket) => socket.end())), 'the connection was closed')
    assert.equal(await ask(await raw((socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'))), undefined)
  })
  test('a port where nobody listens is not well', async () => {
    const target = await raw(() => {})
    await new Promise((resolve) => open.pop()!.close(resolve))
    assert.equal(await ask(target), 'ECONNREFUSED')
  })
  test('a link-local address is not asked, whatever name leads there', async () => {
    const target = await http((_, response) => response.end())
    const lookup = guardedLookup((_name, done) => done(null, [{ address: '169.254.169.254', family: 4 }]))
    assert.equal(await ask({ ...target, host: 'metadata.example', lookup }), 'EACCES')
  })
})

test('a check by TCP is content with a connection', async () => {
  const target = await raw(() => {})
  assert.equal(await ask(target, { kind: 'tcp' }), undefined)
})

describe('a check by the gRPC health protocol', () => {
  const message = (status: number) => Buffer.from([0, 0, 0, 0, 2, 8, status])
  const grpc = (serve: (stream: ServerHttp2Stream, path: string, body: string) => void) => {
    const server = createHttp2()
    server.on('stream', (stream: ServerHttp2Stream, fields) => {
      const parts: Buffer[] = []
      stream.on('error', () => {})
      stream.on('data', (part: Buffer) => parts.push(part))
      stream.on('end', () => serve(stream, String(fields[':path']), Buffer.concat(parts).toString('hex')))
    })
    return listening(server)
  }
  const answer = (stream: ServerHttp2Stream, octets: Buffer, status = '0') => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }))
    stream.end(octets)
  }
  test('asks for the service and takes SERVING alone', async () => {
    const asked: string[] = []
    let status = 1
    const target = await grpc((stream, path, body) => {
      asked.push(`${path} ${body}`)
      answer(stream, message(status))
    })
    assert.equal(await ask(target, { kind: 'grpc', service: 'b' }), undefined)
    assert.deepEqual(asked, ['/grpc.health.v1.Health/Check 00000000030a0162'])
    status = 2
    assert.equal(await ask(target, { kind: 'grpc' }), 'it says that it does not serve (2)')
  })
  test('takes no failure of gRPC, no flood and no silence', async () => {
    assert.equal(await ask(await grpc((stream) => answer(stream, message(1), '5')), { kind: 'grpc' }), 'gRPC status 5')
    assert.equal(await ask(await grpc((stream) => answer(stream, Buffer.alloc(50_000))), { kind: 'grpc' }), 'its answer is malformed')
    assert.equal(await ask(await grpc((stream) => stream.respond({ ':status': 404 }, { endStream: true })), { kind: 'grpc' }), 'it answers 404')
    const only = await grpc((stream) => stream.respond({ ':status': 200, 'grpc-status': '12' }, { endStream: true }))
    assert.equal(await ask(only, { kind: 'grpc' }), 'gRPC status 12')
    assert.equal(await ask(await grpc(() => {}), { kind: 'grpc', timeoutMs: 50 }), 'no answer in time')
  })
  test('an upstream that speaks HTTP/2 is asked by HTTP over a stream', async () => {
    const target = await grpc((stream, path) => stream.respond({ ':status': path === '/base/healthz' ? 200 : 500 }, { endStream: true }))
    assert.equal(await ask({ ...target, http2: true }), undefined)
    assert.equal(await ask({ ...target, http2: true }, { path: '/' }), 'it answers 500')
  })
})
