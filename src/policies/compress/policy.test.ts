// compress chooses as RFC 9110 says, compresses what is worth it, and says in the head what is true of what it sends.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { run } from '../../pipeline/chain.ts'
import { faultsOf, Harness, type Request, runExamples, type UpstreamAnswer } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'
import { CODINGS, type Coding, chooseCoding } from './accept-encoding.ts'
import { CompressedBody, compressorsUnderWay } from './compressing.ts'
import { compress } from './policy.ts'

const decoded: Readonly<Record<string, (octets: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
  identity: (octets) => octets,
}
const TEXT = JSON.stringify({ items: Array.from({ length: 200 }, (_, i) => ({ id: i, name: 'something that is said again and again' })) })
const policy = (name: string) => policies.find((each) => each.name === name)!
const house = (config: unknown = {}) => new Harness([{ policy: compress, config }])
async function answered(headers: Request['headers'], upstream: UpstreamAnswer, harness = house(), request: Request = {}, cuts: readonly number[] = []) {
  const x = harness.exchange({ ...request, headers: headers! })
  assert.equal(await run(harness.chain, x, harness.tally), undefined)
  return harness.answer(x, upstream, cuts)
}
const JSON_ANSWER = { headers: { 'Content-Type': 'application/json' }, body: TEXT }

/** What callers say, and what is chosen of zstd, br and gzip in this order. */
const ASKED: readonly (readonly [values: readonly string[], chosen: Coding | undefined])[] = [
  [['gzip'], 'gzip'],
  [['br'], 'br'],
  [['zstd'], 'zstd'],
  [['gzip, deflate, br, zstd'], 'zstd'],
  [['gzip, deflate, br'], 'br'],
  [['GZIP'], 'gzip'],
  [['x-gzip'], 'gzip'],
  [['gzip', 'br'], 'br'],
  [['gzip;q=1.0, br;q=0.5'], 'gzip'],
  [['gzip;q=0.5, br;q=0.8, zstd;q=0.1'], 'br'],
  [['gzip ; q=0.5 , br ;Q=0.25'], 'gzip'],
  [['gzip;q=0'], undefined],
  [['gzip;q=0.000'], undefined],
  [['gzip;q=0.001'], 'gzip'],
  [['*'], 'zstd'],
  [['*;q=0.1'], 'zstd'],
  [['zstd;q=0, *'], 'br'],
  [['zstd;q=0, br;q=0, *;q=0.3'], 'gzip'],
  [['*;q=0'], undefined],
  [['gzip, *;q=0'], 'gzip'],
  [['identity'], undefined],
  [['identity;q=0'], undefined],
  [['identity;q=0, gzip'], 'gzip'],
  [['identity, gzip;q=0.5'], undefined],
  [['identity;q=0.5, gzip'], 'gzip'],
  [['identity;q=0.5, gzip;q=0.5'], 'gzip'],
  [['deflate, compress'], undefined],
  [[''], undefined],
  [[], undefined],
  [[',, gzip ,'], 'gzip'],
  [['gzip;q=0, gzip'], undefined],
  [['gzip, gzip;q=0'], undefined],
  [['gzip;q=1.001'], undefined],
  [['gzip;q=2'], undefined],
  [['gzip;q=-1'], undefined],
  [['gzip;q=0.1234'], undefined],
  [['gzip;q='], undefined],
  [['gzip;q=a'], undefined],
  [['gzip;level=9'], undefined],
  [['gzip;q=1;x=2'], undefined],
  [['gz ip'], undefined],
  [['"gzip"'], undefined],
  [[Array.from({ length: 33 }, (_, i) => `c${i}`).join()], undefined],
]

/** Answers of an upstream to a caller that takes gzip, and whether they are compressed. `Vary` is said wherever another caller might get another answer. */
const ANSWERS: readonly (readonly [title: string, upstream: UpstreamAnswer, isCompressed: boolean, vary: string | undefined])[] = [
  ['JSON', JSON_ANSWER, true, 'Accept-Encoding'],
  ['JSON with a charset', { headers: { 'Content-Type': 'Application/JSON; charset=utf-8' }, body: TEXT }, true, 'Accept-Encoding'],
  ['a problem', { status: 500, headers: { 'Content-Type': 'application/problem+json' }, body: TEXT }, true, 'Accept-Encoding'],
  ['a page', { headers: { 'Content-Type': 'text/html' }, body: TEXT }, true, 'Accept-Encoding'],
  ['a drawing', { headers: { 'Content-Type': 'image/svg+xml' }, body: TEXT }, true, 'Accept-Encoding'],
  ['a photograph', { headers: { 'Content-Type': 'image/jpeg' }, body: TEXT }, false, undefined],
  ['an archive', { headers: { 'Content-Type': 'application/zip' }, body: TEXT }, false, undefined],
  ['nobody says what', { body: TEXT }, false, undefined],
  ['two say what', { headers: { 'Content-Type': ['text/html', 'text/html'] }, body: TEXT }, false, undefined],
  ['events', { headers: { 'Content-Type': 'text/event-stream' }, body: TEXT }, false, undefined],
  ['gRPC', { headers: { 'Content-Type': 'application/grpc+json' }, body: TEXT }, false, undefined],
  ['what is short', { headers: { 'Content-Type': 'application/json' }, body: '{}' }, false, undefined],
  ['nothing', { headers: { 'Content-Type': 'application/json' }, body: '' }, false, undefined],
  ['what is coded already', { headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'br' }, body: TEXT }, false, undefined],
  ['a part', { status: 206, headers: { 'Content-Type': 'application/json', 'Content-Range': 'bytes 0-9/99' }, body: TEXT }, false, undefined],
  ['what must not be changed', { headers: { 'Content-Type': 'application/json', 'Cache-Control': 'public, No-Transform' }, body: TEXT }, false, undefined],
  ['a Vary that is there', { headers: { ...JSON_ANSWER.headers, Vary: 'Origin' }, body: TEXT }, true, 'Origin, Accept-Encoding'],
  ['a Vary that says it', { headers: { ...JSON_ANSWER.headers, Vary: 'origin, ACCEPT-encoding' }, body: TEXT }, true, 'origin, ACCEPT-encoding'],
  ['a Vary of everything', { headers: { ...JSON_ANSWER.headers, Vary: '*' }, body: TEXT }, true, '*'],
]

const IDLE = { put() {}, end() {}, eased() {}, fail() {} }

describe('compress', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(compress), 2))

  it('chooses as RFC 9110 12.5.3 says', () => {
    for (const [values, chosen] of ASKED) assert.equal(chooseCoding(values, CODINGS), chosen, values.join(' | '))
    assert.equal(ASKED.length, 43)
    assert.equal(chooseCoding(['gzip, br, zstd'], ['gzip', 'br']), 'gzip')
    assert.equal(chooseCoding(['zstd'], ['gzip', 'br']), undefined)
  })

  it('whatever is said, nothing that was excluded is chosen, and nothing that was not offered', () => {
    const item = fc.tuple(
      fc.constantFrom('gzip', 'br', 'zstd', 'identity', '*', 'deflate'),
      fc.constantFrom('', ';q=0', ';q=0.5', ';q=1', '; q=0.0', ';q=2', ';x'),
    )
    fc.assert(
      fc.property(fc.array(item, { maxLength: 6 }), fc.uniqueArray(fc.constantFrom(...CODINGS)), (items, offered) => {
        const chosen = chooseCoding([items.map((each) => each.join('')).join(', ')], offered)
        if (chosen === undefined) return
        assert.ok(offered.includes(chosen))
        const said = items.filter(([name]) => name === chosen)
        assert.ok(said.length > 0 || items.some(([name]) => name === '*'))
        for (const [, weight] of said.length > 0 ? said : items.filter(([name]) => name === '*')) assert.doesNotMatch(weight, /q=0(?:\.0)?$/)
      }),
    )
  })

  it('compresses what is worth it and nothing else, and says what the answer was chosen by', async () => {
    const harness = house()
    for (const [title, upstream, isCompressed, vary] of ANSWERS) {
      const { fields, body, failure } = await answered({ 'Accept-Encoding': 'gzip' }, upstream, harness)
      const coding = fields.get('content-encoding')
      assert.deepEqual([failure, fields.get('vary')], [undefined, vary], title)
      if (isCompressed) {
        assert.deepEqual([coding, fields.get('content-length'), gunzipSync(body).toString()], ['gzip', undefined, upstream.body], title)
        assert.ok(body.length < TEXT.length / 3)
      } else assert.deepEqual([coding === 'gzip', body.toString()], [false, upstream.body], title)
      // For a caller that takes none it is chosen by the same field.
      assert.equal((await answered({}, upstream, harness)).fields.get('vary'), vary, title)
    }
    assert.equal(ANSWERS.length, 19)
  })

  it('whatever coding and effort, the caller reads what the upstream sent, wherever it was cut', async () => {
    for (const coding of CODINGS) {
      for (const effort of ['fast', 'balanced', 'small']) {
        for (const cuts of [[], [1, 100, 101, 5000], Array.from({ length: TEXT.length - 1 }, (_, i) => i + 1).filter((at) => at % 97 === 0)]) {
          const { fields, body } = await answered({ 'Accept-Encoding': coding }, JSON_ANSWER, house({ effort }), {}, cuts)
          assert.equal(fields.get('content-encoding'), coding)
          assert.equal(decoded[coding]!(body).toString(), TEXT)
        }
      }
    }
  })

  it('a validator is weak where octets may differ, and digests of other octets are not passed on', async () => {
    const headers = {
      ...JSON_ANSWER.headers,
      ETag: '"a"',
      'Repr-Digest': 'x',
      'Content-Digest': 'x',
      Digest: 'x',
      'Content-MD5': 'x',
      'Accept-Ranges': 'bytes',
    }
    const { fields } = await answered({ 'Accept-Encoding': 'gzip' }, { headers, body: TEXT })
    assert.deepEqual(Object.fromEntries(fields), {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      vary: 'Accept-Encoding',
      etag: 'W/"a"',
      'accept-ranges': 'none',
    })
    const plain = (await answered({}, { headers, body: TEXT })).fields
    assert.deepEqual([plain.get('etag'), plain.get('repr-digest'), plain.get('accept-ranges')], ['"a"', 'x', 'bytes'])
  })

  it('a HEAD and a 304 tell what the answer to a GET would', async () => {
    const headers = { ...JSON_ANSWER.headers, ETag: '"a"' }
    const toHead = await answered({ 'Accept-Encoding': 'br' }, { headers: { ...headers, 'content-length': '5000' } }, house(), { method: 'HEAD' })
    assert.deepEqual(Object.fromEntries(toHead.fields), {
      'content-type': 'application/json',
      'content-encoding': 'br',
      vary: 'Accept-Encoding',
      etag: 'W/"a"',
    })
    const { fields } = await answered({ 'Accept-Encoding': 'br' }, { status: 304, headers: { ETag: '"a"' } })
    assert.deepEqual(Object.fromEntries(fields), { etag: 'W/"a"', vary: 'Accept-Encoding' })
    assert.equal((await answered({}, { status: 304, headers: { ETag: '"a"' } })).fields.get('etag'), '"a"')
  })

  it('the caller may forbid it: Cache-Control: no-transform', async () => {
    const { fields } = await answered({ 'Accept-Encoding': 'gzip', 'Cache-Control': 'max-age=0, no-transform' }, JSON_ANSWER)
    assert.equal(fields.get('content-encoding'), undefined)
  })

  it('what a policy behind it changes, it compresses afterwards', async () => {
    const harness = new Harness([
      { policy: compress, config: { minimum: '0B' } },
      { policy: policy('body-transform'), config: { response: { drop: ['$.secret'] } } },
    ])
    const { body, fields } = await answered({ 'Accept-Encoding': 'zstd' }, { headers: JSON_ANSWER.headers, body: '{"a":1,"secret":2}' }, harness)
    assert.deepEqual([fields.get('content-encoding'), zstdDecompressSync(body).toString()], ['zstd', '{"a":1}'])
  })

  it('a configuration that would not do what was meant does not load', () => {
    const wrong = [
      { codings: [] },
      { codings: ['deflate'] },
      { codings: ['br', 'br'] },
      { types: ['*'] },
      { types: ['Text/HTML'] },
      { types: ['text'] },
      { effort: 9 },
    ]
    for (const config of [...wrong, { minimum: 1024 }, { breach: 'off' }, { compressors: 0 }, { level: 6 }])
      assert.notDeepEqual(faultsOf([{ policy: compress, config }]), [], JSON.stringify(config))
    assert.deepEqual(
      faultsOf([
        { policy: compress, config: {} },
        { policy: compress, config: {} },
      ]),
      ['said-twice'],
    )
  })

  it('an answer of unknown length comes out as it goes in', async () => {
    for (const coding of CODINGS) {
      const pieces: Buffer[] = []
      let arrived: () => void = () => {}
      const sink = {
        put(octets: Uint8Array, start: number, end: number) {
          pieces.push(Buffer.from(octets.subarray(start, end)))
          arrived()
        },
        end: () => arrived(),
        eased() {},
        fail() {},
      }
      const filter = new CompressedBody(sink, coding, 'balanced', true)
      const next = new Promise<void>((resolve) => (arrived = resolve))
      filter.put(Buffer.from('first'), 0, 5)
      // Nothing more is put, and it comes: else this would wait for ever.
      await next
      const over = new Promise<void>((resolve) => (sink.end = resolve))
      filter.put(Buffer.from(' second'), 0, 7)
      filter.end()
      await over
      assert.equal(decoded[coding]!(Buffer.concat(pieces)).toString(), 'first second')
      assert.equal(filter.waiting, 0)
    }
  })

  it('what waits for the compressor is counted until it is taken', async () => {
    const over = Promise.withResolvers<void>()
    let eased = 0
    const filter = new CompressedBody({ ...IDLE, end: over.resolve, fail: over.reject, eased: () => eased++ }, 'gzip', 'balanced', false)
    filter.put(Buffer.alloc(100_000), 0, 100_000)
    filter.put(Buffer.alloc(50_000), 10_000, 50_000)
    assert.equal(filter.waiting, 140_000)
    filter.end()
    await over.promise
    // Whoever waits because of it is told each time that there is less.
    assert.deepEqual([filter.waiting, eased], [0, 2])
  })

  it('compressors are counted until their memory is gone, however they end', async () => {
    const before = compressorsUnderWay()
    const closed = () => new Promise<void>((resolve) => setImmediate(resolve))
    const filters = Array.from({ length: 5 }, () => new CompressedBody(IDLE, 'br', 'fast', false))
    assert.equal(compressorsUnderWay(), before + 5)
    filters[0]!.abandon()
    filters[1]!.put(Buffer.alloc(10), 0, 10)
    filters[1]!.abandon()
    filters[2]!.end()
    filters[3]!.put(Buffer.alloc(10), 0, 10)
    filters[3]!.end()
    filters[4]!.end()
    filters[4]!.abandon()
    filters[4]!.abandon()
    while (compressorsUnderWay() > before) await closed()
    assert.equal(compressorsUnderWay(), before)
  })
})
