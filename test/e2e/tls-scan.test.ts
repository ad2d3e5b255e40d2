// A listener as it comes, seen by a scanner of somebody else's making: what it finds is what RFC 9325 wants, and nothing besides.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { makeCertificate } from '../support/certificate-maker.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'

const run = promisify(execFile)

describe('a listener as it comes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-scan-'))
  let gateway: RunningGateway
  let ports: number[] = []
  before(async () => {
    const authority = await makeCertificate({ subject: 'CN=authority', authority: true })
    for (const [name, key] of [
      ['ecdsa', 'P-256'],
      ['rsa', 'RSA-2048'],
    ] as const) {
      const made = await makeCertificate({ names: ['shop.example'], key, issuer: authority })
      writeFileSync(join(folder, `${name}.pem`), made.certificate, { mode: 0o600 })
      writeFileSync(join(folder, `${name}.key`), made.key, { mode: 0o600 })
    }
    ports = await freePorts(2)
    const certificates = ['ecdsa', 'rsa'].map((name) => ({ cert: `${name}.pem`, key: `${name}.key` }))
    const listen = ports.map((port, i) => ({ address: `https://127.0.0.1:${port}`, tls: { certificates, ...(i === 1 && { profile: 'modern' }) } }))
    gateway = await startGateway({ gateway: { listen }, apis: { a: { path: '/', upstream: 'http://127.0.0.1:1', public: true } } }, { threads: 2, folder })
  })
  after(async () => {
    await gateway?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function scan(port: number) {
    const { stdout } = await run('sslscan', ['--xml=-', '--sni-name=shop.example', `127.0.0.1:${port}`], { timeout: 120_000 })
    const all = (pattern: RegExp): string[] => [...new Set([...stdout.matchAll(pattern)].map(([, ...found]) => found.join(' ')))].sort()
    return {
      protocols: all(/<protocol type="(\w+)" version="([\d.]+)" enabled="1"/g),
      ciphers: all(/<cipher status="\w+" sslversion="(TLSv[\d.]+)" bits="\d+" cipher="([A-Z0-9_-]+)"/g),
      groups: all(/<group sslversion="TLSv[\d.]+" bits="\d+" name="(\w+)/g),
      renegotiation: all(/<renegotiation supported="(\d)"/g),
      heartbleed: all(/vulnerable="(1)"/g),
      signatures: all(/<signature-algorithm>([^<]+)</g),
    }
  }
  const modern = ['TLSv1.3 TLS_AES_128_GCM_SHA256', 'TLSv1.3 TLS_AES_256_GCM_SHA384', 'TLSv1.3 TLS_CHACHA20_POLY1305_SHA256']

  test('speaks TLS 1.2 and 1.3 with forward secrecy and authenticated encryption, does not renegotiate, and nothing else (sslscan)', async () => {
    const { ciphers, signatures, ...rest } = await scan(ports[0]!)
    assert.deepEqual(rest, {
      protocols: ['tls 1.2', 'tls 1.3'],
      groups: ['secp256r1', 'secp384r1', 'x25519'],
      renegotiation: ['0'],
      heartbleed: [],
    })
    const kinds = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305']
    const older = ['ECDSA', 'RSA'].flatMap((key) => kinds.map((kind) => `TLSv1.2 ECDHE-${key}-${kind}`))
    assert.deepEqual(ciphers, [...older, ...modern])
    assert.ok(
      signatures.every((signature) => /sha256/i.test(signature)),
      signatures.join(),
    )
  })

  test('speaks TLS 1.3 alone where the profile is modern (sslscan)', async () => {
    const { protocols, ciphers } = await scan(ports[1]!)
    assert.deepEqual({ protocols, ciphers }, { protocols: ['tls 1.3'], ciphers: modern })
  })
})
