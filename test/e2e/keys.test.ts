// Keys over the management API of the real program: made, rotated, ended, revoked and reported, and what that means on every gateway thread.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { keyDigest, mintKey } from '../../src/base/keys.ts'
import { clientOf, type Told } from '../management/control-client.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { LoadConnection } from '../support/load-client.ts'
import { type SmtpReceiver, startSmtpReceiver } from '../support/smtp-receiver.ts'
import { type SwiftUpstream, startSwiftUpstream } from '../support/swift-upstream.ts'

/** Connections in each look: with two threads, both get some. */
const CONNECTIONS = 24
const HOOK_KEY = Buffer.alloc(32, 9)
const FILED = mintKey()

interface Hook {
  readonly path: string
  readonly id: string
  readonly signature: string
  readonly timestamp: string
  readonly body: string
}

describe('keys of the real program with two gateway threads', () => {
  let upstream: SwiftUpstream
  let smtp: SmtpReceiver
  let receiver: Server
  let gateway: RunningGateway
  let folder: string
  let token: string
  const hooks: Hook[] = []

  const api = (method: string, path: string, body?: object): Promise<Told> =>
    clientOf(gateway.controlPort).send(method, `/api/v1${path}`, { as: token, headers: { 'if-match': '*' }, ...(body && { body }) })

  /** The statuses that connections over both threads get, without repetition. */
  async function statuses(secret: string, path = '/shop/a'): Promise<number[]> {
    const connections = Array.from({ length: CONNECTIONS }, () => new LoadConnection(gateway.port))
    const answers = await Promise.all(connections.map((each) => each.ask(`GET ${path} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${secret}\r\n\r\n`)))
    for (const each of connections) each.socket.destroy()
    return [...new Set(answers.map((answer) => answer?.status ?? 0))]
  }
  async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
  }
  async function made(consumer = 'acme'): Promise<{ secret: string; id: string }> {
    const answer = await api('POST', `/consumers/${consumer}/keys`, { label: 'e2e' })
    assert.equal(answer.status, 201, answer.body)
    const { secret, key } = answer.json as { secret: string; key: { id: string } }
    return { secret, id: key.id }
  }

  before(async () => {
    upstream = await startSwiftUpstream()
    smtp = await startSmtpReceiver({ tls: 'withheld' })
    receiver = createServer(async (request, response) => {
      let body = ''
      for await (const part of request) body += part
      const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => String(request.headers[name]))
      hooks.push({ path: request.url!, id: id!, timestamp: timestamp!, signature: signature!, body })
      response.writeHead(204).end()
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-keys-'))
    mkdirSync(join(folder, 'data'), { mode: 0o700 })
    writeFileSync(join(folder, 'hook.secret'), `whsec_${HOOK_KEY.toString('base64')}\n`, { mode: 0o600 })
    const shop = (path: string) => ({ path, upstream: `http://127.0.0.1:${upstream.port}`, policies: { 'api-key': { header: 'X-API-Key' } } })
    gateway = await startGateway(
      {
        gateway: { authenticationFailures: { limit: 1_000_000, window: '1s' } },
        apis: { shop: shop('/shop'), bank: shop('/bank') },
        consumers: { filed: { apis: ['shop'], keys: [{ hash: `sha256:${keyDigest(FILED)}` }] } },
        egress: { allowPrivate: ['127.0.0.1/32'] },
        settings: {
          mail: { from: 'gatehouse@example.org', host: '127.0.0.1', port: smtp.port, tls: 'off' },
          webhooks: { siem: { url: `http://127.0.0.1:${port()}/siem`, secret: { file: 'hook.secret' }, events: ['key.leaked'] } },
        },
      },
      { threads: 2, folder },
    )
    token = readFileSync(join(folder, 'data', 'admin-token'), 'utf8').trim()
    const contacts = [
      { kind: 'mail', to: 'reds@example.org' },
      { kind: 'webhook', to: `http://127.0.0.1:${port()}/reds` },
    ]
    assert.equal((await api('POST', '/teams', { name: 'reds', contacts })).status, 201)
    const acme = { name: 'acme', team: 'reds', subscriptions: [{ api: 'shop' }] }
    assert.equal((await api('POST', '/consumers', acme)).status, 201)
  })
  after(async () => {
    await gateway?.stop()
    receiver.close()
    smtp.stop()
    await upstream.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const port = (): number => (receiver.address() as AddressInfo).port

  test('a key works on every thread when its making is answered, and on none when its revoking is', async (t) => {
    let longest = 0
    for (let i = 0; i < 10; i++) {
      const { secret, id } = await made()
      assert.deepEqual(await statuses(secret), [200])
      const begun = performance.now()
      const revoked = await api('POST', `/keys/${id}/revoke`, { why: 'a test' })
      const tookMs = performance.now() - begun
      assert.equal(revoked.status, 200, revoked.body)
      // The order is the guarantee: whatever is asked after the answer is refused.
      assert.deepEqual(await statuses(secret), [401])
      longest = Math.max(longest, tookMs)
    }
    t.diagnostic(`revoked and refused on all threads within ${longest.toFixed(1)} ms at the longest of 10`)
    assert.ok(longest < 1000, `it took ${longest} ms`)
  })

  test('while a rotation overlaps both keys work, and only the new one when the overlap is cut to nothing', async () => {
    const { secret: old, id } = await made()
    const rotated = await api('POST', `/keys/${id}/rotate`, { overlapSeconds: 3600 })
    assert.equal(rotated.status, 201, rotated.body)
    const { secret, key } = rotated.json as { secret: string; key: { id: string; replaces: string } }
    assert.equal(key.replaces, id)
    assert.deepEqual([await statuses(old), await statuses(secret)], [[200], [200]])
    assert.equal((await api('PUT', `/keys/${id}/expiry`, { expires: '2020-01-01T00:00:00Z' })).status, 200)
    assert.deepEqual([await statuses(old), await statuses(secret)], [[401], [200]])
    const next = await api('POST', `/keys/${key.id}/rotate`, { overlapSeconds: 0 })
    assert.deepEqual([await statuses(secret), await statuses((next.json as { secret: string }).secret)], [[401], [200]])
  })

  test('a key ends by itself at its time', async () => {
    const { secret, id } = await made()
    assert.deepEqual(await statuses(secret), [200])
    assert.equal((await api('PUT', `/keys/${id}/expiry`, { expires: new Date(performance.timeOrigin + performance.now() + 300).toISOString() })).status, 200)
    await until(async () => (await statuses(secret)).join() === '401')
    assert.equal((await api('PUT', `/keys/${id}/expiry`, {})).short, '409 keys.key-not-valid')
  })

  test('what a consumer may call is live on every thread when its change is answered', async () => {
    const { secret } = await made()
    assert.deepEqual(await statuses(secret, '/bank/a'), [403])
    for (let i = 0; i < 3; i++) {
      assert.equal((await api('PUT', '/consumers/acme/subscriptions/bank', {})).status, 200)
      assert.deepEqual(await statuses(secret, '/bank/a'), [200])
      assert.equal((await api('DELETE', '/consumers/acme/subscriptions/bank')).status, 204)
      assert.deepEqual(await statuses(secret, '/bank/a'), [403])
    }
  })

  test('a reported key is refused on every thread; a signed webhook and a mail tell of it, once', async () => {
    const { secret, id } = await made()
    const report = (key: string): Promise<Told> =>
      clientOf(gateway.controlPort).send('POST', '/api/v1/leaked-keys', { body: { key, where: 'https://paste.example/1' } })
    const [known, unknown] = [await report(secret), await report(mintKey())]
    assert.deepEqual(await statuses(secret), [401])
    assert.deepEqual([known.status, known.body], [202, ''])
    assert.deepEqual([unknown.status, unknown.body], [202, ''])
    assert.equal((await report(secret)).status, 202)

    await until(() => hooks.length >= 2 && smtp.mails.length >= 1)
    const contactKey = (await api('POST', '/teams/reds/contact-key')).json as { key: string }
    const keys = { '/siem': HOOK_KEY, '/reds': Buffer.from(contactKey.key.slice('whsec_'.length), 'base64') } as Record<string, Buffer>
    assert.deepEqual(hooks.map(({ path }) => path).sort(), ['/reds', '/siem'])
    for (const { path, id: message, timestamp, signature, body } of hooks) {
      assert.equal(signature, `v1,${createHmac('sha256', keys[path]!).update(`${message}.${timestamp}.${body}`).digest('base64')}`)
      const { type, data } = JSON.parse(body) as { type: string; data: Record<string, unknown> }
      // Webhooks are told what the trail is told; the team also what its mail says.
      const told = (path === '/siem' ? data['detail'] : data) as Record<string, unknown>
      assert.deepEqual([type, told['consumer'], told['team']], ['key.leaked', 'acme', 'reds'])
      assert.deepEqual(path === '/siem' ? data['object'] : { kind: 'key', name: data['key'] }, { kind: 'key', name: id })
      assert.ok(!body.includes(secret), 'the secret itself is told nobody')
    }
    const [mail] = smtp.mails
    assert.deepEqual([smtp.mails.length, mail!.to], [1, ['reds@example.org']])
    assert.match(mail!.data.replaceAll('=\r\n', ''), new RegExp(id))
    assert.ok(!mail!.data.includes(secret))
  })

  test('a key of the file cannot be changed here, and is ended by a report all the same', async () => {
    assert.deepEqual(await statuses(FILED), [200])
    const listed = (await api('GET', '/consumers/filed/keys')).json as { items: { id: string; owner: string }[] }
    const [key] = listed.items
    assert.equal(key!.owner, 'file')
    assert.equal((await api('POST', `/keys/${key!.id}/revoke`, {})).short, '409 keys.owned-by-file')
    assert.deepEqual(await statuses(FILED), [200])
    assert.equal((await clientOf(gateway.controlPort).send('POST', '/api/v1/leaked-keys', { body: { key: FILED } })).status, 202)
    assert.deepEqual(await statuses(FILED), [401])
    const after_ = (await api('GET', `/keys/${key!.id}`)).json as { revoked?: string }
    assert.ok(after_.revoked)
  })
})
