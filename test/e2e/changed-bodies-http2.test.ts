// Bodies that policies change, for clients of HTTP/2: the same as over HTTP/1.1, and what is broken off is a stream that is reset, never one that ends.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2'
import { after, before, describe, test } from 'node:test'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'
import { type StreamingUpstream, startStreamingUpstream } from '../support/streaming-upstream.ts'

const SECRET = '4111111111111111'
const CARD = `{"card":{"number":"${SECRET}"},"note":"${'something to say '.repeat(100)}"}`
const MASKED = CARD.replace(SECRET, '****1111')
type Fields = IncomingHttpHeaders & IncomingHttpStatusHeader

describe('changed bodies over HTTP/2', () => {
  let upstream: StreamingUpstream
  let gateway: RunningGateway
  let session: ClientHttp2Session
  before(async () => {
    upstream = await startStreamingUpstream()
    const [port] = (await freePorts(1)) as [number]
    const mask = { mask: [{ path: '$..card.number', last: 4 }] }
    gateway = await startGateway(
      {
        gateway: { listen: [{ address: `http://127.0.0.1:${port}`, http2: true, https: 'off' }] },
        apis: {
          all: {
            path: '/',
            upstream: `http://127.0.0.1:${upstream.port}`,
            public: true,
            policies: { 'body-transform': { request: mask, response: mask }, compress: {} },
          },
        },
      },
      { threads: 1 },
    )
    session = connect(`http://127.0.0.1:${port}`)
    session.on('error', () => {})
  })
  after(async () => {
    session?.destroy()
    await gateway?.stop()
    upstream?.stop()
  })

  const ask = (fields: Record<string, string> = {}): ClientHttp2Stream => {
    const stream = session.request({ ':path': '/', ...fields }, { endStream: fields[':method'] !== 'POST' })
    stream.on('error', () => {})
    return stream
  }
  const headOf = async (stream: ClientHttp2Stream): Promise<Fields> => ((await once(stream, 'response')) as [Fields])[0]
  async function bodyOf(stream: ClientHttp2Stream): Promise<{ readonly octets: Buffer; readonly isWhole: boolean }> {
    const parts: Buffer[] = []
    try {
      for await (const part of stream) parts.push(part as Buffer)
      return { octets: Buffer.concat(parts), isWhole: stream.rstCode === 0 }
    } catch {
      return { octets: Buffer.concat(parts), isWhole: false }
    }
  }

  for (const [coding, decode] of [
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
    ['zstd', zstdDecompressSync],
  ] as const)
    test(`an answer is changed, and compressed with ${coding}`, async () => {
      const stream = ask({ 'accept-encoding': coding })
      const far = await upstream.next()
      far.response.writeHead(200, { 'Content-Type': 'application/json' })
      far.response.end(CARD)
      const fields = await headOf(stream)
      const { octets, isWhole } = await bodyOf(stream)
      assert.deepEqual([fields['content-encoding'], fields['content-length'], isWhole, decode(octets).toString()], [coding, undefined, true, MASKED])
    })

  test('an answer that turns out to be no JSON after it began is reset', async () => {
    const stream = ask()
    const far = await upstream.next()
    far.response.writeHead(200, { 'Content-Type': 'application/json' })
    far.response.write(`[${CARD},`)
    await headOf(stream)
    const reading = bodyOf(stream)
    await once(stream, 'data')
    far.response.end(`${CARD}}`)
    const { octets, isWhole } = await reading
    assert.deepEqual([isWhole, octets.includes(SECRET)], [false, false])
  })

  test('an answer that turns out to be no JSON before anything left is 502, also when it was to be compressed', async () => {
    for (const accepted of ['identity', 'gzip']) {
      const stream = ask({ 'accept-encoding': accepted })
      const far = await upstream.next()
      far.response.writeHead(200, { 'Content-Type': 'application/json' })
      far.response.end(`${CARD}}`)
      const fields = await headOf(stream)
      const { octets } = await bodyOf(stream)
      assert.deepEqual(
        [fields[':status'], fields['content-encoding'], (JSON.parse(octets.toString()) as { code: string }).code],
        [502, undefined, 'body-transform.answer-invalid'],
      )
    }
  })

  test('a request is changed, and one that is no JSON is 400', async () => {
    const good = ask({ ':method': 'POST', 'content-type': 'application/json', 'content-length': String(CARD.length) })
    good.end(CARD)
    const far = await upstream.next()
    let text = ''
    for await (const part of far.request) text += part
    assert.equal(text, MASKED)
    far.response.end()
    assert.equal((await headOf(good))[':status'], 200)
    await bodyOf(good)

    const bad = ask({ ':method': 'POST', 'content-type': 'application/json' })
    const head = headOf(bad)
    bad.end(`${CARD}]`)
    assert.equal((await head)[':status'], 400)
    assert.equal((JSON.parse((await bodyOf(bad)).octets.toString()) as { code: string }).code, 'body-transform.invalid')
  })
})
