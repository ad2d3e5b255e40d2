// Each code with which a configuration is refused has its meaning written down, and each that is written down exists.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { faultCodes, noticeCodes } from './fault-codes.ts'

test('the codes of the sources and those of the page are the same', () => {
  const root = join(import.meta.dirname, '..')
  const sources = [
    'catalog/{*,*/*}.ts',
    'base/{schema,secret-reference,moment}.ts',
    'lifecycle/schedule.ts',
    'certificates/*.ts',
    'pipeline/plan-limit.ts',
    'own-policies/*.ts',
  ]
  const files = globSync(sources, { cwd: root }).filter((file) => !file.endsWith('.test.ts') && !file.endsWith('fault-codes.ts'))
  const used = new Set<string>()
  // A code is written as `code: 'x'`, or as a first word of ours handed to a reporter.
  const forms = [
    /\bcode: '([a-z0-9-]+)'/g,
    /reserved\('([a-z0-9-]+)'/g,
    /report\([^'()]*(?:\([^()]*\))?[^'()]*'([a-z0-9-]+)'/g,
    /\b(?:fault|failed)\(\s*'([a-z0-9-]+)'/g,
    /this\.fault\([a-z]+, [a-z]+, '([a-z0-9-]+)'/g,
    /this\.wrong\(\s*'(?:certificate|key)',\s*'([a-z0-9-]+)'/g,
    /\brefused?\((?:path, )?'(polic[a-z-]+)'/g,
    /this\.add\('([a-z0-9-]+)'/g,
    /faultAt\(document, [^']*'([a-z0-9-]+)'/g,
  ]
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8')
    for (const form of forms) for (const [, code] of text.matchAll(form)) used.add(code!)
  }
  assert.ok(used.size > 70)
  assert.deepEqual([...used].sort(), [...Object.keys(faultCodes), ...Object.keys(noticeCodes)].sort())
})
