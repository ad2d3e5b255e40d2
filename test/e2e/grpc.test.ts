// gRPC through the program: a client and a server that know nothing of it, with an API key asked for in between.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'
import { mintKey } from '../../src/base/keys.ts'
import { makeCertificate } from '../support/certificate-maker.ts'
import { keysOf } from '../support/configured-gateway.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'

const asIs = (octets: Buffer): Buffer => octets
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/shop.Shop/${name}`,
  requestStream,
  responseStream,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
})
const service = {
  unary: method('unary', false, false),
  collect: method('collect', true, false),
  count: method('count', false, true),
  echo: method('echo', true, true),
}
const KEY = mintKey()
/** A message is a flag, four octets of length, and the content; the flag 0x80 marks trailers. */
const webMessage = (flag: number, content: string): Buffer => {
  const octets = Buffer.concat([Buffer.from([flag, 0, 0, 0, 0]), Buffer.from(content)])
  octets.writeUInt32BE(content.length, 1)
  return octets
}
const WEB_TRAILERS = webMessage(0x80, 'grpc-status: 0\r\n')
const portOf = (listening: HttpServer): number => (listening.address() as AddressInfo).port

describe('gRPC through the gateway', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-grpc-'))
  let heard: Metadata | undefined
  const server = new Server()
  server.addService(service, {
    unary(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
      heard = call.metadata
      const wish = String(call.request)
      if (wish === 'fail') {
        const metadata = new Metadata()
        metadata.set('reason-bin', Buffer.from([0, 255, 1]))
        answer({ code: status.FAILED_PRECONDITION, details: 'kein Bücherregal', metadata })
      } else if (wish === 'wait') call.on('cancelled', () => {})
      else {
        const trailer = new Metadata()
        trailer.set('told-last', 'yes')
        const initial = new Metadata()
        initial.set('told-first', 'yes')
        call.sendMetadata(initial)
        answer(null, Buffer.from(`${call.request.length}`), trailer)
      }
    },
    collect(call: ServerReadableStream<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
      let octets = 0
      call.on('data', (part: Buffer) => (octets += part.length))
      call.on('end', () => answer(null, Buffer.from(String(octets))))
    },
    count(call: ServerWritableStream<Buffer, Buffer>) {
      for (let i = 0; i < Number(String(call.request)); i++) call.write(Buffer.from(String(i)))
      call.end()
    },
    echo(call: ServerDuplexStream<Buffer, Buffer>) {
      call.on('data', (part: Buffer) => call.write(part))
      call.on('end', () => call.end())
    },
  })
  /** Speaks gRPC-Web as a translator in front of a service does: over HTTP/1.1, with the trailers as the last message of the body. */
  const web = createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': request.headers['content-type'] })
    request.on('data', (part: Buffer) => response.write(part))
    request.on('end', () => response.end(WEB_TRAILERS))
  })
  let gateway: RunningGateway
  let client: Client
  let secure: Client
  let clear = 0
  const withKey = (key = KEY): Metadata => {
    const metadata = new Metadata()
    metadata.set('x-api-key', key)
    return metadata
  }
  const unary = (through: Client, body: Buffer, metadata = withKey(), deadlineMs = 20_000) =>
    new Promise<{ answer?: Buffer; error?: ServiceError; first?: Metadata; last?: Metadata }>((resolve) => {
      const told: { first?: Metadata; last?: Metadata } = {}
      const call = through.makeUnaryRequest(service.unary.path, asIs, asIs, body, metadata, { deadline: Date.now() + deadlineMs }, (error, answer) =>
        setImmediate(() => resolve({ ...told, ...(error && { error }), ...(answer && { answer }) })),
      )
      call.on('metadata', (metadata) => (told.first = metadata))
      call.on('status', (said) => (told.last = said.metadata))
    })

  before(async () => {
    const upstream = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port))),
    )
    web.listen(0, '127.0.0.1')
    await once(web, 'listening')
    const authority = await makeCertificate({ subject: 'CN=authority', authority: true })
    const made = await makeCertificate({ subject: 'CN=shop', names: ['localhost'], issuer: authority })
    writeFileSync(join(folder, 'cert.pem'), made.certificate)
    writeFileSync(join(folder, 'key.pem'), made.key, { mode: 0o600 })
    const [first, tls] = (await freePorts(2)) as [number, number]
    clear = first
    gateway = await startGateway(
      {
        gateway: {
          timeouts: { stall: '200ms' },
          listen: [
            { address: `http://127.0.0.1:${clear}`, http2: true, https: 'off' },
            { address: `https://127.0.0.1:${tls}`, tls: { certificates: [{ cert: 'cert.pem', key: 'key.pem' }] } },
          ],
        },
        apis: {
          shop: {
            path: '/shop.Shop',
            stripPath: false,
            upstream: { url: `http://127.0.0.1:${upstream}`, protocol: 'http/2' },
            policies: { 'api-key': { header: 'X-API-Key' } },
          },
          web: { path: '/web.Shop', stripPath: false, upstream: `http://127.0.0.1:${portOf(web)}`, policies: { 'api-key': { header: 'X-API-Key' } } },
        },
        consumers: { acme: { apis: ['shop', 'web'], keys: keysOf(KEY) } },
      },
      { folder },
    )
    client = new Client(`127.0.0.1:${clear}`, credentials.createInsecure())
    secure = new Client(`localhost:${tls}`, credentials.createSsl(Buffer.from(authority.certificate)))
  })
  after(async () => {
    client?.close()
    secure?.close()
    await gateway?.stop()
    server.forceShutdown()
    web.closeAllConnections()
    web.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('a unary call, in clear and over TLS, with what is told before and behind the answer; the upstream learns who calls and not the key', async () => {
    for (const through of [client, secure]) {
      const { answer, error, first, last } = await unary(through, Buffer.from('four'))
      assert.equal(error, undefined)
      assert.equal(String(answer), '4')
      assert.deepEqual([first?.get('told-first'), last?.get('told-last')], [['yes'], ['yes']])
      assert.deepEqual([heard?.get('gatehouse-consumer'), heard?.get('x-api-key')], [['acme'], []])
    }
  })

  test('a message of three megabytes comes whole', async () => {
    assert.equal(String((await unary(secure, Buffer.alloc(3_000_000))).answer), '3000000')
  })

  test('a failure comes with its code, its text and its metadata', async () => {
    const { error } = await unary(client, Buffer.from('fail'))
    assert.deepEqual(
      [error?.code, error?.details, error?.metadata.get('reason-bin')],
      [status.FAILED_PRECONDITION, 'kein Bücherregal', [Buffer.from([0, 255, 1])]],
    )
  })

  test('a deadline that passes ends the call', async () => {
    assert.equal((await unary(client, Buffer.from('wait'), withKey(), 300)).error?.code, status.DEADLINE_EXCEEDED)
  })

  test('a call without a key, or with a wrong one, is refused in the words of gRPC and reaches nobody', async () => {
    heard = undefined
    for (const [metadata, code] of [
      [new Metadata(), 'api-key.missing'],
      [withKey(mintKey()), 'api-key.invalid'],
    ] as const) {
      const { error } = await unary(client, Buffer.from('x'), metadata)
      assert.equal(error?.code, status.UNAUTHENTICATED)
      assert.match(error?.details ?? '', /key/)
      assert.deepEqual(error?.metadata.get('gatehouse-code'), [code])
    }
    assert.equal(heard, undefined)
  })

  test('the client streams', async () => {
    const octets = await new Promise<string>((resolve, reject) => {
      const call = client.makeClientStreamRequest(service.collect.path, asIs, asIs, withKey(), (error, answer) =>
        error ? reject(error) : resolve(String(answer)),
      )
      for (let i = 0; i < 50; i++) call.write(Buffer.alloc(20_000))
      call.end()
    })
    assert.equal(octets, '1000000')
  })

  test('the server streams', async () => {
    const call = secure.makeServerStreamRequest(service.count.path, asIs, asIs, Buffer.from('500'), withKey())
    const parts: string[] = []
    call.on('data', (part: Buffer) => parts.push(String(part)))
    await once(call, 'end')
    assert.deepEqual(
      parts,
      Array.from({ length: 500 }, (_, i) => String(i)),
    )
  })

  test('both stream: each answer comes before the next question is asked, and both may be silent for a while', async () => {
    const call = client.makeBidiStreamRequest(service.echo.path, asIs, asIs, withKey())
    for (let i = 0; i < 20; i++) {
      call.write(Buffer.from(`question ${i}`))
      assert.equal(String((await once(call, 'data'))[0]), `question ${i}`)
    }
    // Longer than a request's body may stall, and than its sweep takes to see it.
    await setTimeout(1000)
    call.write(Buffer.from('after a silence'))
    assert.equal(String((await once(call, 'data'))[0]), 'after a silence')
    call.end()
    const [said] = await once(call, 'status')
    assert.equal(said.code, status.OK)
  })

  test('gRPC-Web passes as it is, its trailers in the body, and is refused as plain HTTP is', async () => {
    const ask = (headers: Record<string, string>, type: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${clear}/web.Shop/unary`, { method: 'POST', headers: { 'Content-Type': type, ...headers }, body: webMessage(0, 'question') })
    for (const type of ['application/grpc-web+proto', 'application/grpc-web', 'application/grpc-web-text']) {
      const answer = await ask({ 'X-API-Key': KEY }, type)
      assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, type])
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), Buffer.concat([webMessage(0, 'question'), WEB_TRAILERS]))
      const refused = await ask({}, type)
      assert.deepEqual([refused.status, refused.headers.get('content-type')], [401, 'application/problem+json'])
    }
  })
})
