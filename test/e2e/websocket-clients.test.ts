// Clients that others wrote: Node's WebSocket, over ws:// and wss://, and a browser, from its own page and from a foreign one.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { makeCertificate } from '../support/certificate-maker.ts'
import { openChromium } from '../support/chromium.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { CLOSE, CONTINUATION, frame, PING, PONG, readFrames } from '../support/websocket-frames.ts'

/** Echoes messages, answers pings and closes, as an upstream does. */
function echo(request: IncomingMessage, socket: Socket, first: Buffer): void {
  const proof = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const protocol = request.headers['sec-websocket-protocol'] === undefined ? '' : 'Sec-WebSocket-Protocol: chat\r\n'
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${proof}\r\n${protocol}\r\n`)
  let bytes = first
  const take = (): void => {
    const { frames, rest } = readFrames(bytes)
    bytes = rest
    for (const { opcode, final, payload } of frames) {
      if (opcode === PING) socket.write(frame(payload, { opcode: PONG }))
      else if (opcode === CLOSE) socket.end(frame(payload, { opcode: CLOSE }))
      else if (opcode <= 2 || opcode === CONTINUATION) socket.write(frame(payload, { opcode, final }))
    }
  }
  socket.on('error', () => {})
  socket.on('data', (part: Buffer) => {
    bytes = Buffer.concat([bytes, part])
    take()
  })
  take()
}

/** Opens a WebSocket, has a text and octets echoed, is told why it ends, and tells all of that to whoever serves the page. */
const page = (address: string): string => `<!doctype html><script>
const told = []
const tell = () => fetch('/told', { method: 'POST', body: JSON.stringify(told) })
const socket = new WebSocket(${address})
socket.binaryType = 'arraybuffer'
socket.onopen = () => { told.push('open'); socket.send('κόσμε ' + 'x'.repeat(100000)) }
socket.onmessage = ({ data }) => {
  if (typeof data === 'string') { told.push('text ' + data.length + data.slice(0, 5)); socket.send(new Uint8Array(70000).fill(254)) }
  else { told.push('octets ' + data.byteLength); socket.close(4001, 'enough') }
}
socket.onclose = ({ code, reason, wasClean }) => { told.push('close ' + code + ' ' + reason + ' ' + wasClean); tell() }
</script>`

describe('WebSocket clients of others', () => {
  let upstream: Server
  let gateway: RunningGateway
  let address = ''
  let told: (what: string[]) => void = () => {}
  before(async () => {
    upstream = createServer((request, response) => {
      if (request.url === '/told') {
        let body = ''
        request.on('data', (part) => (body += part))
        request.on('end', () => {
          response.end()
          told(JSON.parse(body) as string[])
        })
      } else response.setHeader('Content-Type', 'text/html; charset=utf-8').end(page(address))
    })
    upstream.on('upgrade', echo)
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    gateway = await startGateway({
      apis: { live: { path: '/', upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, public: true, websocket: true } },
    })
  })
  after(async () => {
    await gateway?.stop()
    upstream?.closeAllConnections()
    upstream?.close()
  })

  test('Node’s own: text, octets, a subprotocol and a code and reason of the end pass both ways', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/echo`, ['superchat', 'chat'])
    socket.binaryType = 'arraybuffer'
    await once(socket, 'open')
    assert.deepEqual([socket.protocol, socket.extensions], ['chat', ''])
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
      socket.send('x'.repeat(size))
      assert.equal((await once(socket, 'message'))[0].data.length, size)
      socket.send(new Uint8Array(size).fill(254))
      assert.equal((await once(socket, 'message'))[0].data.byteLength, size)
    }
    socket.close(3001, 'enough')
    const [{ code, reason, wasClean }] = await once(socket, 'close')
    assert.deepEqual([code, reason, wasClean], [3001, 'enough', true])
  })

  test('to an upstream under TLS as well', async () => {
    const authority = await makeCertificate({ subject: 'CN=authority', authority: true })
    const { certificate, key } = await makeCertificate({ subject: 'CN=upstream', names: ['127.0.0.1', 'localhost'], issuer: authority })
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-secure-upstream-'))
    writeFileSync(join(folder, 'authority.pem'), authority.certificate)
    const secure = createSecureServer({ cert: certificate, key })
    secure.on('upgrade', echo)
    secure.listen(0, '127.0.0.1')
    await once(secure, 'listening')
    const url = `https://localhost:${(secure.address() as AddressInfo).port}`
    const behind = await startGateway(
      { apis: { live: { path: '/', upstream: { url, tls: { ca: { file: 'authority.pem' } } }, public: true, websocket: true } } },
      { folder },
    )
    try {
      const socket = new WebSocket(`ws://127.0.0.1:${behind.port}/echo`)
      await once(socket, 'open')
      for (const size of [1, 70_000, 1_000_000]) {
        socket.send('x'.repeat(size))
        assert.equal((await once(socket, 'message'))[0].data.length, size)
      }
      socket.send('x'.repeat(1024 * 1024 + 1))
      const [{ code }] = await once(socket, 'close')
      assert.equal(code, 1009)
    } finally {
      await behind.stop()
      secure.closeAllConnections()
      secure.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('Node’s own is told 1009 for a message above the limit', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/echo`)
    await once(socket, 'open')
    socket.send('x'.repeat(1024 * 1024 + 1))
    const [{ code, reason }] = await once(socket, 'close')
    assert.deepEqual([code, reason], [1009, 'a message above the limit'])
  })

  test('a browser connects from its own page and echoes; from a page of another origin it does not get in', async () => {
    address = "'ws://' + location.host + '/echo'"
    for (const [port, expected] of [
      [gateway.port, ['open', 'text 100006κόσμε', 'octets 70000', 'close 4001 enough true']],
      // The upstream's own port is another origin than the gateway's.
      [(upstream.address() as AddressInfo).port, ['close 1006  false']],
    ] as const) {
      if (port !== gateway.port) address = `'ws://127.0.0.1:${gateway.port}/echo'`
      const heard = new Promise<string[]>((resolve) => (told = resolve))
      const browser = openChromium(`http://127.0.0.1:${port}/`)
      try {
        assert.deepEqual(await Promise.race([heard, browser.failed]), expected)
      } finally {
        await browser.stop()
      }
    }
    assert.match(await gateway.metrics(), /code="websocket\.origin"/)
  })
})
