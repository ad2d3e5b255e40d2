// Bodies that policies change, through the real program: in constant memory however long they are, and never half of one that looks whole.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { type Asked, type StreamingUpstream, startStreamingUpstream } from '../support/streaming-upstream.ts'

const MEGABYTE = 1024 ** 2
/** What the gateway may grow by while a hundred megabytes pass. */
const GROWTH_BYTES_MAX = 64 * MEGABYTE
const SECRET = '4111111111111111'
const ITEM = `{"id": 1, "card": {"number": "${SECRET}"}, "note": "${'something to pass on '.repeat(40)}", "internal": {"a": [1, 2, 3]}},\n`
const CHANGED = `{"id": 1, "card": {"number": "****1111"}, "note": "${'something to pass on '.repeat(40)}"},\n`
/** Several at a time, cut where nobody expects it. */
const PIECE = Buffer.from(ITEM.repeat(70))

describe('changed bodies', () => {
  let upstream: StreamingUpstream
  let gateway: RunningGateway
  const agent = new Agent({ keepAlive: false })
  before(async () => {
    upstream = await startStreamingUpstream()
    const change = { mask: [{ path: '$[*].card.number', last: 4 }], drop: ['$[*].internal'] }
    const api = (path: string, policies: object) => ({ path, upstream: `http://127.0.0.1:${upstream.port}`, public: true, policies })
    gateway = await startGateway(
      {
        gateway: { limits: { body: '1GiB' } },
        apis: {
          answers: api('/answers', { 'body-transform': { response: change } }),
          requests: api('/requests', { 'body-transform': { request: change } }),
          compressed: api('/compressed', { 'body-transform': { response: change }, compress: {} }),
          text: api('/text', { compress: {} }),
          made: api('/made', { 'body-transform': { response: { template: { ids: '$[*].id' }, buffer: '1MiB' } } }),
        },
      },
      { threads: 1 },
    )
  })
  after(async () => {
    await gateway?.stop()
    upstream?.stop()
    agent.destroy()
  })

  const ask = (path: string, method = 'GET', headers: Record<string, string> = {}): ClientRequest => {
    const request = httpRequest({ host: '127.0.0.1', port: gateway.port, path, method, headers, agent })
    request.on('error', () => {})
    if (method === 'GET' || method === 'HEAD') request.end()
    return request
  }
  const answerTo = async (request: ClientRequest): Promise<IncomingMessage> => ((await once(request, 'response')) as [IncomingMessage])[0]
  async function begin(path: string, headers: Record<string, string> = {}): Promise<{ readonly far: Asked; readonly answer: Promise<IncomingMessage> }> {
    const request = ask(path, 'GET', headers)
    const answer = answerTo(request)
    answer.catch(() => {})
    return { far: await upstream.next(), answer }
  }
  /** All of a body, and whether it came whole. */
  async function bodyOf(message: AsyncIterable<Buffer>): Promise<{ readonly text: string; readonly isWhole: boolean }> {
    let text = ''
    try {
      for await (const part of message) text += part.toString()
      return { text, isWhole: true }
    } catch {
      return { text, isWhole: false }
    }
  }
  const peakBytes = (): number => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${gateway.pid}/status`, 'latin1'))![1]) * 1024
  const pieces = Math.ceil((100 * MEGABYTE) / PIECE.length)
  async function produce(to: { write(octets: Buffer): boolean; end(): unknown } & NodeJS.EventEmitter, count: number): Promise<void> {
    to.write(Buffer.from('['))
    for (let i = 0; i < count; i++) if (!to.write(PIECE)) await once(to, 'drain')
    to.write(Buffer.from('null]'))
    to.end()
  }
  /** Counts what comes, and looks for what must not. */
  async function judge(body: AsyncIterable<Buffer>): Promise<{ readonly octets: number; readonly leaked: boolean }> {
    let octets = 0
    let leaked = false
    let last = ''
    for await (const part of body) {
      octets += part.length
      const text = last + part.toString('latin1')
      leaked ||= text.includes(SECRET) || text.includes('internal')
      last = text.slice(-SECRET.length)
    }
    return { octets, leaked }
  }
  const expected = (count: number): number => count * 70 * Buffer.byteLength(CHANGED) + '[null]'.length

  for (const [title, path, headers] of [
    ['changed', '/answers', {}],
    ['changed and compressed with gzip', '/compressed', { 'accept-encoding': 'gzip' }],
    ['changed and compressed with zstd', '/compressed', { 'accept-encoding': 'zstd' }],
  ] as const) {
    test(`an answer of 100 MB is ${title} in constant memory`, async (t) => {
      // A first one, so that what is set up once is not counted.
      for (const count of [20, pieces]) {
        const before = peakBytes()
        const { far, answer } = await begin(path, headers)
        far.response.writeHead(200, { 'Content-Type': 'application/json' })
        const producing = produce(far.response, count)
        const message = await answer
        const coding = message.headers['content-encoding']
        const body = coding === 'gzip' ? message.pipe(createGunzip()) : coding === 'zstd' ? message.pipe(createZstdDecompress()) : message
        assert.equal(coding, headers['accept-encoding' as keyof typeof headers])
        assert.deepEqual(await judge(body), { octets: expected(count), leaked: false })
        await producing
        const growth = peakBytes() - before
        t.diagnostic(`${(count * PIECE.length) / MEGABYTE} MB: grew by ${growth / MEGABYTE} MB`)
        if (count === pieces) assert.ok(growth < GROWTH_BYTES_MAX, `it grew by ${growth / MEGABYTE} MB`)
      }
    })
  }

  test('a request of 100 MB is changed in constant memory', async (t) => {
    for (const count of [20, pieces]) {
      const before = peakBytes()
      const request = ask('/requests', 'POST', { 'content-type': 'application/json', 'content-length': String(count * PIECE.length + 6) })
      const answer = answerTo(request)
      const producing = produce(request, count)
      const far = await upstream.next()
      assert.deepEqual([far.request.headers['content-length'], far.request.headers['transfer-encoding']], [undefined, 'chunked'])
      assert.deepEqual(await judge(far.request), { octets: expected(count), leaked: false })
      far.response.end()
      await producing
      assert.equal((await answer).statusCode, 200)
      const growth = peakBytes() - before
      t.diagnostic(`${(count * PIECE.length) / MEGABYTE} MB: grew by ${growth / MEGABYTE} MB`)
      if (count === pieces) assert.ok(growth < GROWTH_BYTES_MAX, `it grew by ${growth / MEGABYTE} MB`)
    }
  })

  test('a template holds no more of 100 MB than its buffer, and refuses what is above', async () => {
    const before = peakBytes()
    const { far, answer } = await begin('/made')
    far.response.writeHead(200, { 'Content-Type': 'application/json' })
    const producing = produce(far.response, pieces).catch(() => {})
    await Promise.race([far.gone, producing])
    // The head has left long before: the answer is cut, and nobody takes it for whole.
    const body = await answer.then(bodyOf, () => ({ text: '', isWhole: false }))
    assert.equal(body.isWhole, false)
    assert.ok(peakBytes() - before < GROWTH_BYTES_MAX)
  })

  test('an answer that turns out to be no JSON becomes 502 where nothing has left', async () => {
    const { far, answer } = await begin('/answers')
    far.response.writeHead(200, { 'Content-Type': 'application/json', ETag: '"a"' })
    far.response.end(`[{"card":{"number":"${SECRET}"}]`)
    const message = await answer
    const { text } = await bodyOf(message)
    assert.deepEqual([message.statusCode, JSON.parse(text).code, message.headers.etag], [502, 'body-transform.answer-invalid', undefined])
    assert.ok(!text.includes(SECRET))
  })

  test('an answer that turns out to be no JSON after it began is seen broken', async () => {
    const { far, answer } = await begin('/answers')
    far.response.writeHead(200, { 'Content-Type': 'application/json' })
    far.response.write(`[${ITEM.repeat(10)}`)
    const message = await answer
    const [first] = (await once(message, 'data')) as [Buffer]
    far.response.end('{"card":}]')
    const { text, isWhole } = await bodyOf(message)
    assert.deepEqual([isWhole, (first.toString() + text).includes(SECRET)], [false, false])
  })

  test('an answer that its upstream breaks off is seen broken, not shorter', async () => {
    const { far, answer } = await begin('/compressed', { 'accept-encoding': 'gzip' })
    far.response.writeHead(200, { 'Content-Type': 'application/json' })
    far.response.write(`[${ITEM.repeat(10)}`)
    const message = await answer
    await once(message, 'data')
    far.response.destroy()
    assert.equal((await bodyOf(message)).isWhole, false)
  })

  test('a compressed answer where none was to be is not passed on', async () => {
    const { far, answer } = await begin('/answers', { 'accept-encoding': 'gzip' })
    assert.equal(far.request.headers['accept-encoding'], 'identity')
    far.response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' })
    far.response.end('what it is nobody can know')
    const message = await answer
    assert.deepEqual([message.statusCode, JSON.parse((await bodyOf(message)).text).code], [502, 'body-transform.answer-encoded'])
  })

  test('of a request that is no JSON the upstream gets not an octet, and never an end', async () => {
    const request = ask('/requests', 'POST', { 'content-type': 'application/json' })
    const answer = answerTo(request)
    request.end('[{"card":{"number":1}}}')
    const message = await answer
    assert.deepEqual([message.statusCode, JSON.parse((await bodyOf(message)).text).code], [400, 'body-transform.invalid'])
    // Not even its head: the next that the upstream hears of is another.
    const other = await begin('/text')
    assert.equal(other.far.request.method, 'GET')
    other.far.response.end()
    await bodyOf(await other.answer)
  })

  test('of a request that is no JSON and comes piece by piece the upstream gets its head alone, and never an end', async () => {
    const request = ask('/requests', 'POST', { 'content-type': 'application/json' })
    const answer = answerTo(request)
    request.write(`[${ITEM.repeat(10)}`)
    const far = await upstream.next()
    const arriving = bodyOf(far.request)
    request.end('}')
    const message = await answer
    assert.deepEqual([message.statusCode, JSON.parse((await bodyOf(message)).text).code], [400, 'body-transform.invalid'])
    assert.deepEqual(await arriving, { text: '', isWhole: false })
  })

  test('a request that turns out to be no JSON after much of it is broken off at the upstream', async () => {
    const request = ask('/requests', 'POST', { 'content-type': 'application/json' })
    const answer = answerTo(request)
    request.write(`[${ITEM.repeat(200)}`)
    const far = await upstream.next()
    const arriving = bodyOf(far.request)
    await once(far.request, 'data')
    request.end('}')
    const message = await answer
    assert.deepEqual([message.statusCode, JSON.parse((await bodyOf(message)).text).code], [400, 'body-transform.invalid'])
    const { text, isWhole } = await arriving
    assert.deepEqual([isWhole, text.includes(SECRET)], [false, false])
  })

  test('an answer that is made piece by piece comes piece by piece, compressed or not', async () => {
    const { far, answer } = await begin('/text', { 'accept-encoding': 'gzip' })
    far.response.writeHead(200, { 'Content-Type': 'text/plain' })
    far.response.flushHeaders()
    const message = await answer
    assert.deepEqual([message.headers['content-encoding'], message.headers.vary], ['gzip', 'Accept-Encoding'])
    const unpacked = message.pipe(createGunzip())
    for (let i = 0; i < 20; i++) {
      far.response.write(`piece ${i}\n`)
      // The next is not made before this one is there.
      assert.equal(((await once(unpacked, 'data')) as [Buffer])[0].toString(), `piece ${i}\n`)
    }
    far.response.end()
    await once(unpacked, 'end')
  })

  test('who does not read stops the upstream also where answers are compressed, and loses nothing', async () => {
    const { far, answer } = await begin('/text', { 'accept-encoding': 'gzip' })
    far.response.writeHead(200, { 'Content-Type': 'text/plain' })
    far.response.flushHeaders()
    const message = await answer
    assert.equal(message.headers['content-encoding'], 'gzip')
    message.pause()
    // Noise, which does not become shorter: letters that follow no rule a compressor knows.
    let state = 1
    const letter = (): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return 32 + ((state >>> 16) % 95)
    }
    const noise = Buffer.from(Array.from({ length: 256 * 1024 }, letter))
    let taken = 0
    for (let i = 0; i < 200; i++) far.response.write(noise, () => taken++)
    far.response.end()
    for (let i = 0; i < 20; i++) {
      const other = await begin('/text')
      other.far.response.end('here')
      await bodyOf(await other.answer)
    }
    assert.ok(taken < 150, `${taken} of 200 pieces were taken for somebody who does not read`)
    let received = 0
    for await (const part of message.pipe(createGunzip())) received += (part as Buffer).length
    assert.equal(received, 200 * noise.length)
  })

  test('who goes away stops it all: the upstream is told, and the next one is served', async () => {
    const request = ask('/compressed', 'GET', { 'accept-encoding': 'zstd' })
    const answer = answerTo(request)
    const far = await upstream.next()
    far.response.writeHead(200, { 'Content-Type': 'application/json' })
    far.response.write(`[${ITEM.repeat(10)}`)
    await answer
    // A reset: an end alone would only say that nothing more is asked.
    request.socket!.resetAndDestroy()
    await far.gone
    const next = await begin('/compressed', { 'accept-encoding': 'zstd' })
    next.far.response.writeHead(200, { 'Content-Type': 'application/json' })
    next.far.response.end(`[${ITEM.repeat(10)}null]`)
    assert.equal((await judge((await next.answer).pipe(createZstdDecompress()))).octets, 10 * Buffer.byteLength(CHANGED) + 6)
  })

  test('a HEAD and a 304 have no length of another body', async () => {
    const request = ask('/answers', 'HEAD')
    const answer = answerTo(request)
    const far = await upstream.next()
    far.response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '5000', ETag: '"a"' })
    far.response.end()
    const { headers } = await answer
    assert.deepEqual([headers['content-length'], headers.etag, headers['accept-ranges']], [undefined, 'W/"a"', 'none'])
    const again = await begin('/answers', { 'if-none-match': 'W/"a"' })
    assert.equal(again.far.request.headers['if-none-match'], 'W/"a"')
    again.far.response.writeHead(304, { ETag: '"a"' })
    again.far.response.end()
    const message = await again.answer
    assert.deepEqual([message.statusCode, message.headers.etag], [304, 'W/"a"'])
  })
})
