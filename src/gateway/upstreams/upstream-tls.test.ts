// Handshakes with upstreams: each kind of wrong certificate is refused for its reason, with not an octet sent, also where a session is resumed.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo, TcpNetConnectOpts } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createServer, type Server, type TlsOptions } from 'node:tls'
import { CLIENT_AUTH, type Made, makeCertificate, SERVER_AUTH, type Wanted } from '../../../test/support/certificate-maker.ts'
import { makeRevocationPem } from '../../../test/support/revocation-list-maker.ts'
import type { UpstreamTrust } from '../../model/snapshot.ts'
import { guardedLookup, lookupWithin, systemLookup } from './guarded-lookup.ts'
import { type Distrust, TrustContext, TrustContexts, UpstreamTls } from './upstream-tls.ts'

const NOW_MS = Date.now()
const pin = ({ parsed }: Made): string => createHash('sha256').update(new Uint8Array(parsed.publicKey.rawData)).digest('base64')
const TICKET_KEYS = Buffer.alloc(48, 7)

interface Upstream {
  readonly port: number
  /** Octets of application data that came. */
  readonly heard: () => string
  close(): void
}
async function serve(options: TlsOptions): Promise<Upstream> {
  let heard = ''
  const server: Server = createServer({ ticketKeys: TICKET_KEYS, ...options }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      heard += data
      socket.end('answered')
    })
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, heard: () => heard, close: () => server.close() }
}

interface Outcome {
  readonly verdict: number | Distrust | undefined
  readonly answer: string
  readonly reused: boolean
}
/** One connection that has its request written before the handshake begins, as all have. */
async function shake(tls: UpstreamTls, port: number, nowMs = NOW_MS, way: Partial<TcpNetConnectOpts> = {}): Promise<Outcome> {
  let verdict: number | Distrust | undefined
  let answer = ''
  const socket = tls.connect({ host: '127.0.0.1', port, ...way }, nowMs, {
    verified(untilMs) {
      verdict = untilMs
    },
    failed(distrust) {
      verdict = distrust
    },
  })
  socket.write('secret')
  socket.on('data', (data) => {
    answer += data
  })
  let reused = false
  socket.on('secureConnect', () => {
    reused = socket.isSessionReused() === true
  })
  await new Promise((resolve) => socket.once('close', resolve))
  return { verdict, answer, reused }
}

describe('an upstream under TLS', () => {
  let root: Made
  let between: Made
  let other: Made
  /** Has the name of `between`, and nothing else of it. */
  let twin: Made
  let own: Made
  let trust: UpstreamTrust
  const withTrust = (more: Partial<UpstreamTrust> = {}): UpstreamTrust => ({ ...trust, ...more })
  const tlsOf = (more: Partial<UpstreamTrust> = {}, serverName = 'shop.internal'): UpstreamTls =>
    new UpstreamTls(serverName, new TrustContext(withTrust(more)), 'http/1.1')
  const chain = (...all: Made[]): TlsOptions => ({ cert: all.map(({ certificate }) => certificate).join(''), key: all[0]!.key })
  const issued = (wanted: Wanted = {}): Promise<Made> => makeCertificate({ names: ['shop.internal'], issuer: between, ...wanted })

  before(async () => {
    root = await makeCertificate({ subject: 'CN=root', authority: true })
    between = await makeCertificate({ subject: 'CN=between', authority: true, issuer: root })
    other = await makeCertificate({ subject: 'CN=other', authority: true })
    twin = await makeCertificate({ subject: 'CN=between', authority: true })
    own = await issued({ purposes: [SERVER_AUTH], to: new Date('2050-01-01T00:00:00Z') })
    trust = { profile: 'intermediate', authorities: [root.certificate] }
  })

  interface Case {
    readonly what: string
    readonly shows: () => Promise<TlsOptions>
    readonly asks?: () => Promise<Partial<UpstreamTrust>>
    readonly serverName?: string
    /** Undefined: it is believed. */
    readonly distrust?: Distrust
  }
  const wrong = (what: string, wanted: Wanted, distrust: Distrust | undefined, more: Partial<Case> = {}): Case => ({
    what,
    shows: async () => chain(await issued(wanted), between),
    ...(distrust && { distrust }),
    ...more,
  })
  const cases: readonly Case[] = [
    wrong('right', {}, undefined),
    wrong('for servers, as it says', { purposes: [SERVER_AUTH] }, undefined),
    wrong('a wildcard for one label', { names: ['*.corp.internal'] }, undefined, { serverName: 'shop.corp.internal' }),
    wrong('a wildcard for everybody of a domain', { names: ['*.internal'] }, 'wrong-name'),
    wrong('an address', { names: [], addresses: ['127.0.0.1'] }, undefined, { serverName: '127.0.0.1' }),
    wrong('an RSA key', { key: 'RSA-2048' }, undefined),
    wrong('expired', { to: new Date('2021-01-01T00:00:00Z') }, 'expired'),
    wrong('not yet valid', { from: new Date('2100-01-01T00:00:00Z') }, 'not-yet-valid'),
    wrong('for clients', { purposes: [CLIENT_AUTH] }, 'wrong-purpose'),
    wrong('another name', { names: ['bank.internal'] }, 'wrong-name'),
    wrong('a wildcard for more than one label', { names: ['*.corp.internal'] }, 'wrong-name', { serverName: 'a.shop.corp.internal' }),
    wrong('a part of a label as a wildcard', { names: ['s*.corp.internal'] }, 'wrong-name', { serverName: 'shop.corp.internal' }),
    wrong('the name as its common name alone', { names: [], subject: 'CN=shop.internal' }, 'wrong-name'),
    wrong('another address', { names: ['127.0.0.1'], addresses: ['127.0.0.2'] }, 'wrong-name', { serverName: '127.0.0.1' }),
    wrong('a key that is too short', { key: 'RSA-1024' }, 'bad-certificate'),
    { what: 'signed by itself', shows: async () => chain(await makeCertificate({ names: ['shop.internal'] })), distrust: 'self-signed' },
    { what: 'of another authority', shows: async () => chain(await issued({ issuer: other })), distrust: 'unknown-issuer' },
    { what: 'of another authority, which is sent along', shows: async () => chain(await issued({ issuer: other }), other), distrust: 'unknown-issuer' },
    { what: 'without the authority between', shows: async () => chain(await issued()), distrust: 'unknown-issuer' },
    {
      what: 'of somebody who is no authority',
      shows: async () => {
        const leaf = await issued({ subject: 'CN=leaf' })
        return chain(await issued({ issuer: leaf }), leaf, between)
      },
      distrust: 'wrong-purpose',
    },
    {
      what: 'of an authority that calls itself like the right one',
      shows: async () => chain(await issued({ issuer: await makeCertificate({ subject: 'CN=between', authority: true }) }), between),
      distrust: 'bad-certificate',
    },
    {
      what: 'of no authority that Node brings',
      shows: async () => chain(own, between),
      asks: async () => ({ authorities: undefined as never }),
      distrust: 'unknown-issuer',
    },
    {
      what: 'not on the lists',
      shows: async () => chain(own, between),
      asks: async () => ({ revocationLists: [await makeRevocationPem(root), await makeRevocationPem(between)] }),
    },
    {
      what: 'on the list',
      shows: async () => chain(own, between),
      asks: async () => ({ revocationLists: [await makeRevocationPem(root), await makeRevocationPem(between, [own])] }),
      distrust: 'revoked',
    },
    {
      what: 'of an authority on the list',
      shows: async () => chain(own, between),
      asks: async () => ({ revocationLists: [await makeRevocationPem(root, [between]), await makeRevocationPem(between)] }),
      distrust: 'revoked',
    },
    {
      what: 'of an authority without a list',
      shows: async () => chain(own, between),
      asks: async () => ({ revocationLists: [await makeRevocationPem(root)] }),
      distrust: 'revocation-unknown',
    },
    {
      what: 'beside a list that has ended',
      shows: async () => chain(own, between),
      asks: async () => ({ revocationLists: [await makeRevocationPem(root), await makeRevocationPem(between, [], { to: '2021-01-01' })] }),
      distrust: 'revocation-unknown',
    },
    {
      what: 'beside a list that somebody else signed',
      shows: async () => chain(own, between),
      asks: async () => ({ revocationLists: [await makeRevocationPem(root), await makeRevocationPem(between, [], { signer: other })] }),
      distrust: 'revocation-unknown',
    },
    { what: 'with its own key pinned', shows: async () => chain(own, between), asks: async () => ({ pins: [pin(other), pin(own)] }) },
    { what: 'with the key between pinned', shows: async () => chain(own, between), asks: async () => ({ pins: [pin(between)] }) },
    { what: 'with the root’s key pinned, which is not sent', shows: async () => chain(own, between), asks: async () => ({ pins: [pin(root)] }) },
    { what: 'with other keys pinned', shows: async () => chain(own, between), asks: async () => ({ pins: [pin(other)] }), distrust: 'pin-mismatch' },
    {
      what: 'with a pinned authority sent along that signed nothing of it',
      shows: async () => chain(own, between, other),
      asks: async () => ({ pins: [pin(other)] }),
      distrust: 'pin-mismatch',
    },
    {
      what: 'with a pinned key sent along in the name of its authority',
      shows: async () => chain(own, between, twin),
      asks: async () => ({ pins: [pin(twin)] }),
      distrust: 'pin-mismatch',
    },
    {
      what: 'pinned, and of another authority',
      shows: async () => chain(await issued({ issuer: other })),
      asks: async () => ({ pins: [pin(other)] }),
      distrust: 'unknown-issuer',
    },
    {
      what: 'expired, where nobody looks',
      shows: async () => chain(await makeCertificate({ names: ['bank.internal'], to: new Date('2021-01-01T00:00:00Z') })),
      asks: async () => ({ insecure: true }),
    },
  ]
  const versions = ['TLSv1.2', 'TLSv1.3'] as const
  let ran = 0
  for (const { what, shows, asks, serverName, distrust } of cases)
    it(`whose certificate is ${what} is ${distrust ? `refused: ${distrust}` : 'believed'}`, async () => {
      const shown = await shows()
      const tls = tlsOf(await asks?.(), serverName)
      for (const version of versions) {
        const upstream = await serve({ ...shown, minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' })
        const { verdict, answer } = await shake(tls, upstream.port)
        upstream.close()
        ran++
        if (distrust) assert.deepEqual([verdict, answer, upstream.heard()], [distrust, '', ''], version)
        else assert.deepEqual([typeof verdict, answer, upstream.heard()], ['number', 'answered', 'secret'], version)
      }
    })
  after(() => assert.equal(ran, cases.length * versions.length))

  it('is believed until the first of its chain ends, or a list does', async () => {
    const upstream = await serve(chain(own, between))
    assert.equal((await shake(tlsOf(), upstream.port)).verdict, Date.UTC(2050, 0, 1))
    const revocationLists = [await makeRevocationPem(root), await makeRevocationPem(between)]
    assert.equal((await shake(tlsOf({ revocationLists, listsEndMs: 123 }), upstream.port)).verdict, 123)
    assert.equal((await shake(tlsOf({ insecure: true }), upstream.port)).verdict, Number.POSITIVE_INFINITY)
    upstream.close()
  })

  for (const version of versions) {
    it(`resumes its session over ${version}, for as long as what the first handshake proved holds`, async () => {
      const upstream = await serve({ ...chain(own, between), maxVersion: version })
      const tls = tlsOf()
      const outcomes: boolean[] = []
      for (const nowMs of [NOW_MS, NOW_MS, Date.UTC(2050, 0, 1)]) outcomes.push((await shake(tls, upstream.port, nowMs)).reused)
      assert.deepEqual(outcomes, [false, true, false])
      upstream.close()
    })

    it(`is verified by each that trusts something else, though its sessions could be resumed over ${version}: by name, pin, list and authority`, async () => {
      const upstream = await serve({ ...chain(own, between), maxVersion: version })
      const first = tlsOf()
      assert.deepEqual([(await shake(first, upstream.port)).reused, (await shake(first, upstream.port)).reused], [false, true])
      const revocationLists = [await makeRevocationPem(root), await makeRevocationPem(between, [own])]
      const others: readonly (readonly [UpstreamTls, Distrust])[] = [
        [tlsOf({}, 'bank.internal'), 'wrong-name'],
        [tlsOf({ pins: [pin(other)] }), 'pin-mismatch'],
        [tlsOf({ revocationLists }), 'revoked'],
        [tlsOf({ authorities: [other.certificate] }), 'unknown-issuer'],
      ]
      for (const [tls, distrust] of others) assert.deepEqual(await shake(tls, upstream.port), { verdict: distrust, answer: '', reused: false })
      assert.equal(upstream.heard(), 'secretsecret')
      upstream.close()
    })

    it(`that is refused leaves no session behind over ${version}`, async () => {
      const upstream = await serve({ ...chain(await issued({ names: ['bank.internal'] }), between), maxVersion: version })
      const tls = tlsOf()
      for (let i = 0; i < 3; i++) assert.deepEqual(await shake(tls, upstream.port), { verdict: 'wrong-name', answer: '', reused: false })
      upstream.close()
    })
  }

  it('that wants a certificate is told from one that is not believed, where nobody looks whether it is', async () => {
    const upstream = await serve({ ...chain(await makeCertificate({})), requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' })
    const told: string[] = []
    const tls = tlsOf({ insecure: true })
    const socket = tls.connect({ host: '127.0.0.1', port: upstream.port }, NOW_MS, {
      verified: () => told.push('verified'),
      failed: (distrust) => told.push(distrust),
    })
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
    upstream.close()
    assert.deepEqual(told, ['verified', 'refused-ours'])
  })

  it('that speaks TLS of before 1.2, or before 1.3 where that is the floor, is refused: protocol', async () => {
    for (const [profile, maxVersion, expected] of [
      ['intermediate', 'TLSv1.1', 'protocol'],
      ['modern', 'TLSv1.2', 'protocol'],
      ['modern', 'TLSv1.3', 'number'],
    ] as const) {
      const upstream = await serve({ ...chain(own, between), minVersion: 'TLSv1', maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' })
      const { verdict } = await shake(tlsOf({ profile }), upstream.port)
      assert.equal(typeof verdict === 'number' ? 'number' : verdict, expected, `${profile} ${maxVersion}`)
      upstream.close()
    }
  })

  it('is connected to at the addresses that its guard lets through, and at no other', async () => {
    const upstream = await serve(chain(own, between))
    const way = { host: 'localhost', autoSelectFamily: true }
    // The console's upstreams reach public addresses, and what the file allows besides.
    assert.equal((await shake(tlsOf(), upstream.port, NOW_MS, { ...way, lookup: lookupWithin(systemLookup, []) })).verdict, undefined)
    assert.equal(upstream.heard(), '')
    for (const lookup of [lookupWithin(systemLookup, ['127.0.0.0/8', '::1/128']), guardedLookup(systemLookup)])
      assert.equal((await shake(tlsOf(), upstream.port, NOW_MS, { ...way, lookup })).answer, 'answered')
    upstream.close()
  })

  it('shares its context with all that trust and show the same, from snapshot to snapshot', () => {
    const first = new TrustContexts({ a: trust, b: withTrust({ profile: 'modern' }) }, undefined)
    const second = new TrustContexts({ a: trust }, first)
    const context = first.of('a')
    assert.notEqual(first.of('b'), context)
    assert.equal(first.of('a'), context)
    assert.notEqual(second.of('a'), undefined)
    const third = new TrustContexts({ a: trust }, first)
    assert.equal(third.of('a'), context)
  })
})
