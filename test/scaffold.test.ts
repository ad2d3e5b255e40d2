// What `npm run new` writes passes everything that `npm run check` asks for: proven on a copy of the tree.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../', import.meta.url))
const COPIED = ['src', 'test', 'tools', 'bench', 'package.json', 'tsconfig.json', 'biome.json']
const NAMES = ['tenant-header', 'a2', 'zebra', 'a-name-as-long-as-one-may-be-given-here']

describe('npm run new policy', () => {
  let copy: string
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env
  const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8', env: environment })
  const succeeds = (...args: string[]): string => {
    const { status, stdout, stderr } = run(...args)
    assert.equal(status, 0, `${args.join(' ')}:\n${stdout}${stderr}`)
    return stdout
  }
  before(() => {
    copy = mkdtempSync(join(tmpdir(), 'gatehouse-scaffold-'))
    for (const name of COPIED) cpSync(join(repository, name), join(copy, name), { recursive: true })
    symlinkSync(join(repository, 'node_modules'), join(copy, 'node_modules'), 'dir')
    for (const name of NAMES) succeeds('tools/new.ts', 'policy', name)
  })
  after(() => rmSync(copy, { recursive: true, force: true }))

  test('lists each last in the catalogue, imports in alphabetical order', () => {
    const index = readFileSync(join(copy, 'src/policies/index.ts'), 'utf8')
    const listed = /\[([^[\]]*)\]\s*$/
      .exec(index)![1]!
      .split(',')
      .map((entry) => entry.trim())
    assert.deepEqual(listed.filter((entry) => entry !== '').slice(-4), ['tenantHeader', 'a2', 'zebra', 'aNameAsLongAsOneMayBeGivenHere'])
    const imported = [...index.matchAll(/from '\.\/(.*)\/policy\.ts'/g)].map(([, name]) => name)
    assert.deepEqual(imported, imported.toSorted())
  })

  test('passes its own tests', () => {
    const files = NAMES.flatMap((name) => [`src/policies/${name}/policy.test.ts`, `src/policies/${name}/attacks.test.ts`])
    const printed = succeeds('--test', '--test-reporter=tap', ...files)
    assert.match(printed, new RegExp(`^# pass ${NAMES.length * 11}$`, 'm'))
  })

  test('breaks no type and no rule of lint', () => {
    // Only what it wrote is judged here: the rest of the tree answers for itself.
    const faults = run('node_modules/typescript/bin/tsc', '-p', '.').stdout.split('\n')
    assert.deepEqual(
      faults.filter((line) => NAMES.some((name) => line.includes(`policies/${name}/`)) || line.includes('policies/index.ts')),
      [],
    )
    const folders = NAMES.map((name) => `src/policies/${name}`)
    succeeds('node_modules/@biomejs/biome/bin/biome', 'check', '--vcs-enabled=false', '--error-on-warnings', 'src/policies/index.ts', ...folders)
  })

  test('stands where the rules of the house want it', () => {
    const printed = run('--test', '--test-reporter=tap', 'test/architecture.test.ts').stdout
    assert.deepEqual(
      printed.split('\n').filter((line) => NAMES.some((name) => line.includes(`policies/${name}`))),
      [],
    )
  })

  for (const [title, args, code, says] of [
    ['a name that is taken', ['policy', 'cors'], 1, /is there already/],
    ['a name that is no name', ['policy', 'Not_A_Name'], 1, /is no name for a policy/],
    ['a way out of the folder', ['policy', '../../x'], 1, /is no name for a policy/],
    ['a kind that it does not know', ['widget', 'x'], 2, /^usage:/],
    ['no name', ['policy'], 2, /^usage:/],
  ] as const) {
    test(`${title} is refused, and nothing written`, () => {
      const index = readFileSync(join(copy, 'src/policies/index.ts'), 'utf8')
      const { status, stderr } = run('tools/new.ts', ...args)
      assert.equal(status, code)
      assert.match(stderr, says)
      assert.equal(readFileSync(join(copy, 'src/policies/index.ts'), 'utf8'), index)
      assert.ok(!existsSync(join(copy, 'src/policies/Not_A_Name')) && !existsSync(join(copy, 'x')))
    })
  }
})
