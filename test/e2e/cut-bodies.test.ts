// A body that is cut short upstream never looks whole to clients of HTTP/1.x, whatever tells its end.
import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { type ConfiguredGateway, configuredGateway } from '../support/configured-gateway.ts'

const FORMS = {
  chunks: 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
  length: 'Content-Length: 10\r\n\r\nhello',
} as const
const sockets = new Set<Socket>()
const ENDS: Readonly<Record<string, (socket: Socket) => void>> = { closes: (socket) => socket.end(), resets: (socket) => socket.resetAndDestroy() }
/** Answers half of a body, and ends as the path says once its client has that half. */
const upstream = createServer((socket) => {
  sockets.add(socket)
  socket.on('error', () => {})
  socket.on('data', (octets) => {
    const [, form, how] = /^GET \/(\w+)\/(\w+)/.exec(octets.toString('latin1'))!
    cut = () => ENDS[how!]!(socket)
    socket.write(`HTTP/1.1 200 OK\r\n${FORMS[form as keyof typeof FORMS]}`)
  })
})
let cut: () => void
let gateway: ConfiguredGateway
before(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const address = upstream.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address!.port : 0}`
  gateway = await configuredGateway({
    gateway: { listen: [{ address: 'http://127.0.0.1:0', https: 'off' }] },
    apis: { a: { path: '/', upstream: url, public: true } },
  })
})
after(async () => {
  await gateway?.stop()
  for (const socket of sockets) socket.destroy()
  upstream.close()
})

for (const form of Object.keys(FORMS))
  for (const how of Object.keys(ENDS))
    for (const minor of [0, 1])
      test(`HTTP/1.${minor} sees that a body by ${form} is cut when its upstream ${how}`, async () => {
        const client = connect({ port: gateway.port, host: '127.0.0.1' })
        let heard = ''
        client.setEncoding('latin1').on('data', (octets) => {
          heard += String(octets)
          if (heard.endsWith('hello') || heard.endsWith('hello\r\n')) cut()
        })
        client.write(`GET /${form}/${how} HTTP/1.${minor}\r\nHost: a\r\n\r\n`)
        let failed = ''
        client.on('error', ({ message }) => (failed = message))
        await new Promise((resolve) => client.on('close', resolve))
        assert.match(heard, /\r\n\r\n(?:5\r\n)?hello(?:\r\n)?$/)
        // To HTTP/1.0 the close alone tells the end of such a body: there it is a reset.
        if (minor === 0) assert.match(failed, /ECONNRESET/)
      })
