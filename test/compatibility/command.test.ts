// gatehouse compare answers with an exit code that a pipeline can rely on, in text and in JSON.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

const main = join(import.meta.dirname, '../../src/app/main.ts')
let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-compare-'))
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 })
  write('old.yaml', 'openapi: 3.1.0\npaths:\n  /books: { get: { responses: {} }, post: { responses: {} } }\n')
  write('new.yaml', 'openapi: 3.1.0\npaths:\n  /books: { get: { responses: {} }, put: { responses: {} } }\n')
  write('more.json', '{"openapi": "3.0.3", "paths": {"/books": {"get": {"responses": {}}, "post": {"responses": {}}, "put": {"responses": {}}}}}')
  write('broken.yaml', 'openapi: [\n')
})
after(() => rmSync(folder, { recursive: true }))

const run = (...args: readonly string[]) => spawnSync(process.execPath, [main, 'compare', ...args], { cwd: folder, encoding: 'utf8' })

test('0 when nothing breaks, 1 when something does, 2 when there is nothing to compare', () => {
  const table: readonly (readonly [args: readonly string[], status: number, says: RegExp])[] = [
    [['old.yaml', 'more.json'], 0, /^compatible operation-added PUT \/books: .*\n2 operations compared: 0 breaking, 0 risky, 1 compatible\n$/],
    [['old.yaml', 'old.yaml'], 0, /^2 operations compared: 0 breaking, 0 risky, 0 compatible\n$/],
    [['old.yaml', 'new.yaml'], 1, /^breaking method-removed POST \/books: 'POST \/books' is gone\. \(old \/paths\/~1books\/post\)\ncompatible operation-added/],
    [['old.yaml'], 2, /two files/],
    [['old.yaml', 'new.yaml', '--format', 'xml'], 2, /text or json/],
    [['old.yaml', 'nowhere.yaml'], 2, /there is no file/],
    [['broken.yaml', 'old.yaml'], 2, /broken\.yaml:\d+:\d+ yaml-syntax/],
    [['--help'], 0, /Exit: 0 nothing breaking/],
  ]
  let ran = 0
  for (const [args, status, says] of table) {
    const { status: found, stdout, stderr } = run(...args)
    assert.equal(found, status, `${args.join(' ')}: ${stderr}`)
    assert.match(stdout + stderr, says)
    ran++
  }
  assert.equal(ran, 8)
})

test('the JSON form is stable', () => {
  const { status, stdout } = run('old.yaml', 'new.yaml', '--format', 'json')
  assert.equal(status, 1)
  assert.deepEqual(JSON.parse(stdout), {
    verdict: 'breaking',
    operationsCompared: 1,
    findings: [
      {
        rule: 'method-removed',
        severity: 'breaking',
        operations: ['POST /books'],
        operationCount: 1,
        old: '/paths/~1books/post',
        sentence: "'POST /books' is gone.",
      },
      {
        rule: 'operation-added',
        severity: 'compatible',
        operations: ['PUT /books'],
        operationCount: 1,
        new: '/paths/~1books/put',
        sentence: "'PUT /books' is new.",
      },
    ],
  })
})
