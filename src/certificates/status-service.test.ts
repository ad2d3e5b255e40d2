// Responders are asked once for many, their answers kept for as long as they hold, and a certificate that was revoked stays so when nobody answers any more.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { CLIENT_AUTH, type Made, makeCertificate } from '../../test/support/certificate-maker.ts'
import { systemClock } from '../base/clock.ts'
import type { StatusAnswer, StatusQuestion } from '../model/certificate-status.ts'
import { EgressFailed, type OutboundRequest } from '../ports/egress.ts'
import { BIT_STRING, DerCursor, GENERALIZED_TIME, OCTET_STRING, SEQUENCE } from './der.ts'
import { der } from './der-writer.ts'
import { KnownStatuses } from './known-statuses.ts'
import { StatusService } from './status-service.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const raw = ({ parsed }: Made): Buffer => Buffer.from(parsed.rawData)

describe('the service that asks responders', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-service-'))
  let [ours, good, gone]: Made[] = []
  let [asked, isAway, nowMs] = [0, false, 0]
  /** Shown in place of a new answer. */
  let old: Buffer | undefined
  let requests: OutboundRequest[] = []
  let reported: string[] = []
  let service: StatusService

  before(async () => {
    ours = await makeCertificate({ subject: 'CN=ours', authority: true })
    const client = (subject: string): Promise<Made> =>
      makeCertificate({ subject, purposes: [CLIENT_AUTH], issuer: ours!, revocation: { crl: 'http://crl.example/', ocsp: 'http://ocsp.example/' } })
    ;[good, gone] = await Promise.all([client('CN=good'), client('CN=gone')])
    const line = (state: string, { parsed }: Made, revoked: string): string =>
      `${state}\t300101000000Z\t${revoked}\t${parsed.serialNumber.toUpperCase().replace(/^(?=.(..)*$)/, '0')}\tunknown\t/CN=x\n`
    writeFileSync(join(folder, 'index'), line('V', good!, '') + line('R', gone!, '250101000000Z'))
    writeFileSync(join(folder, 'ca.pem'), ours.certificate)
    writeFileSync(join(folder, 'ca.key'), ours.key)
  })
  beforeEach(() => {
    ;[asked, isAway, nowMs, requests, reported] = [0, false, systemClock().nowUs() / 1000, [], []]
    old = undefined
    service = new StatusService({
      nowMs: () => nowMs,
      report: (text) => reported.push(text),
      egress: {
        async fetch(request) {
          asked++
          requests.push(request)
          if (isAway) throw new EgressFailed('nobody there')
          writeFileSync(join(folder, 'question'), request.body as Uint8Array)
          const args = [
            'ocsp',
            '-index',
            'index',
            '-CA',
            'ca.pem',
            '-rsigner',
            'ca.pem',
            '-rkey',
            'ca.key',
            '-ndays',
            '1',
            '-reqin',
            'question',
            '-respout',
            'answer',
          ]
          execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
          return { status: 200, headers: {}, body: old ?? readFileSync(join(folder, 'answer')) }
        },
      },
    })
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const question = (made: Made, more: Partial<StatusQuestion> = {}): StatusQuestion => ({
    key: made.parsed.serialNumber,
    certificate: raw(made),
    issuer: raw(ours!),
    responder: undefined,
    stalenessMs: 0,
    ...more,
  })
  const status = async (made: Made, more: Partial<StatusQuestion> = {}): Promise<StatusAnswer['status']> => (await service.ask(question(made, more))).status

  test('asks once however many want to know, and again after an hour', async () => {
    assert.deepEqual(await Promise.all(Array.from({ length: 20 }, () => status(good!))), Array(20).fill('good'))
    assert.equal(await status(gone!), 'revoked')
    assert.deepEqual([asked, requests[0]!.url, requests[0]!.method], [2, 'http://ocsp.example/', 'POST'])
    nowMs += HOUR + 1
    assert.equal(await status(good!), 'good')
    assert.equal(asked, 3)
  })

  test('asks whom the operator names', async () => {
    assert.equal(await status(good!, { responder: 'https://status.example/' }), 'good')
    assert.equal(requests[0]!.url, 'https://status.example/')
  })

  test('goes by the latest answer to its end while nobody answers, and as long beyond it as the operator says; then by none', async () => {
    await status(good!)
    isAway = true
    nowMs += 23 * HOUR
    assert.equal(await status(good!), 'good')
    nowMs += 2 * HOUR
    assert.equal(await status(good!, { stalenessMs: HOUR * 2 }), 'good')
    assert.equal(await status(good!), 'unknown')
    // One line a minute about one responder.
    assert.equal(reported.length, 2)
  })

  test('never forgets that a certificate was revoked because nobody answers', async () => {
    await status(gone!)
    isAway = true
    nowMs += 30 * DAY
    assert.equal(await status(gone!), 'revoked')
  })

  test('is taken back by no answer that is older than the one it has, as somebody on the way could show it again', async () => {
    assert.equal(await status(gone!), 'revoked')
    const begun = nowMs
    old = saysGood(requests[0]!.body as Buffer, begun - HOUR)
    nowMs += 2 * HOUR
    assert.equal(await status(gone!), 'revoked')
    old = saysGood(requests[0]!.body as Buffer, begun + HOUR)
    nowMs += 2 * HOUR
    assert.equal(await status(gone!), 'good')
  })
  /** That the certificate which is asked about was good then, in the words of RFC 6960 4.2.1. */
  function saysGood(question: Buffer, thisMs: number): Buffer {
    const at = (ms: number) => der(GENERALIZED_TIME, Buffer.from(new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')))
    const id = new DerCursor(question).next().inside().next().inside().next().inside().next().inside().next().element
    const single = der(SEQUENCE, id, der(0x80), at(thisMs), der(0xa0, at(thisMs + 3 * DAY)))
    const data = der(SEQUENCE, der(0xa2, der(OCTET_STRING, Buffer.alloc(20))), at(thisMs), der(SEQUENCE, single))
    const ecdsa = der(SEQUENCE, Buffer.from('06082a8648ce3d040302', 'hex'))
    const basic = der(SEQUENCE, data, ecdsa, der(BIT_STRING, Buffer.of(0), sign('sha256', data, ours!.key)))
    return der(SEQUENCE, Buffer.from('0a0100', 'hex'), der(0xa0, der(SEQUENCE, Buffer.from('06092b0601050507300101', 'hex'), der(OCTET_STRING, basic))))
  }

  test('says of what it cannot read, or whom nobody answers for, that it is unknown', async () => {
    assert.equal(await status(good!, { certificate: Buffer.from('30', 'hex') }), 'unknown')
    const { certificate, ...nobody } = question(await makeCertificate({ subject: 'CN=x', issuer: ours! }))
    assert.equal((await service.ask({ ...nobody, certificate })).status, 'unknown')
    assert.equal(asked, 0)
    isAway = true
    const answer = await service.ask(question(good!))
    assert.deepEqual([answer.status, answer.untilMs - nowMs], ['unknown', 10_000])
    assert.match(reported.join(), /the responder "http:\/\/ocsp\.example\/" .* cannot be asked: nobody there/)
  })
})

test('a thread asks once, waits only for the first answer, and goes on with the old one while it is renewed', async () => {
  const sent: string[] = []
  const statuses = new KnownStatuses(({ key }) => sent.push(key))
  const find = (nowMs: number) =>
    statuses.find('a', nowMs, () => ({ key: 'a', certificate: Buffer.alloc(0), issuer: Buffer.alloc(0), responder: undefined, stalenessMs: 0 }))
  assert.deepEqual([find(0), find(0), sent], [undefined, undefined, ['a']])
  const waiting = statuses.takeWaiting()
  assert.ok(waiting)
  assert.equal(statuses.takeWaiting(), undefined)
  statuses.learn({ key: 'a', status: 'good', untilMs: 1000 })
  await waiting
  assert.equal(find(999)?.status, 'good')
  assert.deepEqual([find(1000)?.status, sent, statuses.takeWaiting()], ['good', ['a', 'a'], undefined])
  statuses.learn({ key: 'a', status: 'revoked', untilMs: 2000 })
  assert.equal(find(1001)?.status, 'revoked')
  // Nobody renewed it: it is known no more, and waited for again.
  assert.equal(find(20_000), undefined)
  assert.ok(statuses.takeWaiting())
  statuses.learn({ key: 'a', status: 'good', untilMs: 30_000 })
  assert.equal(find(20_001)?.status, 'good')
})
