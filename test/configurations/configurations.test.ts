// Every configuration of the test data is refused for exactly what is wrong with it, or loads: broken, insecure, valid.
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { loadConfiguration, type Resolution } from '../../src/catalog/resolving/resolve.ts'
import { policies } from '../../src/policies/index.ts'
import { expectedFaults, foundFaults } from './expected-faults.ts'

const NOW_MS = Date.UTC(2026, 10, 23)
const filesOf = (folder: string): string[] => globSync(join(import.meta.dirname, folder, '*.yaml')).sort()
const load = (file: string): Resolution => loadConfiguration(file, { policies, nowMs: NOW_MS, cores: 2 })

for (const [folder, least, sentence] of [
  ['broken', 168, 'each broken configuration is refused for its faults, at their lines and columns, and for nothing else'],
  ['insecure', 67, 'each configuration that looks valid but is insecure is refused for the right reason'],
] as const) {
  test(sentence, async (t) => {
    let ran = 0
    for (const file of filesOf(folder)) {
      await t.test(basename(file, '.yaml'), () => {
        const expected = expectedFaults(file)
        assert.notEqual(expected.length, 0, `${file} expects nothing`)
        const found = load(file)
        assert.equal(found.ok, false)
        assert.deepEqual(foundFaults(found.faults), expected)
        assert.equal('snapshot' in found, false)
        ran++
      })
    }
    assert.ok(ran >= least, `${ran} ran, at least ${least} are there`)
  })
}

test('valid configurations load without a fault', async (t) => {
  let ran = 0
  for (const file of filesOf('valid')) {
    await t.test(basename(file, '.yaml'), () => {
      assert.deepEqual(expectedFaults(file), [])
      const found = load(file)
      assert.deepEqual(foundFaults(found.faults), [])
      assert.equal(found.ok, true)
      ran++
    })
  }
  assert.ok(ran >= 6, `${ran} ran`)
})

test('no message repeats what may be a secret', () => {
  for (const [name, secret] of [
    ['insecure/secret-in-file', '0123456789abcdef'],
    ['insecure/upstream-password', 'secret@'],
    ['broken/key-bad-hash', '0123456789abcdef'],
    ['insecure/store-password', 'hunter2'],
    ['insecure/store-password-plain', 'hunter2'],
    ['broken/redis-counters', '127.0.0.1'],
    ['insecure/webhook-in-clear', 'hunter2'],
    ['insecure/trust-store-key', 'bm90IGEga2V5'],
    ['broken/settings-values', 'user:pw'],
  ] as const) {
    const { faults } = load(join(import.meta.dirname, `${name}.yaml`))
    assert.notEqual(faults.length, 0)
    for (const { message } of faults) assert.ok(!message.includes(secret), message)
  }
})
