// A listener with TLS shows the certificate that has the name, speaks nothing old, resumes across threads, and counts before it computes.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { type Made, makeCertificate } from '../../../test/support/certificate-maker.ts'
import { readServerCertificate } from '../../certificates/server-certificate.ts'
import type { ListenerTls, ServerCertificate } from '../../model/snapshot.ts'
import { type Door, openDoor } from './door.ts'

let authority: Made
let rsaAuthority: Made
const served: Record<string, ServerCertificate> = {}
before(async () => {
  authority = await makeCertificate({ subject: 'CN=authority', authority: true })
  // Who verifies RSA alone verifies it along the whole chain.
  rsaAuthority = await makeCertificate({ subject: 'CN=authority of RSA', authority: true, key: 'RSA-2048' })
  const make = async (name: string, names: string[], key: 'P-256' | 'RSA-2048' = 'P-256'): Promise<void> => {
    const made = await makeCertificate({ subject: `CN=${name}`, names, key, issuer: key === 'P-256' ? authority : rsaAuthority })
    served[name] = readServerCertificate(made.certificate, made.key, 0).certificate!
  }
  await make('shop', ['shop.example'])
  await make('shop-rsa', ['shop.example'], 'RSA-2048')
  await make('wild', ['*.shop.example'])
  await make('bank', ['bank.example'])
  await make('shop-new', ['shop.example'])
})

class House {
  admitted = true
  readonly failures: string[] = []
  readonly entered: Socket[] = []
  readonly doors: Door[] = []
  async open(tls: ListenerTls, ticketKeys = new Uint8Array(48)): Promise<number> {
    const door = await openDoor({ host: '127.0.0.1', port: 0, tls }, false, ticketKeys, {
      admits: () => this.admitted,
      enters: (socket) => {
        this.entered.push(socket)
        socket.on('error', () => {})
        socket.on('data', (data) => socket.write(data))
        socket.on('end', () => socket.end())
      },
      failed: (reason) => this.failures.push(reason),
      proof: () => undefined,
      handshakeMs: 60_000,
      proxies: { expects: () => assert.fail(), names: () => assert.fail(), nameless: () => assert.fail(), headerMs: 60_000 },
    })
    this.doors.push(door)
    return (door.server.address() as AddressInfo).port
  }
  close(): void {
    for (const socket of this.entered) socket.destroy()
    for (const { server } of this.doors) server.close()
  }
}
const houses: House[] = []
after(() => {
  for (const each of houses) each.close()
})
const house = (): House => {
  const made = new House()
  houses.push(made)
  return made
}
const tls = (...names: string[]): ListenerTls => ({ profile: 'intermediate', certificates: names.map((name) => served[name]!) })

/** Shakes hands and sends a word there and back: in TLS 1.3 only then is it sure that both sides agree. */
async function shake(port: number, servername: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    servername,
    ca: [authority.certificate, rsaAuthority.certificate],
    checkServerIdentity: () => undefined,
    ...options,
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed')))
    socket.once('secureConnect', () => socket.write('hello'))
    socket.once('data', () => resolve())
  })
  return socket
}
async function shown(port: number, servername: string, options?: ConnectionOptions): Promise<string> {
  const socket = await shake(port, servername, options)
  const { subject } = socket.getPeerX509Certificate()!
  socket.destroy()
  return subject.replace('CN=', '')
}
const refused = (port: number, options: ConnectionOptions): Promise<string> =>
  shake(port, 'shop.example', options).then(
    () => 'served',
    (cause: NodeJS.ErrnoException) => cause.code ?? cause.message,
  )

describe('a listener with TLS', () => {
  it('shows the certificate that has the name, its wildcard, or the first', async () => {
    const port = await house().open(tls('bank', 'shop', 'wild'))
    for (const [name, subject] of [
      ['shop.example', 'shop'],
      ['SHOP.example', 'shop'],
      ['a.shop.example', 'wild'],
      ['a.b.shop.example', 'bank'],
      ['unknown.example', 'bank'],
      ['', 'bank'],
    ] as const)
      assert.equal(await shown(port, name), subject, name)
  })

  it('has ECDSA and RSA side by side, for whoever can verify only one', async () => {
    const opened = house()
    const [port, behind] = [await opened.open(tls('shop-rsa', 'shop')), await opened.open(tls('bank', 'shop-rsa', 'shop'))]
    assert.equal(await shown(port, 'shop.example', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }), 'shop-rsa')
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      assert.equal(await shown(behind, 'shop.example', { sigalgs: 'rsa_pss_rsae_sha256:rsa_pkcs1_sha256', maxVersion }), 'shop-rsa')
      assert.equal(await shown(behind, 'shop.example', { sigalgs: 'ecdsa_secp256r1_sha256', maxVersion }), 'shop')
      assert.equal(await shown(port, 'shop.example', { sigalgs: 'rsa_pss_rsae_sha256:rsa_pkcs1_sha256', maxVersion }), 'shop-rsa')
      assert.equal(await shown(port, 'shop.example', { sigalgs: 'ecdsa_secp256r1_sha256', maxVersion }), 'shop')
    }
  })

  it('speaks TLS 1.2 and 1.3, or 1.3 alone, and nothing older', async () => {
    const opened = house()
    const intermediate = await opened.open(tls('shop'))
    const modern = await opened.open({ ...tls('shop'), profile: 'modern' })
    const old: ConnectionOptions = { minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }
    for (const [port, options, outcome] of [
      [intermediate, { maxVersion: 'TLSv1.3' }, 'served'],
      [intermediate, { maxVersion: 'TLSv1.2' }, 'served'],
      [intermediate, { ...old, maxVersion: 'TLSv1.1' }, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
      [intermediate, { ...old, maxVersion: 'TLSv1' }, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
      [modern, { maxVersion: 'TLSv1.3' }, 'served'],
      [modern, { maxVersion: 'TLSv1.2' }, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
      // RFC 9325 4.1 and 4.2: no static RSA, no CBC.
      [intermediate, { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }, 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE'],
      [intermediate, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' }, 'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE'],
      // RFC 7301 3.2: who offers only what is not spoken is told.
      [intermediate, { ALPNProtocols: ['spdy/3'] }, 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'],
    ] as const)
      assert.equal(await refused(port, options), outcome, JSON.stringify(options))
    assert.equal(opened.failures.length, 6)
  })

  it('agrees on a group that no quantum computer of later opens, with whoever can', async () => {
    const socket = await shake(await house().open(tls('shop')), 'shop.example', { ecdhCurve: 'X25519MLKEM768' })
    socket.destroy()
  })

  it('shows a new certificate from one connection to the next, while open ones go on', async () => {
    const opened = house()
    const port = await opened.open(tls('shop'))
    const open = await shake(port, 'shop.example')
    opened.doors[0]!.replace(tls('shop-new'), new Uint8Array(48))
    for (const name of ['shop.example', '']) assert.equal(await shown(port, name), 'shop-new')
    open.write('still there')
    assert.equal(String((await once(open, 'data'))[0]), 'still there')
    open.destroy()
  })

  it('resumes sessions of another thread with the same keys, and none with other keys', async () => {
    const opened = house()
    const keys = Uint8Array.from({ length: 48 }, (_, i) => i)
    const ports = [await opened.open(tls('shop'), keys), await opened.open(tls('shop'), keys), await opened.open(tls('shop'), keys.toReversed())]
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = connectTls({ port: ports[0]!, host: '127.0.0.1', servername: 'shop.example', ca: authority.certificate, maxVersion })
      const [session] = (await Promise.race([once(first, 'session'), once(first, 'error').then(([cause]) => Promise.reject(cause))])) as [Buffer]
      first.destroy()
      const resumed: boolean[] = []
      for (const port of ports) {
        const again = await shake(port, 'shop.example', { session, maxVersion })
        resumed.push(again.isSessionReused())
        again.destroy()
      }
      assert.deepEqual(resumed, [true, true, false], maxVersion)
      // Keys that were renewed open nothing that was sealed before.
      opened.doors[1]!.replace(tls('shop'), keys.toReversed())
      const late = await shake(ports[1]!, 'shop.example', { session, maxVersion })
      assert.equal(late.isSessionReused(), false)
      late.destroy()
      opened.doors[1]!.replace(tls('shop'), keys)
    }
  })

  it('ends whoever is still shaking hands when it is cleared', async () => {
    const opened = house()
    const socket = connect(await opened.open(tls('shop')), '127.0.0.1')
    socket.on('error', () => {})
    await once(opened.doors[0]!.server, 'connection')
    opened.doors[0]!.clear()
    if (!socket.resume().closed) await once(socket, 'close')
  })

  it('closes what may not stay before the handshake, and whatever is no TLS', async () => {
    const opened = house()
    const port = await opened.open(tls('shop'))
    const closed = async (text: string): Promise<void> => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.resume().write(text)
      if (!socket.closed) await once(socket, 'close')
    }
    await closed('GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n')
    await closed('\0'.repeat(100))
    assert.deepEqual(opened.failures[0], 'ERR_SSL_HTTP_REQUEST')
    assert.deepEqual([opened.failures.length, opened.entered.length], [2, 0])
    opened.admitted = false
    assert.match(await refused(port, {}), /ECONNRESET|closed/)
    assert.equal(opened.entered.length, 0)
  })
})
