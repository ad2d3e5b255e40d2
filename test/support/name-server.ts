// A small DNS server for tests (RFC 1035): answers questions for addresses from what it was told, over UDP on loopback.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

export interface NameServer {
  /** `ADDRESS:PORT`. */
  readonly address: string
  /** What a name leads to from now on; undefined: the server fails (SERVFAIL). */
  say(name: string, addresses: readonly string[] | undefined): void
  stop(): Promise<void>
}

const A = 1
const SERVFAIL = 2
const NXDOMAIN = 3

/** `ttl` in seconds. */
export async function startNameServer(ttl: number): Promise<NameServer> {
  const socket = createSocket('udp4')
  const known = new Map<string, readonly string[] | undefined>()
  socket.on('message', (question, from) => {
    const labels: string[] = []
    let at = 12
    for (let length = question[at]!; length > 0; length = question[at]!) {
      labels.push(question.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const end = at + 5
    const name = labels.join('.').toLowerCase()
    const kind = question.readUInt16BE(at + 1)
    const addresses = known.get(name)
    const code = known.has(name) ? (addresses === undefined ? SERVFAIL : 0) : NXDOMAIN
    const found = code === 0 && kind === A ? addresses! : []
    const head = Buffer.alloc(12)
    question.copy(head, 0, 0, 2)
    head.writeUInt16BE(0x8180 | code, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(found.length, 6)
    const answers = found.map((address) => {
      const record = Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)])
      record.writeUInt32BE(ttl, 6)
      return record
    })
    socket.send(Buffer.concat([head, question.subarray(12, end), ...answers]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    say: (name, addresses) => void known.set(name, addresses),
    async stop() {
      socket.close()
      await once(socket, 'close')
    },
  }
}
