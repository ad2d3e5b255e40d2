// GitHub's descriptions of two releases of its REST API, 11 MB each, are compared whole, and planted changes are found among their thousand operations.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { compareDocuments } from '../../src/compatibility/compare-documents.ts'

const load = (name: string): unknown => JSON.parse(readFileSync(createRequire(import.meta.url).resolve(`@octokit/openapi/generated/${name}.json`), 'utf8'))

test('from one release to the next: what is new is found, and breaks nobody', (t) => {
  const [old, now] = [load('ghes-3.17'), load('ghes-3.18')]
  const start = process.hrtime.bigint()
  const { verdict, findings, operationsCompared } = compareDocuments(old, now)
  t.diagnostic(`compared in ${Number(process.hrtime.bigint() - start) / 1e6} ms`)
  assert.equal(operationsCompared, 966)
  assert.equal(verdict, 'compatible')
  const counts = Object.fromEntries(Object.entries(Object.groupBy(findings, ({ rule }) => rule)).map(([rule, all]) => [rule, all!.length]))
  assert.deepEqual(counts, {
    'parameter-added': 1,
    'response-property-presence-narrowed': 3,
    'response-status-added': 1,
    'request-property-presence-widened': 1,
    'operation-added': 14,
  })
  const back = compareDocuments(now, old)
  assert.equal(back.findings.filter(({ severity }) => severity === 'breaking').length, 1 + 3 + 1 + 14)
})

test('a change of one shared component is one finding that counts every operation it reaches', () => {
  const old = load('api.github.com')
  const now = structuredClone(old) as { components: { schemas: Record<string, { properties: Record<string, { type: string }>; required: string[] }> } }
  assert.deepEqual(compareDocuments(old, now), { verdict: 'none', findings: [], operationsCompared: 1223 })
  const user = now.components.schemas['simple-user']!
  user.required = user.required.filter((name) => name !== 'login')
  const { findings } = compareDocuments(old, now)
  assert.deepEqual(
    findings.map(({ rule, severity, new: place }) => [rule, severity, place]),
    [['response-required-widened', 'breaking', '/components/schemas/simple-user/properties/login']],
  )
  assert.ok(findings[0]!.operationCount > 200, `${findings[0]!.operationCount} operations`)
  assert.equal(findings[0]!.operations.length, 50)
})
