// Webhooks are signed so that any library of Standard Webhooks accepts them, and what the receiver answers is understood.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { Secret } from '../../base/secret.ts'
import { type Egress, EgressFailed, EgressRefused, type OutboundRequest } from '../../ports/egress.ts'
import { type WebhookEndpoint, webhookContent } from '../../ports/webhook.ts'
import { signedFields, webhookKey } from './signature.ts'
import { webhookCourier } from './webhook-courier.ts'

const NOW = Date.UTC(2026, 10, 24, 12)
const KEY = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

test('the example of the specification is signed as the specification says', () => {
  // standardwebhooks.com, specification 1.0.0: its key, id, time and body.
  const body = '{"event_type":"ping","data":{"success":true}}'
  const fields = signedFields('msg_loFOjxBNrRLzqYUf', 1731705121 * 1000, body, [webhookKey(new Secret('whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'))!])
  const key = Buffer.from('C2FVsBQIhrscChlQIMV+b5sSYspob7oD', 'base64')
  const wanted = createHmac('sha256', key).update(`msg_loFOjxBNrRLzqYUf.1731705121.${body}`).digest('base64')
  assert.deepEqual(fields, { 'webhook-id': 'msg_loFOjxBNrRLzqYUf', 'webhook-timestamp': '1731705121', 'webhook-signature': `v1,${wanted}` })
})

test('a key is whsec_ and base64 of 24 to 64 octets', () => {
  const of = (octets: number): string => `whsec_${Buffer.alloc(octets, 7).toString('base64')}`
  for (const key of [KEY, of(24), of(32), of(64), of(25).replace(/=+$/, '')]) assert.ok(webhookKey(new Secret(key)), key)
  const bad = [
    '',
    'whsec_',
    of(23),
    of(65),
    KEY.slice(6),
    `whsec_${'-'.repeat(32)}`,
    `whsec_${'A'.repeat(31)}\nA`,
    'whsk_AAAA',
    `${of(25).replace(/=+$/, '').slice(0, -1)}B`,
  ]
  for (const key of bad) assert.equal(webhookKey(new Secret(key)), undefined, key)
})

const endpoint: WebhookEndpoint = { url: 'https://hooks.example/in?token=canary', keys: [new Secret(KEY)] }
const parcel = { id: 'msg_1', target: 'books', content: webhookContent('version.deprecated', { api: 'bookshop' }, NOW) }
const courierOf = (fetch: Egress['fetch'], to: WebhookEndpoint | undefined = endpoint) =>
  webhookCourier({ egress: { fetch }, endpoint: async (name) => (name === 'books' ? to : undefined), nowMs: () => NOW })

test('what is sent is the body as it was put down, signed by every key', async () => {
  const sent: OutboundRequest[] = []
  const second = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
  const to = { ...endpoint, keys: [...endpoint.keys, new Secret(second)], trust: 'PEM' }
  const carried = await courierOf(async (request) => {
    sent.push(request)
    return { status: 204, headers: {}, body: new Uint8Array() }
  }, to).carry(parcel)
  assert.deepEqual(carried, { outcome: 'delivered' })
  const [{ method, url, body, headers, trust, redirects }] = sent as [OutboundRequest]
  assert.deepEqual([method, url, trust, redirects], ['POST', endpoint.url, 'PEM', undefined])
  assert.equal(body, '{"type":"version.deprecated","timestamp":"2026-11-24T12:00:00.000Z","data":{"api":"bookshop"}}')
  const keys = [Buffer.from(KEY.slice(6), 'base64'), Buffer.alloc(32, 9)]
  const wanted = keys
    .map(
      (key) =>
        `v1,${createHmac('sha256', key)
          .update(`msg_1.${NOW / 1000}.${body}`)
          .digest('base64')}`,
    )
    .join(' ')
  assert.deepEqual(headers, { 'content-type': 'application/json', 'webhook-id': 'msg_1', 'webhook-timestamp': `${NOW / 1000}`, 'webhook-signature': wanted })
})

test('each answer has its meaning', async () => {
  const answers: [status: number, retryAfter: string | undefined, outcome: string, afterMs: number | undefined][] = [
    [200, undefined, 'delivered', undefined],
    [299, undefined, 'delivered', undefined],
    [301, undefined, 'failed', undefined],
    [304, undefined, 'failed', undefined],
    [400, undefined, 'failed', undefined],
    [410, undefined, 'refused', undefined],
    [429, '120', 'failed', 120_000],
    [503, 'Tue, 24 Nov 2026 12:01:00 GMT', 'failed', 60_000],
    [503, 'Tue, 24 Nov 2026 11:00:00 GMT', 'failed', undefined],
    [503, 'soon', 'failed', undefined],
    [503, '-5', 'failed', undefined],
    [500, undefined, 'failed', undefined],
  ]
  for (const [status, retryAfter, outcome, afterMs] of answers) {
    const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
    const carried = await courierOf(async () => ({ status, headers, body: new Uint8Array() })).carry(parcel)
    assert.deepEqual([carried.outcome, 'afterMs' in carried ? carried.afterMs : undefined], [outcome, afterMs], `${status} ${retryAfter}`)
  }
  assert.equal(answers.length, 12)
})

test('what the guard refuses or cannot reach is tried again; an endpoint that is gone is not', async () => {
  for (const error of [new EgressRefused('no'), new EgressFailed('no')])
    assert.deepEqual(await courierOf(() => Promise.reject(error)).carry(parcel), { outcome: 'failed', why: 'no' })
  await assert.rejects(courierOf(() => Promise.reject(new TypeError('a mistake'))).carry(parcel), TypeError)
  const gone = await courierOf(() => assert.fail('sent')).carry({ ...parcel, target: 'other' })
  assert.equal(gone.outcome, 'refused')
})

test('nothing leaves unsigned, or signed by fewer keys than were meant', async () => {
  const keys = [[], [new Secret('wrong')], [new Secret(KEY), new Secret('wrong-canary')], Array<Secret>(5).fill(new Secret(KEY))]
  for (const each of keys) {
    const carried = await courierOf(() => assert.fail('sent'), { ...endpoint, keys: each }).carry(parcel)
    assert.equal(carried.outcome, 'failed')
    assert.ok(!JSON.stringify(carried).includes('canary'))
  }
})
