// A large body that is compressed on its way to a client over TLS, whose socket always answers later: it comes whole, and does not stop in the middle.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { makeCertificate } from '../support/certificate-maker.ts'
import { startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'

test('a body larger than all buffers on its way comes compressed and whole over TLS', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-compressed-'))
  const authority = await makeCertificate({ subject: 'CN=authority', authority: true })
  const { certificate, key } = await makeCertificate({ subject: 'CN=shop', names: ['shop.example'], issuer: authority })
  writeFileSync(join(folder, 'cert.pem'), certificate, { mode: 0o600 })
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 })
  const body = Buffer.from(randomBytes(9_000_000).toString('base64'))
  const upstream = createServer((_request, response) => response.setHeader('Content-Type', 'text/plain').end(body))
  await once(upstream.listen(0, '127.0.0.1'), 'listening')
  const [port] = (await freePorts(1)) as [number]
  const gateway = await startGateway(
    {
      gateway: { listen: [{ address: `https://127.0.0.1:${port}`, tls: { certificates: [{ cert: 'cert.pem', key: 'key.pem' }] } }] },
      apis: {
        shop: { path: '/', upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, public: true, policies: { compress: { effort: 'fast' } } },
      },
    },
    { folder },
  )
  try {
    const parts: Buffer[] = []
    const request = get({
      host: '127.0.0.1',
      port,
      servername: 'shop.example',
      ca: authority.certificate,
      agent: false,
      headers: { Host: 'shop.example', 'Accept-Encoding': 'gzip' },
    })
    const [response] = await once(request, 'response')
    assert.equal(response.headers['content-encoding'], 'gzip')
    for await (const part of response) parts.push(part)
    assert.ok(gunzipSync(Buffer.concat(parts)).equals(body))
  } finally {
    upstream.closeAllConnections()
    upstream.close()
    await gateway.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
