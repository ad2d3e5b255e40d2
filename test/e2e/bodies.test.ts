// Bodies at the edges of an exchange: a client that has said all, a body that is too large, and what is counted of them.
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { metric } from '../support/load-client.ts'

/** Writes the pieces one after the other, ends its side, and answers everything that came back. */
function converse(port: number, pieces: readonly string[], end = true): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let heard = ''
    socket.setEncoding('latin1').on('data', (part) => (heard += part))
    socket.on('end', () => {
      socket.end()
      resolve(heard)
    })
    socket.on('error', reject)
    for (const piece of pieces) socket.write(piece)
    if (end) socket.end()
  })
}

describe('a body', () => {
  let upstream: Server
  let gateway: RunningGateway
  let release: (() => void) | undefined
  let arrived: (() => void) | undefined

  before(async () => {
    upstream = createServer((request, response) => {
      let length = 0
      request.on('data', (part: Buffer) => (length += part.length))
      request.on('end', () => {
        if (request.url !== '/slow') return response.end(`got ${length}`)
        release = () => response.end('slow')
        arrived?.()
      })
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
    gateway = await startGateway({
      apis: { one: { path: '/one', upstream: { url, connections: 1 }, public: true, policies: { 'request-size': { body: '1KiB' } } } },
    })
  })
  after(async () => {
    await gateway?.stop()
    upstream?.closeAllConnections()
    upstream?.close()
  })

  test('that is here whole is answered although its client has ended its side and the upstream is busy', async () => {
    const isThere = new Promise<void>((resolve) => (arrived = resolve))
    const slow = converse(gateway.port, ['GET /one/slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'], false)
    await isThere
    const queued = converse(gateway.port, ['POST /one/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello'])
    while (metric(await gateway.metrics(), 'gatehouse_upstream_connections', 'state="queued"') === 0);
    release!()
    assert.match(await queued, /^HTTP\/1\.1 200 [\s\S]*got 5$/)
    assert.match(await slow, /slow$/)
  })

  test('that its client cuts short is given up', async () => {
    assert.equal(await converse(gateway.port, ['POST /one/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel']).catch(() => ''), '')
  })

  test('above the limit is refused and counted under the policy that set it, declared or streamed', async () => {
    const counted = async (): Promise<number> =>
      metric(await gateway.metrics(), 'gatehouse_policy_decisions_total', 'policy="request-size",scope="one/request-size/0",outcome="refused"')
    const declared = await converse(gateway.port, ['POST /one/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n'], false)
    assert.match(declared, /^HTTP\/1\.1 413 [\s\S]*request-size\./)
    assert.equal(await counted(), 1)
    const streamed = await converse(
      gateway.port,
      [`POST /one/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n${'x'.repeat(2000)}\r\n`],
      false,
    )
    assert.match(streamed, /^HTTP\/1\.1 413 [\s\S]*request-size\./)
    assert.equal(await counted(), 2)
  })

  test('a refusal without an API is not counted under the API of the request before it', async () => {
    const answer = await converse(
      gateway.port,
      ['GET /one/x HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
      false,
    )
    assert.match(answer, /200 OK[\s\S]*404 Not Found/)
    const page = await gateway.metrics()
    assert.equal(metric(page, 'gatehouse_refusals_total', 'api="",code="route.unknown"'), 1)
    assert.equal(metric(page, 'gatehouse_refusals_total', 'api="one",code="route.unknown"'), 0)
  })
})
