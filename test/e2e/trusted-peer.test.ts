// A peer that the operator trusts is believed about the caller and the request's id; nobody else is.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'

const ID = '01a20b1d-ab62-7249-950b-5b6994d16c33'
const FRESH = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe('what a peer says', () => {
  let upstream: RecordingUpstream
  let gateway: RunningGateway
  before(async () => {
    upstream = await startRecordingUpstream()
    const url = `http://127.0.0.1:${upstream.port}`
    gateway = await startGateway({
      gateway: { trustedProxies: ['127.0.0.2/32'] },
      apis: { one: { path: '/', upstream: url, public: true, policies: { 'ip-filter': { deny: ['203.0.113.0/24'] } } } },
    })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.stop()
  })

  function ask(from: string, lines: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = ''
      const socket = connect({ port: gateway.port, host: '127.0.0.1', localAddress: from })
      socket.setEncoding('latin1').on('data', (part) => (text += part))
      socket.on('end', () => resolve(text))
      socket.on('error', reject)
      socket.write(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}\r\n`)
    })
  }
  const idOf = (answer: string): string => /^X-Request-Id: (.*)\r$/m.exec(answer)![1]!

  const trusted = '127.0.0.2'
  const other = '127.0.0.3'
  const cases: [name: string, from: string, lines: string, status: number, id: string | undefined][] = [
    ['a trusted one names a caller who may call, and the id', trusted, `X-Forwarded-For: 198.51.100.7\r\nX-Request-Id: ${ID}\r\n`, 200, ID],
    ['a trusted one names a caller who may not', trusted, 'X-Forwarded-For: 203.0.113.7\r\n', 403, undefined],
    ['a trusted one gives the id in capitals', trusted, `x-request-id: ${ID.toUpperCase()}\r\n`, 200, ID],
    ['a trusted one gives something else than a UUID', trusted, 'X-Request-Id: 7\r\n', 200, undefined],
    ['a trusted one gives two ids', trusted, `X-Request-Id: ${ID}\r\nX-Request-Id: ${ID}\r\n`, 200, undefined],
    ['a trusted one sends a head that cannot be read', trusted, `X-Request-Id: ${ID}\r\nX-Forwarded-For: 203.0.113.7\r\nContent-Length: x\r\n`, 400, undefined],
    ['another one names a caller and an id', other, `X-Forwarded-For: 203.0.113.7\r\nX-Request-Id: ${ID}\r\n`, 200, undefined],
  ]
  for (const [name, from, lines, status, id] of cases) {
    test(name, async () => {
      upstream.take()
      const answer = await ask(from, lines)
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
      if (id === undefined) assert.match(idOf(answer), FRESH)
      if (id === undefined) assert.notEqual(idOf(answer), ID)
      else assert.equal(idOf(answer), id)
      const [seen] = upstream.take()
      assert.equal(seen?.fields.find(([field]) => field === 'X-Request-Id')?.[1], status === 200 ? idOf(answer) : undefined)
      if (status === 200 && lines.includes('198.51')) assert.equal(seen?.fields.find(([field]) => field === 'X-Forwarded-For')?.[1], `198.51.100.7, ${from}`)
      else if (status === 200) assert.equal(seen?.fields.find(([field]) => field === 'X-Forwarded-For')?.[1], from)
    })
  }
})
