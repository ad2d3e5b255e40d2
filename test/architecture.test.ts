// Holds the rules of the house over the whole tree, and holds the rules themselves by showing each one a tree that breaks it.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Breach, type Floors, survey } from '../tools/floors.ts'
import { scanSource } from '../tools/source-scan.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const rules = JSON.parse(readFileSync(join(root, 'tools/floors.json'), 'utf8')) as Floors

function readTree(): Map<string, string> {
  const tree = new Map<string, string>()
  for (const folder of ['src', 'test', 'tools', 'bench']) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      tree.set(path.slice(root.length).replaceAll('\\', '/'), /\.(ts|md)$/.test(entry.name) ? readFileSync(path, 'utf8') : '')
    }
  }
  return tree
}

test('the tree keeps every rule of the house', () => {
  const { breaches, files, imports, exceptionsUsed } = survey(readTree(), rules)
  assert.deepEqual(
    breaches.map(({ file, line, rule, says }) => `${file}:${line} ${rule}: ${says}`),
    [],
  )
  assert.ok(files >= 50 && imports >= 100, `only ${files} files and ${imports} imports were looked at`)
  assert.deepEqual(
    rules.exceptions.filter(({ from, to }) => !exceptionsUsed.has(`${from}->${to}`)),
    [],
    'an exception that nothing uses is to be removed',
  )
})

/** The breaches of a tree that is right but for the given files. */
function breachesOf(files: Record<string, string>, changed: Partial<Floors> = {}): Breach[] {
  const tree = new Map(
    Object.entries(files).map(([file, text]) => [file, text.startsWith('//') || text.startsWith('#!') ? text : `// What it is for.\n${text}`]),
  )
  return [...survey(tree, { ...rules, exceptions: [], ...changed }).breaches]
}

describe('each rule sees what breaks it', () => {
  const wrong: [name: string, rule: Breach['rule'], files: Record<string, string>][] = [
    ['an import that goes up', 'floor', { 'src/base/a.ts': "import { b } from '../model/b.ts'", 'src/model/b.ts': '' }],
    ['an import across one floor', 'floor', { 'src/pipeline/a.ts': "import { b } from '../telemetry/b.ts'", 'src/telemetry/b.ts': '' }],
    ['a type that goes up', 'floor', { 'src/base/a.ts': "import type { B } from '../model/b.ts'", 'src/model/b.ts': '' }],
    ['an import written over two lines', 'floor', { 'src/base/a.ts': "import {\n  b,\n} from '../model/b.ts'", 'src/model/b.ts': '' }],
    ['an export from above', 'floor', { 'src/base/a.ts': "export * from '../model/b.ts'", 'src/model/b.ts': '' }],
    ['an import for its effect', 'floor', { 'src/base/a.ts': "import '../model/b.ts'", 'src/model/b.ts': '' }],
    ['a dynamic import', 'floor', { 'src/base/a.ts': "await import('../model/b.ts')", 'src/model/b.ts': '' }],
    ['a worker started from above', 'floor', { 'src/base/a.ts': "new Worker(new URL('../model/b.ts', import.meta.url))", 'src/model/b.ts': '' }],
    ['an import of app', 'floor', { 'src/gateway/a.ts': "import '../app/b.ts'", 'src/app/b.ts': '' }],
    ['an import out of src', 'floor', { 'src/base/a.ts': "import '../../tools/b.ts'", 'tools/b.ts': '' }],
    ['a room that nobody planned', 'floor', { 'src/attic/a.ts': '' }],
    ['a file that stands in no room', 'floor', { 'src/a.ts': '' }],
    ['two files in a circle', 'cycle', { 'src/base/a.ts': "import './b.ts'", 'src/base/b.ts': "import './a.ts'" }],
    [
      'three files in a circle',
      'cycle',
      { 'src/base/a.ts': "import { type A, b } from './b.ts'", 'src/base/b.ts': "import './c.ts'", 'src/base/c.ts': "export * from './a.ts'" },
    ],
    ['the environment', 'only-in', { 'src/app/a.ts': 'const home = process.env.HOME' }],
    ['the environment by another way', 'only-in', { 'src/app/a.ts': "import { argv, env } from 'node:process'" }],
    ['the environment in a test', 'only-in', { 'src/app/a.test.ts': "process['env']" }],
    ['the time', 'only-in', { 'src/http/a.ts': 'const now = Date.now()' }],
    ['the time as a date', 'only-in', { 'src/http/a.ts': 'const now = new Date()' }],
    ['the time since the start', 'only-in', { 'src/http/a.ts': 'performance.now()' }],
    ['chance', 'only-in', { 'src/policies/index.ts': 'Math.random()' }],
    ['random bytes', 'only-in', { 'src/catalog/a.ts': "import { randomBytes } from 'node:crypto'" }],
    ['a socket', 'only-in', { 'src/http/a.ts': "import net from 'node:net'" }],
    ['a socket without its prefix', 'only-in', { 'src/catalog/a.ts': "import { request } from 'https'" }],
    ['a drawer', 'name', { 'src/base/utils.ts': '' }],
    ['a drawer that is a folder', 'name', { 'test/helpers/a.ts': '' }],
    ['a file that is too long', 'length', { 'tools/a.ts': '\n'.repeat(400) }],
    ['a first line that says nothing', 'first-line', { 'src/base/a.ts': '//\n' }],
    ['a first line that is no sentence', 'first-line', { 'src/base/a.ts': '// a\n' }],
    ['a block comment at the top', 'first-line', { 'bench/a.ts': '#!/usr/bin/env node\n/** What it is for. */' }],
    ['a policy named in the gateway', 'policy', { 'src/gateway/a.ts': "if (code === 'cors.refused') {}", ...policy('cors') }],
    ['a policy that knows another', 'policy', { ...policy('cors', "import '../api-key/policy.ts'"), ...policy('api-key') }],
    ['a policy that is not listed', 'policy', { ...policy('cors'), 'src/policies/index.ts': '' }],
    ['a policy without attacks', 'policy', without(policy('cors'), 'src/policies/cors/attacks.test.ts')],
    ['a policy without notes', 'policy', without(policy('cors'), 'src/policies/cors/notes.md')],
  ]
  for (const [name, rule, files] of wrong) {
    test(name, () => {
      assert.deepEqual([...new Set(breachesOf(files).map((breach) => breach.rule))], [rule])
    })
  }

  const right: [name: string, files: Record<string, string>][] = [
    ['an import that goes down', { 'src/model/a.ts': "import '../base/b.ts'", 'src/base/b.ts': '' }],
    ['an import within the room', { 'src/base/a.ts': "import './b.ts'", 'src/base/b.ts': '' }],
    ["two files that name each other's types", { 'src/base/a.ts': "import './b.ts'", 'src/base/b.ts': "import type { A } from './a.ts'" }],
    ['a folder of data named by a URL', { 'src/app/a.ts': "new URL('../../examples/', import.meta.url)" }],
    ['words in comments', { 'src/base/a.ts': "// What it is for: import '../app/b.ts', Math.random().\n/* process.env\n Date.now() */" }],
    ['words in strings', { 'src/http/a.ts': 'const a = "Math.random()" + \'process.env\' + `Date.now() $' + '{1} process.env`' }],
    ['words in regular expressions', { 'src/http/a.ts': 'const a = /Math.random/.test(b) && /[/"]/.test("process.env")' }],
    ['a date made from a number', { 'src/http/a.ts': 'new Date(ms)' }],
    ['a test that uses what tests share', { 'src/base/a.test.ts': "import '../../test/support/b.ts'", 'test/support/b.ts': '' }],
    ['a test that opens a socket', { 'src/http/a.test.ts': "import net from 'node:net'" }],
    ['settings that read the environment', { 'src/app/settings.ts': 'process.env' }],
    ['a file as long as may be', { 'tools/a.ts': '\n'.repeat(398) }],
    ['a complete policy', policy('cors')],
  ]
  for (const [name, files] of right) test(`${name} is fine`, () => assert.deepEqual(breachesOf(files), []))

  test('an exception lets through what it names, and nothing else', () => {
    const exceptions = [{ from: 'telemetry', to: 'pipeline', why: 'a reason' }]
    assert.deepEqual(breachesOf({ 'src/telemetry/a.ts': "import '../pipeline/b.ts'", 'src/pipeline/b.ts': '' }, { exceptions }), [])
    const ofOneFile = { exceptions: [{ ...exceptions[0]!, from: 'src/telemetry/a.ts' }] }
    assert.equal(breachesOf({ 'src/telemetry/c.ts': "import '../pipeline/b.ts'", 'src/pipeline/b.ts': '' }, ofOneFile).length, 1)
    assert.equal(breachesOf({ 'src/pipeline/a.ts': "import '../telemetry/b.ts'", 'src/telemetry/b.ts': '' }, { exceptions }).length, 1)
  })
})

function policy(name: string, text = ''): Record<string, string> {
  const folder = `src/policies/${name}`
  const list = { 'src/policies/index.ts': "import './cors/policy.ts'\nimport './api-key/policy.ts'" }
  return { ...list, [`${folder}/policy.ts`]: text, [`${folder}/policy.test.ts`]: '', [`${folder}/attacks.test.ts`]: '', [`${folder}/notes.md`]: '' }
}

function without(files: Record<string, string>, file: string): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([name]) => name !== file))
}

describe('the scanner tells code from prose', () => {
  test('code keeps its place when comments, strings and expressions are blanked', () => {
    const source = "const a = 'x' // b\nconst c = /d\\/'/g, e = f / g / h\n"
    const { code } = scanSource(source)
    assert.equal(code, "const a = ' '     \nconst c = /     / , e = f / g / h\n".replace('/     / ,', '/    /g,'))
    assert.equal(code.length, source.length)
  })
  test('templates end where they end, however they are nested', () => {
    const holes = (text: string): string => text.replaceAll('<', '$' + '{').replaceAll('>', '}')
    const { code, strings } = scanSource(holes('`a<b({ c: `d<e>f` })>g`; h("i")'))
    assert.equal(code, holes('`  {b({ c: `  {e} ` })} `; h(" ")'))
    assert.deepEqual(strings, [{ text: 'i', line: 1 }])
  })
  test('an import tells its line and its names', () => {
    assert.deepEqual(scanSource("\nimport a, { b } from './c.ts'\n").imports, [{ specifier: './c.ts', line: 2, clause: 'a, { b }' }])
  })
})
