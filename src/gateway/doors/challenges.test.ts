// A proof to an ACME server is given for exactly the host and token, or the server name, that is being proved, and for nothing else.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, afterEach, describe, it } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { makeCertificate } from '../../../test/support/certificate-maker.ts'
import { type ConfiguredGateway, configuredGateway } from '../../../test/support/configured-gateway.ts'
import { startSwiftUpstream } from '../../../test/support/swift-upstream.ts'
import { proofCertificate } from '../../acme/made-certificates.ts'
import { readServerCertificate } from '../../certificates/server-certificate.ts'
import { Challenges } from './challenges.ts'
import { type Door, openDoor } from './door.ts'

const TOKEN = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA'
const PATH = `/.well-known/acme-challenge/${TOKEN}`
const http = [{ host: 'shop.example', token: TOKEN, authorization: `${TOKEN}.thumbprint` }]

describe('a challenge over http', () => {
  const ends: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })
  async function start(https: string): Promise<ConfiguredGateway> {
    const upstream = await startSwiftUpstream()
    const gateway = await configuredGateway({
      gateway: { listen: [{ address: 'http://127.0.0.1:0', https }] },
      apis: { a: { path: '/', upstream: `http://127.0.0.1:${upstream.port}`, policies: { 'api-key': { header: 'X-API-Key' } } } },
    })
    ends.push(async () => {
      await gateway.stop()
      await upstream.stop()
    })
    gateway.prove({ http, tls: [] })
    return gateway
  }

  for (const https of ['refuse', 'off'])
    it(`is answered on a listener in clear (https: ${https}), in front of every API and policy`, async () => {
      const gateway = await start(https)
      for (const host of ['shop.example', 'SHOP.example', 'shop.example:80', 'shop.example.']) {
        const answer = await gateway.ask(PATH, [], { host })
        assert.deepEqual([answer.status, answer.body, answer.values('content-type')], [200, `${TOKEN}.thumbprint`, ['application/octet-stream']], host)
      }
      gateway.prove({ http: [], tls: [] })
      assert.equal((await gateway.ask(PATH, [], { host: 'shop.example' })).status, https === 'refuse' ? 403 : 401)
    })

  it('is answered for no other host, token, path, method or spelling', async () => {
    const gateway = await start('off')
    const others: readonly (readonly [target: string, options?: { method?: string; host?: string }])[] = [
      [PATH, { host: 'bank.example' }],
      [PATH, { host: 'api.shop.example' }],
      [PATH, { host: 'example' }],
      [PATH, { host: 'shop.example.other' }],
      [PATH, { host: '127.0.0.1' }],
      [PATH, { method: 'POST' }],
      [PATH, { method: 'OPTIONS' }],
      [`${PATH}/`],
      [`${PATH}?x`],
      [`${PATH}x`],
      [PATH.slice(0, -1)],
      [PATH.toLowerCase()],
      [`/x/..${PATH}`],
      [`/${PATH}`],
      [PATH.replace('acme', '%61cme%2f')],
      ['/.well-known/acme-challenge/'],
      ['/.well-known/acme-challenge/__proto__'],
    ]
    for (const [target, options] of others) {
      const answer = await gateway.ask(target, options?.method === 'POST' ? ['Content-Length: 0'] : [], { host: 'shop.example', ...options })
      assert.ok([400, 401, 404, 405].includes(answer.status), `${target} ${JSON.stringify(options)}: ${answer.status}`)
      assert.doesNotMatch(answer.body, /thumbprint/)
    }
    assert.equal(others.length, 17)
  })
})

describe('a challenge over TLS', () => {
  const doors: Door[] = []
  const entered: unknown[] = []
  after(() => {
    for (const door of doors) {
      door.server.close()
      door.clear()
    }
  })
  async function open(kinds: readonly (readonly [name: string, key: 'P-256' | 'RSA-2048'])[], proved: readonly string[]): Promise<number> {
    const made = await Promise.all(kinds.map(([name, key]) => makeCertificate({ subject: `CN=${name}`, names: [name], key })))
    const certificates = made.map(({ certificate, key }) => readServerCertificate(certificate, key, 0).certificate!)
    const challenges = new Challenges({ http: [], tls: await Promise.all(proved.map((name) => proofCertificate(name, 'a.b', Date.UTC(2026, 10, 24)))) })
    const door = await openDoor(
      { host: '127.0.0.1', port: 0, http2: true, tls: { profile: 'intermediate', certificates, provesNames: true } },
      false,
      new Uint8Array(48),
      {
        admits: () => true,
        enters: (socket) => {
          entered.push(socket)
          socket.end()
        },
        failed: () => {},
        proof: (name) => challenges.context(name),
        handshakeMs: 10_000,
        proxies: { expects: () => assert.fail(), names: () => assert.fail(), nameless: () => assert.fail(), headerMs: 60_000 },
      },
    )
    doors.push(door)
    return (door.server.address() as AddressInfo).port
  }
  /** What is shown, as the certificate says; or why there was no handshake. */
  async function shown(port: number, options: ConnectionOptions): Promise<string> {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
    const failure = await new Promise<string | undefined>((resolve) => {
      socket.once('secureConnect', () => resolve(undefined))
      socket.once('error', (cause: NodeJS.ErrnoException) => resolve(cause.code))
    })
    if (failure !== undefined) return failure
    const certificate = socket.getPeerX509Certificate()!
    const isProof = certificate.raw.includes(Buffer.from('06082b0601050507011f0101ff', 'hex'))
    socket.on('error', () => {})
    if (!socket.resume().closed) await once(socket, 'close')
    return `${certificate.subject.replace('CN=', '')}${isProof ? ' proved' : ''} ${socket.alpnProtocol || 'nothing'}`
  }
  const PROOF = ['acme-tls/1']
  const NONE = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'

  it('is shown by TLS 1.2 and 1.3 whichever certificate the name has, and the connection ends with the handshake', async () => {
    const port = await open(
      [
        ['first.example', 'P-256'],
        ['second.example', 'P-256'],
        ['rsa.example', 'RSA-2048'],
      ],
      ['first.example', 'second.example', 'new.example', 'rsa.example'],
    )
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
      for (const servername of ['first.example', 'second.example', 'new.example', 'NEW.example', 'rsa.example']) {
        // In TLS 1.2 the kind of key was chosen before the proof is: a name that has RSA alone is proved by TLS 1.3, which authorities speak.
        if (servername === 'rsa.example' && maxVersion === 'TLSv1.2') continue
        assert.equal(await shown(port, { servername, ALPNProtocols: PROOF, maxVersion }), `${servername.toLowerCase()} proved acme-tls/1`, maxVersion)
      }
    assert.equal(entered.length, 0)
  })

  it('is shown for no other name, to nobody who offers more or something else, and to nobody who names no server', async () => {
    const port = await open(
      [
        ['first.example', 'P-256'],
        ['second.example', 'P-256'],
      ],
      ['second.example'],
    )
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
      for (const [options, outcome] of [
        [{ servername: 'first.example', ALPNProtocols: PROOF }, NONE],
        [{ servername: 'third.example', ALPNProtocols: PROOF }, NONE],
        [{ servername: 'a.second.example', ALPNProtocols: PROOF }, NONE],
        [{ ALPNProtocols: PROOF }, NONE],
        [{ servername: 'second.example', ALPNProtocols: ['acme-tls/1', 'http/1.1'] }, 'second.example http/1.1'],
        [{ servername: 'second.example', ALPNProtocols: ['http/1.1'] }, 'second.example http/1.1'],
        [{ servername: 'second.example', ALPNProtocols: ['http/1.1', 'h2'] }, 'second.example h2'],
        [{ servername: 'second.example', ALPNProtocols: ['h2', 'acme-tls/1'] }, 'second.example h2'],
        [{ servername: 'second.example' }, 'second.example nothing'],
        [{ servername: 'second.example', ALPNProtocols: ['acme-tls/2'] }, NONE],
      ] as const)
        assert.equal(
          await shown(port, { ...options, ALPNProtocols: 'ALPNProtocols' in options ? [...options.ALPNProtocols] : [], maxVersion }),
          outcome,
          JSON.stringify(options),
        )
  })
})
