// The upstream of the example: tells a price every second as an event, and echoes what is said over a WebSocket.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

/** @param {number} port */
export function startPrices(port, everyMs = 1000) {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
    let told = 0
    const tell = () => response.write(`id: ${++told}\ndata: {"book":"Persuasion","cents":${1100 + told}}\n\n`)
    tell()
    const telling = setInterval(tell, everyMs)
    response.on('close', () => clearInterval(telling))
  })
  server.on('upgrade', (request, socket, head) => {
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
    let bytes = head
    socket.on('error', () => {})
    socket.on('data', (part) => {
      bytes = Buffer.concat([bytes, part])
      // Short frames alone, as they are typed: two octets, four of mask, at most 125 of payload.
      while (bytes.length >= 6 && bytes.length >= 6 + (bytes[1] & 127)) {
        const end = 6 + (bytes[1] & 127)
        const payload = bytes.subarray(6, end).map((octet, i) => octet ^ bytes[2 + (i % 4)])
        socket.write(Buffer.concat([Buffer.from([bytes[0], payload.length]), payload]))
        if ((bytes[0] & 15) === 8) socket.end()
        bytes = bytes.subarray(end)
      }
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await startPrices(9020)
