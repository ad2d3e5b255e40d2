// The command line reads a file whole, and answers with the exit code that scripts rely on.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { planOf } from '../../catalog/revisions/plan.ts'
import { planArguments, printPlan, wantedOf } from './plan.ts'

let folder = ''
let said = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-plan-'))
  said = ''
  for (const stream of [process.stdout, process.stderr])
    mock.method(stream, 'write', (text: unknown) => {
      if (typeof text === 'string') said += text
      return true
    })
})
afterEach(() => {
  mock.restoreAll()
  rmSync(folder, { recursive: true })
})
const put = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text, { mode: 0o600 })
  return join(folder, name)
}
const API = 'path: /a, public: true, upstream: "http://a.example"'
const args = (file: string) => ({
  file,
  message: undefined,
  prune: false,
  acceptBreaking: false,
  format: 'text' as const,
  where: { config: undefined, url: undefined, ca: undefined, pin: undefined, 'token-file': undefined },
})

test('wrong usage is 2 and says where help is', () => {
  const wrong: [args: string[], command: 'diff' | 'apply'][] = [
    [[], 'diff'],
    [['a', 'b'], 'diff'],
    [['a', '--format', 'xml'], 'apply'],
    [['a', '--message', ' '], 'apply'],
  ]
  for (const [given, command] of wrong) assert.equal(planArguments(given, command), 2)
  assert.match(said, /gatehouse diff --help/)
  assert.throws(() => planArguments(['a', '--message', 'x'], 'diff'), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' })
  assert.deepEqual(planArguments(['a', '--accept-breaking'], 'apply'), { ...args('a'), acceptBreaking: true })
  assert.deepEqual(planArguments(['a', '--prune', '--message', 'why'], 'apply'), { ...args('a'), prune: true, message: 'why' })
})

test('OpenAPI files and included files are in the text that is sent', () => {
  put('spec.yaml', 'openapi: 3.1.0\npaths: { /x: { get: {} } }\n')
  put('more.yaml', `apis: { b: { ${API.replace('/a', '/b')} } }\n`)
  const wanted = wantedOf(args(put('all.yaml', `include: [more.yaml]\napis: { a: { ${API}, openapi: spec.yaml } }\n`)))
  assert.ok(typeof wanted === 'object')
  assert.deepEqual(
    wanted.objects.map(({ kind, name }) => `${kind}/${name}`),
    ['api/a', 'api/b', 'document/spec.yaml'],
  )
  assert.match(wanted.text, /openapi: document:spec.yaml/)
})

test('every fault of the file is printed with its place, and the answer is 1', () => {
  const file = put('all.yaml', `gateway: {}\napis: { a: { ${API}, openapi: missing.yaml } }\n`)
  assert.equal(wantedOf(args(file)), 1)
  assert.match(said, /all\.yaml:1:1 not-applied/)
  assert.match(said, /all\.yaml:2:\d+ file-missing/)
})

test('diff answers 1 when something differs, apply when something is refused', () => {
  const a = { kind: 'api', name: 'a', value: { path: '/a' } }
  const b = { kind: 'api', name: 'a', value: { path: '/b' } }
  const cases: [plan: ReturnType<typeof planOf>, diff: number, apply: number][] = [
    [planOf([a], [], [a], true), 0, 0],
    [planOf([a], [], [b], true), 1, 0],
    [planOf([], [a], [b], true), 1, 1],
    [planOf([], [a], [a], true), 0, 0],
  ]
  for (const [plan, diff, apply] of cases) assert.deepEqual([printPlan(plan, 'text', 'diff'), printPlan(plan, 'json', 'apply')], [diff, apply])
})
