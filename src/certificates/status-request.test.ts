// What a responder answers is believed only when it is signed, about this certificate, and of now; the responder here is openssl's.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { CLIENT_AUTH, type Made, makeCertificate } from '../../test/support/certificate-maker.ts'
import { type Certificate, readX509 } from './certificate.ts'
import { readStatus, statusRequest } from './status-request.ts'

const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'
const read = (made: Made): Certificate => readX509(Buffer.from(made.parsed.rawData))!
const now = (): number => Math.floor(performance.timeOrigin + performance.now())

describe('the status of a certificate', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-ocsp-'))
  let [ours, other, good, gone, delegate, pretender, expired]: Made[] = []
  before(async () => {
    ours = await makeCertificate({ subject: 'CN=ours', authority: true })
    other = await makeCertificate({ subject: 'CN=ours', authority: true })
    ;[good, gone] = await Promise.all(['good', 'gone'].map((name) => makeCertificate({ subject: `CN=${name}`, purposes: [CLIENT_AUTH], issuer: ours! })))
    const responder = (issuer: Made, more: object = {}) => makeCertificate({ subject: 'CN=responder', purposes: [OCSP_SIGNING], issuer, ...more })
    delegate = await responder(ours)
    pretender = await makeCertificate({ subject: 'CN=responder', purposes: [CLIENT_AUTH], issuer: ours })
    expired = await responder(ours, { to: new Date('2021-01-01T00:00:00Z') })
    const line = (state: string, { parsed }: Made, revoked: string): string =>
      `${state}\t300101000000Z\t${revoked}\t${parsed.serialNumber.toUpperCase().replace(/^(?=.(..)*$)/, '0')}\tunknown\t/CN=x\n`
    writeFileSync(join(folder, 'index'), line('V', good!, '') + line('R', gone!, '250101000000Z'))
    writeFileSync(join(folder, 'ca.pem'), ours.certificate)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** openssl's answer to our question, signed by whom we like. */
  function answer(certificate: Made, signer: Made, ...options: readonly string[]): Buffer {
    writeFileSync(join(folder, 'question'), statusRequest(read(certificate), read(ours!)))
    writeFileSync(join(folder, 'signer.pem'), signer.certificate)
    writeFileSync(join(folder, 'signer.key'), signer.key)
    const common = ['ocsp', '-index', 'index', '-CA', 'ca.pem', '-rsigner', 'signer.pem', '-rkey', 'signer.key', '-reqin', 'question', '-respout', 'answer']
    execFileSync('openssl', [...common, ...options], { cwd: folder, stdio: 'pipe' })
    return readFileSync(join(folder, 'answer'))
  }
  const DAY = ['-ndays', '1']

  test('is what the authority, or who it lets answer, says of this certificate', async () => {
    const stranger = await makeCertificate({ subject: 'CN=stranger', issuer: ours! })
    const table: readonly (readonly [certificate: Made, signer: Made, said: string | undefined])[] = [
      [good!, ours!, 'good'],
      [gone!, ours!, 'revoked'],
      [stranger, ours!, 'unknown'],
      [good!, delegate!, 'good'],
      [gone!, delegate!, 'revoked'],
      [good!, pretender!, undefined],
      [good!, expired!, undefined],
      [good!, other!, undefined],
    ]
    for (const [certificate, signer, said] of table)
      assert.equal(readStatus(answer(certificate, signer, ...DAY), read(certificate), read(ours!), now())?.status, said, signer.parsed.subject)
    assert.equal(table.length, 8)
  })

  test('of another certificate, of another time, or in part, is none', () => {
    const whole = answer(good!, ours!, ...DAY)
    const at = (nowMs: number) => readStatus(whole, read(good!), read(ours!), nowMs)?.status
    assert.equal(readStatus(whole, read(gone!), read(ours!), now()), undefined)
    assert.deepEqual([at(now()), at(now() - 3_600_000), at(now() + 25 * 3_600_000)], ['good', undefined, undefined])
    const { nextMs } = readStatus(whole, read(good!), read(ours!), now())!
    assert.ok(nextMs! > now() + 23 * 3_600_000)
    assert.equal(readStatus(answer(good!, ours!), read(good!), read(ours!), now())?.nextMs, undefined)
    for (const octets of ['', '30', '30030a0106', '30030a0100'])
      assert.equal(readStatus(Buffer.from(octets, 'hex'), read(good!), read(ours!), now()), undefined)
    const revoked = answer(gone!, ours!, ...DAY)
    fc.assert(
      fc.property(fc.nat(revoked.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (index, change, cut) => {
        const damaged = cut ? revoked.subarray(0, index) : Buffer.from(revoked)
        if (!cut) damaged[index]! ^= change
        assert.ok([undefined, 'revoked'].includes(readStatus(damaged, read(gone!), read(ours!), now())?.status))
      }),
      { numRuns: 1000 },
    )
  })

  test('that does not say for how long it holds is believed only fresh, and none of a delegate whose certificate can be forged', async () => {
    const open = answer(good!, ours!)
    const said = (atMs: number) => readStatus(open, read(good!), read(ours!), atMs)?.status
    assert.deepEqual([said(now()), said(now() + 2 * 3_600_000)], ['good', undefined])
    const weak = await makeCertificate({ subject: 'CN=responder', purposes: [OCSP_SIGNING], issuer: ours!, key: 'RSA-1024' })
    assert.equal(readStatus(answer(good!, weak, ...DAY), read(good!), read(ours!), now()), undefined)
  })
  test('is asked in the words of RFC 6960', () => {
    writeFileSync(join(folder, 'question'), statusRequest(read(good!), read(ours!)))
    const printed = execFileSync('openssl', ['ocsp', '-reqin', 'question', '-req_text'], { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
    assert.match(printed, new RegExp(`Serial Number: ${new X509Certificate(good!.certificate).serialNumber.replace(/^(?=.(..)*$)/, '0')}`))
  })
})
