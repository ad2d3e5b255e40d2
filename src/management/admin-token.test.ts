// The admin token: strong or refused, in a file that only its owner reads, compared whole.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { AdminToken, adminToken, tokenFile } from './admin-token.ts'

const STRONG = 'x'.repeat(43)

describe('the admin token', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-token-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('is made once, with 32 random octets, into a file of mode 0600', () => {
    const first = adminToken(join(folder, 'data'), undefined)
    const file = tokenFile(join(folder, 'data'))
    assert.equal(first.file, file)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const secret = readFileSync(file, 'utf8').trim()
    assert.equal(Buffer.from(secret, 'base64url').length, 32)
    assert.ok(first.token.accepts(`Bearer ${secret}`))
    assert.ok(adminToken(join(folder, 'data'), undefined).token.accepts(`Bearer ${secret}`))
  })

  test('in a file that others can read is refused', () => {
    const file = tokenFile(join(folder, 'data'))
    for (const mode of [0o644, 0o660, 0o604]) {
      chmodSync(file, mode)
      assert.throws(() => adminToken(join(folder, 'data'), undefined), /can be read by others/)
    }
  })

  test('in a file that was cut short is refused, and so is an empty one', () => {
    const file = tokenFile(join(folder, 'data'))
    chmodSync(file, 0o600)
    for (const text of ['', '\n', 'x'.repeat(42)]) {
      writeFileSync(file, text)
      assert.throws(() => adminToken(join(folder, 'data'), undefined), /holds no whole token/)
    }
  })

  test('from the environment leaves no file, and a weak one is refused', () => {
    assert.equal(adminToken(join(folder, 'none'), STRONG).file, undefined)
    assert.throws(() => statSync(join(folder, 'none')), { code: 'ENOENT' })
    for (const weak of ['a', 'x'.repeat(42)]) assert.throws(() => adminToken(folder, weak), /at least 43/)
  })

  const token = new AdminToken(STRONG)
  for (const given of [
    undefined,
    '',
    STRONG,
    `Basic ${STRONG}`,
    'Bearer',
    'Bearer ',
    `Bearer ${STRONG}x`,
    `Bearer ${STRONG.slice(1)}`,
    `Bearer ${STRONG} `,
    `Bearer ${STRONG}, a`,
  ]) {
    test(`is not: ${given}`, () => assert.equal(token.accepts(given), false))
  }
  test('is told after its scheme in any case', () => assert.ok(token.accepts(`bearer  ${STRONG}`)))
})
