// Revocation lists are read out of their files with all that makes them useless.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { type Made, makeCertificate } from '../../test/support/certificate-maker.ts'
import { makeRevocationPem } from '../../test/support/revocation-list-maker.ts'
import { readRevocationFile } from './revocation-files.ts'

const NOW_MS = Date.UTC(2026, 10, 24)
let root: Made
before(async () => {
  root = await makeCertificate({ subject: 'CN=root', authority: true })
})
const codes = (text: string): string[] => readRevocationFile(text, NOW_MS).faults.map(({ code }) => code)

test('a file holds one list or several, with text between them, and ends when the first of them does', async () => {
  const [sooner, later] = [await makeRevocationPem(root, [root], { to: '2030-01-01' }), await makeRevocationPem(root)]
  const { lists, faults, outdated, endsMs } = readRevocationFile(`of the root\n${later}and\n${sooner}`, NOW_MS)
  assert.deepEqual([lists.length, faults, outdated, endsMs], [2, [], [], Date.UTC(2030, 0, 1)])
})

test('a list that has ended is told of: nobody is believed by it', async () => {
  const { lists, faults, outdated } = readRevocationFile(await makeRevocationPem(root, [], { to: '2026-11-24' }), NOW_MS)
  assert.deepEqual([lists.length, faults.length], [1, 0])
  assert.match(outdated.join(), /list 1 ended on 2026-11-24T00:00:00/)
})

test('a list that does not count yet is told of', async () => {
  assert.match(readRevocationFile(await makeRevocationPem(root, [], { from: '2030-01-01' }), NOW_MS).outdated.join(), /counts only from 2030-01-01/)
})

test('what is no list, is cut short, or is too much is a fault', async () => {
  const list = await makeRevocationPem(root)
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['', ['no-revocation-list']],
    [root.certificate, ['no-revocation-list']],
    [list.slice(0, 60), ['no-revocation-list', 'bad-revocation-list']],
    [list + list.slice(0, 60), ['bad-revocation-list']],
    ['-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n', ['bad-revocation-list']],
    [list.repeat(101), ['too-long']],
    [root.certificate.replaceAll('CERTIFICATE', 'X509 CRL'), ['bad-revocation-list']],
  ]
  for (const [text, expected] of cases) assert.deepEqual(codes(text), expected)
  assert.equal(cases.length, 7)
})

test('what is torn is read as a list, or is a fault, and never throws', async () => {
  const octets = Buffer.from((await makeRevocationPem(root, [root])).replace(/-----[^-]+-----/g, ''), 'base64')
  const block = (bytes: Buffer): string => `-----BEGIN X509 CRL-----\n${bytes.toString('base64')}\n-----END X509 CRL-----\n`
  let refused = 0
  for (let at = 0; at < octets.length; at++) {
    assert.deepEqual(codes(block(octets.subarray(0, at))).length, 1)
    const torn = Buffer.from(octets)
    torn[at] = torn[at]! ^ 0xff
    if (codes(block(torn)).length > 0) refused++
  }
  assert.ok(refused > 10)
})
