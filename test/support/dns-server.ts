// A DNS server of our own for tests: answers over UDP what it is told to, with the time it is told to, and can fall silent or fail.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

export type DnsRecord =
  | { readonly type: 'A' | 'AAAA'; readonly address: string; readonly ttl?: number }
  | { readonly type: 'SRV'; readonly target: string; readonly port: number; readonly priority?: number; readonly weight?: number; readonly ttl?: number }
export interface DnsServer {
  /** `127.0.0.1:PORT`. */
  readonly address: string
  /** By lower-case name. A name that is not there does not exist. */
  readonly records: Map<string, readonly DnsRecord[]>
  /** `answer`: as the records say; `silent`: nobody answers; otherwise an answer with this code (RFC 1035 4.1.1): 2 server failure, 5 refused. */
  mode: 'answer' | 'silent' | 2 | 5
  /** How often each question was asked, as `A name`. */
  readonly asked: Map<string, number>
  stop(): Promise<void>
}

const TYPES: { readonly [code: number]: DnsRecord['type'] } = { 1: 'A', 28: 'AAAA', 33: 'SRV' }
const DEFAULT_TTL = 1

export async function startDnsServer(): Promise<DnsServer> {
  const socket = createSocket('udp4')
  const server: DnsServer = {
    address: '',
    records: new Map(),
    mode: 'answer',
    asked: new Map(),
    async stop() {
      socket.close()
      await once(socket, 'close')
    },
  }
  socket.on('message', (query, { port, address }) => {
    const { name, end } = readName(query, 12)
    const type = TYPES[query.readUInt16BE(end)]
    const key = `${type ?? 'other'} ${name}`
    server.asked.set(key, (server.asked.get(key) ?? 0) + 1)
    if (server.mode === 'silent') return
    const known = server.records.get(name)
    const found = server.mode === 'answer' ? (known ?? []).filter((record) => record.type === type) : []
    const code = server.mode === 'answer' ? (known === undefined ? 3 : 0) : server.mode
    const head = Buffer.alloc(12)
    query.copy(head, 0, 0, 2)
    // RFC 1035 4.1.1: an answer, with recursion as it was asked for and available.
    head.writeUInt16BE(0x8080 | (query.readUInt16BE(2) & 0x0100) | code, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(found.length, 6)
    socket.send(Buffer.concat([head, query.subarray(12, end + 4), ...found.map(written)]), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return Object.assign(server, { address: `127.0.0.1:${socket.address().port}` })
}

function readName(octets: Buffer, at: number): { readonly name: string; readonly end: number } {
  const labels: string[] = []
  let p = at
  for (let length = octets[p]!; length > 0; length = octets[p]!) {
    labels.push(octets.toString('latin1', p + 1, p + 1 + length).toLowerCase())
    p += 1 + length
  }
  return { name: labels.join('.'), end: p + 1 }
}
const nameOf = (name: string): Buffer =>
  Buffer.concat([
    ...name
      .split('.')
      .filter((label) => label !== '')
      .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')),
    Buffer.of(0),
  ])

/** RFC 1035 4.1.3, its name a pointer to the question's. */
function written(record: DnsRecord): Buffer {
  const data = dataOf(record)
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(Number(Object.entries(TYPES).find(([, type]) => type === record.type)![0]), 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(record.ttl ?? DEFAULT_TTL, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}
function dataOf(record: DnsRecord): Buffer {
  switch (record.type) {
    case 'A':
      return Buffer.from(record.address.split('.').map(Number))
    case 'AAAA':
      return aaaa(record.address)
    case 'SRV': {
      const numbers = Buffer.alloc(6)
      numbers.writeUInt16BE(record.priority ?? 0, 0)
      numbers.writeUInt16BE(record.weight ?? 0, 2)
      numbers.writeUInt16BE(record.port, 4)
      return Buffer.concat([numbers, nameOf(record.target)])
    }
  }
}
function aaaa(address: string): Buffer {
  const [before, after] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''))
  const groups = after === undefined ? before! : [...before!, ...new Array<string>(8 - before!.length - after.length).fill('0'), ...after]
  return Buffer.concat(groups.map((group) => Buffer.from(group.padStart(4, '0'), 'hex')))
}
