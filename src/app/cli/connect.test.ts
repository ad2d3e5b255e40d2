// A token is sent to the Gatehouse that it is for, and to nobody else; and what a refusal names cannot steer a terminal.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Refusal } from '../../client/connection.ts'
import type { Settings } from '../settings.ts'
import { backup } from './backup.ts'
import { connect, controlUrl, refusalText } from './connect.ts'
import { keyCreate } from './key-create.ts'

test('a token travels over TLS, or to this machine', () => {
  const urls: readonly (readonly [url: string, origin: string | undefined])[] = [
    ['https://gatehouse.example', 'https://gatehouse.example'],
    ['https://gatehouse.example:8443/', 'https://gatehouse.example:8443'],
    ['http://127.0.0.1:8081', 'http://127.0.0.1:8081'],
    ['http://[::1]:8081', 'http://[::1]:8081'],
    ['http://localhost:8081', 'http://localhost:8081'],
    ['http://gatehouse.example', undefined],
    ['http://127.0.0.1.evil.example', undefined],
    ['http://localhost.evil.example', undefined],
    ['http://localhost@evil.example', undefined],
    ['https://user:word@gatehouse.example', undefined],
    ['https://gatehouse.example/elsewhere', undefined],
    ['https://gatehouse.example/?a', undefined],
    ['file:///etc/passwd', undefined],
    ['gatehouse.example', undefined],
  ]
  let checked = 0
  for (const [url, origin] of urls) {
    assert.equal(controlUrl(url), origin, url)
    checked++
  }
  assert.equal(checked, 14)
})

test('where and with which token is said once, and the own token of a Gatehouse goes to no address', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-connect-'))
  try {
    const put = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 })
      return join(folder, name)
    }
    const config = put('gatehouse.yaml', 'gatehouse: 1\ncontrol: { listen: "http://127.0.0.1:1" }\napis: {}\n')
    const token = put('token', `${'x'.repeat(43)}\n`)
    const url = 'http://127.0.0.1:1'
    const ways = async (where: Parameters<typeof connect>[0], adminToken?: string): Promise<string> => Object.keys(await connect(where, { adminToken }))[0]!
    assert.equal(await ways({ config }), 'absent')
    assert.equal(await ways({ config }, 'from the environment'), 'to')
    assert.equal(await ways({ config, 'token-file': token }), 'to')
    assert.equal(await ways({ url, config }, 'x'), 'unusable')
    assert.equal(await ways({ url }), 'unusable')
    assert.equal(await ways({ url, 'token-file': token }), 'to')
    assert.equal(await ways({ url, 'token-file': join(folder, 'nowhere') }, 'x'), 'unusable')
    assert.equal(await ways({ url, 'token-file': put('empty', '\n') }, 'x'), 'unusable')
    assert.equal(await ways({ config: put('broken.yaml', 'gatehouse: 2\n') }, 'x'), 'unusable')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a Gatehouse that takes a request and does not answer is one that runs: nothing is made beside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-connect-'))
  const server = createServer((request) => request.socket.destroy()).listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const config = join(folder, 'gatehouse.yaml')
    writeFileSync(config, `gatehouse: 1\ncontrol: { listen: "http://127.0.0.1:${(server.address() as AddressInfo).port}" }\napis: {}\n`)
    const settings = { adminToken: 'x'.repeat(43) } as Settings
    assert.equal(await keyCreate(['--consumer', 'shop', '--config', config], settings), 2)
    assert.equal(await backup(['--output', join(folder, 'copy'), '--config', config], settings), 2)
    assert.deepEqual(readdirSync(folder), ['gatehouse.yaml'])
  } finally {
    server.close()
    rmSync(folder, { recursive: true })
  }
})

test('a refusal is told with all that it names, and nothing of it is obeyed by a terminal', () => {
  const problem = {
    detail: 'no\u001b[2J',
    code: 'catalog.faulty',
    errors: [{ place: 'console:api/a:', code: 'x', message: 'bad\u001b]0;' }],
    conflicts: [{ kind: 'api', name: 'a' }],
    findings: [{ api: 'a', rule: 'r', operations: ['GET /\u001b'], sentence: 'It is gone.' }],
    secrets: ['s'],
    approvals: 2,
    given: 1,
    apis: ['vault'],
  }
  const lines = refusalText(new Refusal(422, problem)).split('\n')
  assert.deepEqual(lines, [
    'refused: no\\u001b[2J (catalog.faulty)',
    '  console:api/a: x bad\\u001b]0;',
    '  api/a',
    '  a: r GET /\\u001b: It is gone.',
    '  secret s',
    '  1 of 2 approvals, for vault',
  ])
})
