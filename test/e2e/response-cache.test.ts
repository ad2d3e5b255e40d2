// The cache in the running program: cases of RFC 9111 over real sockets, and what several threads owe each other.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Connection } from '../../src/client/connection.ts'
import { purgeResponses } from '../../src/client/generated/apis.ts'
import type { Answering, Asking, Row } from '../caching/case.ts'
import { FRESHNESS } from '../caching/cases/freshness.ts'
import { SELECTING } from '../caching/cases/selecting.ts'
import { STORING } from '../caching/cases/storing.ts'
import { VALIDATION } from '../caching/cases/validation.ts'
import { conditional, dated, datedHeaders, played, type Seen } from '../caching/in-harness.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'

/** Those that need neither another configuration, nor a clock, nor a method or an authority that this program does not have. */
const isPlayable = ([, , headers, later, source, { config, next, first, between = [] } = {}]: Row): boolean =>
  config === undefined &&
  later <= 1 &&
  // A machine may be slow.
  !(source === 'store' && /max-age=5(?!\d)|"@-50"/.test(JSON.stringify(headers))) &&
  next === undefined &&
  first?.method !== 'OPTIONS' &&
  between.every(
    ({ method = 'GET', answer }) => /^(?:GET|HEAD|POST|PUT|PATCH|DELETE)$/.test(method) && !JSON.stringify(answer?.headers ?? {}).includes('ocation'),
  )
const ROWS = [...STORING, ...FRESHNESS, ...SELECTING, ...VALIDATION].filter(isPlayable)

interface Told {
  readonly status: number
  readonly fields: ReadonlyMap<string, string>
  readonly body: string
}

describe('the cache in the running program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-cache-'))
  /** What dates of cases count from. */
  let startMs = Date.now()
  const agent = new Agent({ keepAlive: true })
  let upstream: Server
  let gateway: RunningGateway
  let connection: Connection
  /** What the upstream does next, by path; and what it was asked. */
  const acts = new Map<string, (asked: IncomingMessage, answer: ServerResponse) => void>()
  let asked: { readonly path: string; readonly fields: ReadonlyMap<string, string> }[] = []

  before(async () => {
    upstream = createServer((incoming, answer) => {
      answer.sendDate = false
      const path = incoming.url!
      asked.push({ path, fields: new Map(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])) })
      const act = acts.get(path) ?? acts.get(`/${path.split('/')[1]}`)
      if (act === undefined) answer.writeHead(404).end()
      else act(incoming, answer)
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    const { port } = upstream.address() as AddressInfo
    const own = { public: true, upstream: `http://127.0.0.1:${port}` }
    gateway = await startGateway(
      {
        apis: {
          kept: { ...own, path: '/kept', policies: { 'response-cache': { cacheStatus: true } } },
          open: { ...own, path: '/open', policies: { 'response-cache': { public: true, staleIfError: '1h' }, 'secure-headers': {} } },
        },
      },
      { threads: 2, folder },
    )
    connection = new Connection({ url: `http://127.0.0.1:${gateway.controlPort}`, token: readFileSync(join(folder, 'data/admin-token'), 'utf8').trim() })
  })
  after(async () => {
    agent.destroy()
    await gateway?.stop()
    upstream?.closeAllConnections()
    upstream?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  function ask(path: string, { method = 'GET', headers = {} }: Asking = {}, by = agent): Promise<Told> {
    return new Promise((resolve, reject) => {
      const sent = request({
        port: gateway.port,
        host: '127.0.0.1',
        path,
        method,
        agent: by,
        headers: datedHeaders(headers, startMs) as Record<string, string>,
      })
      sent.on('error', reject)
      sent.on('response', (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('error', reject)
        response.on('data', (part: string) => (body += part))
        response.on('end', () => {
          const fields = new Map<string, string>()
          for (let i = 0; i < response.rawHeaders.length; i += 2) {
            const name = response.rawHeaders[i]!.toLowerCase()
            const value = response.rawHeaders[i + 1]!
            fields.set(name, fields.has(name) ? `${fields.get(name)}, ${value}` : value)
          }
          resolve({ status: response.statusCode!, fields, body })
        })
      })
      sent.end()
    })
  }
  /** On connections of their own, so that every thread has its part. */
  async function askAll(count: number, path: string, asking: Asking = {}): Promise<Told[]> {
    return Promise.all(
      Array.from({ length: count }, async () => {
        const alone = new Agent()
        try {
          return await ask(path, asking, alone)
        } finally {
          alone.destroy()
        }
      }),
    )
  }
  const answers =
    (headers: Record<string, string>, body = 'stored', status = 200) =>
    (_: unknown, answer: ServerResponse) =>
      void answer.writeHead(status, headers).end(body)

  for (const [i, row] of ROWS.entries()) {
    const [section, title, , , source, { gets = {}, sees = {} } = {}] = row
    it(`${section}: ${title}`, async () => {
      const place = `/case${i}`
      startMs = Date.now()
      // One connection is one thread: what another has not stored is no fault.
      const alone = new Agent({ keepAlive: true, maxSockets: 1 })
      const send = async (asking: Asking, told: Answering | 'down'): Promise<Seen> => {
        asked = []
        const first = told as Answering
        acts.set(place, (incoming, answer) => {
          const fields = new Map(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]))
          const { status = 200, headers = {}, body = '' } = conditional({ ...first, headers: datedHeaders(first.headers ?? {}, startMs) }, fields)
          answer.writeHead(
            status,
            Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [name, value] : value.flatMap((each) => [name, each]))),
          )
          answer.end(status === 204 || status === 304 ? undefined : body)
        })
        const heard = await ask(`/kept${place}${asking.path ?? '/'}`, asking, alone)
        const forwarded = asked.at(-1)?.fields
        const isOld = heard.body !== '' && heard.body !== first.body
        return { ...heard, source: heard.status === 504 ? 'refused' : forwarded === undefined ? 'store' : isOld ? 'validated' : 'upstream', forwarded }
      }
      try {
        const seen = await played(row, { send, wait: () => {} })
        assert.equal(seen.source, source)
        if (gets.status !== undefined) assert.equal(seen.status, gets.status)
        if (gets.body !== undefined) assert.equal(seen.body, gets.body)
        for (const [name, value] of Object.entries(gets.fields ?? {}))
          if (name !== 'age') assert.equal(seen.fields.get(name), value === null ? undefined : dated(value, startMs), name)
        for (const [name, value] of Object.entries(sees)) assert.equal(seen.forwarded?.get(name), value === null ? undefined : dated(value, startMs), name)
      } finally {
        alone.destroy()
      }
    })
  }
  it('that were more than a hundred cases', () => assert.ok(ROWS.length >= 100, `${ROWS.length}`))

  it('a stored answer has its own Date once, its age, and the fields that every response has', async () => {
    const date = new Date(Date.now() - 5000).toUTCString()
    acts.set('/dated', answers({ 'Cache-Control': 'max-age=600', Date: date, 'Content-Length': '6' }))
    await askAll(12, '/open/dated')
    const { fields, body } = await ask('/open/dated')
    assert.deepEqual([fields.get('date'), fields.get('x-content-type-options'), fields.get('content-length'), body], [date, 'nosniff', '6', 'stored'])
    assert.ok(Number(fields.get('age')) >= 5 && /^[0-9a-f-]{36}$/.test(fields.get('x-request-id')!))
  })

  it('of many requests at once, each thread sends one to the upstream', async () => {
    const held: ServerResponse[] = []
    acts.set('/slow', (_, answer) => void held.push(answer))
    asked = []
    const all = askAll(40, '/open/slow')
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve))
    // Whoever is on its way by now waits; who comes later finds it stored.
    await ask('/open/elsewhere')
    while (held.length > 0) {
      for (const answer of held.splice(0)) answer.writeHead(200, { 'Cache-Control': 'max-age=600' }).end('once')
      await ask('/open/elsewhere')
    }
    acts.set('/slow', answers({ 'Cache-Control': 'max-age=600' }, 'once'))
    assert.deepEqual(new Set((await all).map(({ body }) => body)), new Set(['once']))
    assert.ok(asked.filter(({ path }) => path === '/slow').length <= 2)
  })

  it('a leader that goes away lets the others be served', async () => {
    const held: ServerResponse[] = []
    acts.set('/left', (_, answer) => void held.push(answer))
    const alone = new Agent({ keepAlive: true, maxSockets: 1 })
    const leaving = request({ port: gateway.port, host: '127.0.0.1', path: '/open/left', agent: alone })
    leaving.on('error', () => {})
    leaving.end()
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const others = askAll(10, '/open/left')
    acts.set('/left', answers({ 'Cache-Control': 'max-age=600' }, 'for the others'))
    leaving.destroy()
    for (const answer of held) answer.on('close', () => {})
    assert.deepEqual(new Set((await others).map(({ body }) => body)), new Set(['for the others']))
    alone.destroy()
  })

  it('a write on one thread makes void what every thread stored, at once', async () => {
    let version = 1
    acts.set('/shared', (incoming, answer) => {
      if (incoming.method === 'PUT') version++
      answer.writeHead(200, { 'Cache-Control': 'max-age=600' }).end(`version ${version}`)
    })
    for (let round = 0; round < 10; round++) {
      await askAll(8, '/open/shared')
      await ask('/open/shared', { method: 'PUT' })
      assert.deepEqual(new Set((await askAll(8, '/open/shared')).map(({ body }) => body)), new Set([`version ${version}`]))
    }
  })

  it('once a purge is answered no thread has it any more: by path, prefix and tag, and the trail tells of it', async () => {
    let version = 1
    acts.set('/purged', (_, answer) => void answer.writeHead(200, { 'Cache-Control': 'max-age=600', 'Cache-Tag': 'books,all' }).end(`version ${version}`))
    for (const body of [{ path: '/open/purged/1' }, { prefix: '/open/purged/' }, { tag: 'books' }, {}]) {
      await askAll(16, '/open/purged/1')
      version++
      const { value } = await purgeResponses(connection, { parameters: { api: 'open' }, body })
      assert.ok(value.responses >= 1 && value.octets > 0, JSON.stringify(value))
      const seen = await askAll(16, '/open/purged/1')
      assert.deepEqual(new Set(seen.map((told) => told.body)), new Set([`version ${version}`]), JSON.stringify(body))
      assert.equal(seen[0]!.fields.has('cache-tag'), false)
    }
    const trail = await new Response(await connection.stream('POST', '/trail/export', {})).text()
    assert.equal(trail.split('"responses.purge"').length - 1, 4)
  })

  it('a body that breaks off, and one whose end nobody knows, are stored for nobody', async () => {
    acts.set('/cut', (incoming, answer) => {
      answer.writeHead(200, { 'Cache-Control': 'max-age=600', 'Content-Length': '100' })
      answer.write('only some', () => incoming.socket.destroy())
    })
    await askAll(4, '/open/cut').catch(() => {})
    acts.set('/cut', answers({ 'Cache-Control': 'max-age=600' }, 'whole'))
    assert.deepEqual(new Set((await askAll(4, '/open/cut')).map(({ body }) => body)), new Set(['whole']))
    acts.set('/open-ended', (incoming, answer) => {
      incoming.socket.end('HTTP/1.1 200 OK\r\nCache-Control: max-age=600\r\n\r\nthe beginning')
      answer.destroy()
    })
    await askAll(4, '/open/open-ended').catch(() => {})
    acts.set('/open-ended', answers({ 'Cache-Control': 'max-age=600' }, 'all of it'))
    assert.deepEqual(new Set((await askAll(4, '/open/open-ended')).map(({ body }) => body)), new Set(['all of it']))
  })

  it('while the upstream breaks connections, what is stale is answered where that is allowed', async () => {
    acts.set('/stale', answers({ 'Cache-Control': 'max-age=0, stale-if-error=600' }, 'from before'))
    await askAll(12, '/open/stale')
    acts.set('/stale', (incoming) => void incoming.socket.destroy())
    const seen = await askAll(12, '/open/stale')
    assert.ok(seen.some(({ status, body }) => status === 200 && body === 'from before'))
    acts.set('/never', (incoming) => void incoming.socket.destroy())
    assert.equal((await ask('/open/never')).status, 502)
  })

  it('metrics tell what the cache did', async () => {
    const page = await gateway.metrics()
    for (const line of [
      /^gatehouse_cache_lookups_total\{api="open",result="hit"\} [1-9]/m,
      /^gatehouse_cache_bytes\{thread="0"\} \d/m,
      /^gatehouse_cache_invalidations_total\{api="open"\} 10$/m,
    ])
      assert.match(page, line)
  })
})
