// From an act to a receiver: through the outbox, the guard and a real connection, over a restart and a rotation of the envelope key.
import assert from 'node:assert/strict'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { guardedEgress } from '../../src/adapters/egress/guarded-egress.ts'
import { mailCourier } from '../../src/adapters/smtp/mail-courier.ts'
import { smtpMailSender } from '../../src/adapters/smtp/smtp-mail-sender.ts'
import { webhookCourier } from '../../src/adapters/webhook/webhook-courier.ts'
import { Secret } from '../../src/base/secret.ts'
import { sealedDeadLetters } from '../../src/outbox/dead-letters.ts'
import { Delivery, LEASE_MS } from '../../src/outbox/delivery.ts'
import { putMessage, sealedMessages } from '../../src/outbox/outbox.ts'
import type { Envelope } from '../../src/ports/envelope.ts'
import { webhookContent } from '../../src/ports/webhook.ts'
import { KeyedEnvelope } from '../../src/secrets/envelope.ts'
import { newEnvelopeKey } from '../../src/secrets/envelope-key.ts'
import { checkUnder, keyChecks, ONLY } from '../../src/secrets/key-records.ts'
import { putSecret, readSecret, sealedNamedSecrets } from '../../src/secrets/named-secrets.ts'
import { rotateEnvelope } from '../../src/secrets/rotation.ts'
import { authority } from '../support/certificates.ts'
import { LossyStore } from '../support/lossy-store.ts'
import { startSmtpReceiver } from '../support/smtp-receiver.ts'

const KEY = `whsec_${Buffer.alloc(32, 5).toString('base64')}`

/** A receiver as a careful one is written: it checks the signature, remembers ids, and is down when told so. */
async function startReceiver() {
  const ids: string[] = []
  const types: string[] = []
  const state = { isDown: false, forged: 0 }
  const server: Server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => String(request.headers[name]))
    const wanted = createHmac('sha256', Buffer.alloc(32, 5)).update(`${id}.${timestamp}.${body}`).digest()
    const given = Buffer.from(signature!.replace(/^v1,/, ''), 'base64')
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) state.forged++
    else {
      ids.push(id!)
      types.push(JSON.parse(body).type)
    }
    response.writeHead(state.isDown ? 503 : 204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, ids, types, state, stop: () => server.close() }
}

test('a webhook and a mail, put down with an act, arrive over failures, a crash, a restart and a rotation', async () => {
  const [receiver, smtp] = [await startReceiver(), await startSmtpReceiver()]
  const guard = { allowPrivate: ['127.0.0.1'], own: () => [], resolve: async () => ['127.0.0.1'] }
  const store = new LossyStore()
  const [from, to] = [newEnvelopeKey(), newEnvelopeKey()]
  const now = { ms: Date.UTC(2026, 10, 24) }

  /** What a start of the program would make: nothing of the one before is left but the store. */
  const start = (envelope: Envelope): Delivery => {
    const secret = async (name: string): Promise<Secret> => (await store.read((reading) => readSecret(reading, envelope, name)))!
    const endpoint = async () => ({ url: receiver.url, keys: [await secret('webhook-key')] })
    const login = { user: 'gate', password: () => secret('smtp-password') }
    const mail = smtpMailSender(
      { host: 'mail.example', port: smtp.port, security: 'starttls', from: { address: 'gate@example.com' }, login, trust: authority },
      guard,
    )
    const couriers = { webhook: webhookCourier({ egress: guardedEgress(guard), endpoint, nowMs: () => now.ms }), mail: mailCourier(() => mail) }
    return new Delivery({ store, envelope, couriers, nowMs: () => now.ms })
  }

  try {
    const first = new KeyedEnvelope(from)
    await store.write(async (writing) => {
      writing.put(keyChecks, ONLY, checkUnder(first))
      await putSecret(writing, first, { name: 'webhook-key', value: new Secret(KEY), by: 'person_1', nowMs: now.ms })
      await putSecret(writing, first, { name: 'smtp-password', value: new Secret('hunter2'), by: 'person_1', nowMs: now.ms })
      const content = webhookContent('version.deprecated', { api: 'bookshop', version: '1' }, now.ms)
      await putMessage(writing, first, { kind: 'webhook', target: 'books', content, nowMs: now.ms })
      const mail = { to: 'ada@example.org', subject: 'bookshop 1 is going', text: 'Use 2.' }
      await putMessage(writing, first, { kind: 'mail', target: 'default', content: mail, nowMs: now.ms })
    })

    // The receiver is down, the mail server is up.
    receiver.state.isDown = true
    assert.deepEqual((({ delivered, failed }) => [delivered, failed])(await start(first).round()), [1, 1])
    assert.deepEqual([smtp.mails.length, smtp.mails[0]!.login, smtp.mails[0]!.encrypted], [1, 'gate:hunter2', true])

    // The receiver is up, and the process dies before it has noted so.
    receiver.state.isDown = false
    now.ms += 60_000
    store.failAt({ at: 1, how: 'before the work' })
    await assert.rejects(start(first).round())
    store.failAt(undefined)

    // Meanwhile the key is rotated; what waits is sealed anew with the rest.
    const second = new KeyedEnvelope(from)
    const outcome = await rotateEnvelope({ store, envelope: second, to, collections: [sealedNamedSecrets, sealedMessages, sealedDeadLetters], nowMs: now.ms })
    assert.ok(!('refused' in outcome) && outcome.resealed === 3)

    // A new process with the new key alone delivers it again, under the same id.
    now.ms += LEASE_MS
    assert.equal((await start(new KeyedEnvelope(to)).round()).delivered, 1)
    assert.deepEqual([receiver.ids.length, new Set(receiver.ids).size, receiver.state.forged], [3, 1, 0])
    assert.deepEqual(new Set(receiver.types), new Set(['version.deprecated']))
    assert.equal((await start(new KeyedEnvelope(to)).round()).nextDueMs, undefined)
  } finally {
    receiver.stop()
    smtp.stop()
  }
})
