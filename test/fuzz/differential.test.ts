// Whatever the gateway accepts, Node's parser and nginx read the same way, before it was forwarded and after.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startGateway } from '../support/gateway.ts'
import { type NginxReader, startNginxReader } from '../support/nginx-reader.ts'
import type { Reading } from '../support/reading.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'
import { disagreements } from './compare.ts'
import { runDifferential } from './differential.ts'
import { methods } from './generate.ts'

/** `FUZZ_CASES=200000` is the long run; `FUZZ_SEED=N FUZZ_CASES=1` runs a case again. */
const { FUZZ_CASES = '5000', FUZZ_SEED = '1' } = process.env
const cases = Number(FUZZ_CASES)
const first = Number(FUZZ_SEED)

describe('the differential fuzz', () => {
  let behindGateway: RecordingUpstream
  let behindNginx: RecordingUpstream
  let nginx: NginxReader
  let gateway: Awaited<ReturnType<typeof startGateway>>
  before(async () => {
    behindGateway = await startRecordingUpstream()
    behindNginx = await startRecordingUpstream()
    nginx = await startNginxReader(behindNginx.port)
    gateway = await startGateway(
      {
        gatehouse: 1,
        apis: { everything: { path: '/', upstream: `http://127.0.0.1:${behindGateway.port}`, public: true, methods: [...new Set(methods)] } },
      },
      { threads: 1 },
    )
  })
  after(async () => {
    await gateway?.stop()
    await nginx?.stop()
    await behindGateway?.stop()
    await behindNginx?.stop()
  })

  it(`finds no case of ${cases} in which the gateway reads or forwards a stream otherwise than Node and nginx read it`, async (test) => {
    const result = await runDifferential(
      { name: 'gateway', port: gateway.port, upstream: behindGateway },
      { name: 'nginx', port: nginx.port, upstream: behindNginx },
      first,
      cases,
    )
    test.diagnostic(`${result.cases} cases, ${result.accepted} accepted whole, ${result.messages} messages forwarded`)
    const told = result.failures.map(
      ({ seed, bytes, complaints }) => `FUZZ_SEED=${seed} FUZZ_CASES=1\n  ${JSON.stringify(bytes)}\n  ${complaints.join('\n  ')}`,
    )
    assert.equal(told.join('\n'), '')
    assert.deepEqual(behindGateway.faults, [], 'the upstream of the gateway got octets that are no canonical message')
    assert.equal(result.cases, cases)
    // Fewer would mean that the fuzz looks at refusals only. A single case tells nothing about shares.
    if (cases >= 1_000) assert.ok(result.accepted >= cases * 0.4, `only ${result.accepted} of ${cases} cases were accepted`)
  })
})

describe('the comparison of readings', () => {
  const reading = (count: number, ending: Reading['ending'], change: { target?: string; value?: string; body?: string } = {}): Reading => ({
    reader: 'other',
    ending,
    outcomes: Array.from({ length: count }, () => ({
      kind: 'accepted' as const,
      message: { method: 'GET', target: change.target ?? '/a', fields: [['X-A', change.value ?? 'b']], body: Buffer.from(change.body ?? '') },
    })),
  })

  it('is silent when both read the same', () => assert.deepEqual(disagreements(reading(2, 'stopped'), reading(2, 'done')), []))
  it('tells a message that only the gateway saw', () => assert.equal(disagreements(reading(2, 'stopped'), reading(1, 'done')).length, 1))
  it('tells a message for which the reader wanted more octets', () => assert.equal(disagreements(reading(2, 'stopped'), reading(1, 'waiting')).length, 1))
  it('tells a message for which the gateway wanted more octets', () => assert.equal(disagreements(reading(1, 'waiting'), reading(2, 'done')).length, 1))
  it('tells another target', () => assert.equal(disagreements(reading(1, 'stopped'), reading(1, 'done', { target: '/b' })).length, 1))
  it('tells another field value', () => assert.equal(disagreements(reading(1, 'stopped'), reading(1, 'done', { value: 'c' })).length, 1))
  it('tells another body', () => assert.equal(disagreements(reading(1, 'stopped'), reading(1, 'done', { body: 'x' })).length, 1))
  it('takes an encoded unreserved octet and its plain form for one target', () => {
    assert.deepEqual(disagreements(reading(1, 'stopped', { target: '/a~' }), reading(1, 'done', { target: '/a%7e' })), [])
  })
})
