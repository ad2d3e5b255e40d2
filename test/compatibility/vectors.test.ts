// Every pair of documents is judged as its row says, there and back; every rule is seen at least once.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { compareDocuments } from '../../src/compatibility/compare-documents.ts'
import { comparisonJson, comparisonText } from '../../src/compatibility/report.ts'
import { operations } from './operations.ts'
import { type Pair, schemaPairs } from './pairs.ts'
import { narrowings, otherSchemas } from './schemas.ts'

const pairs: readonly Pair[] = [...narrowings.flatMap(schemaPairs), ...otherSchemas, ...operations]
const judged = (old: object, now: object): string[] => compareDocuments(old, now).findings.map(({ rule, severity }) => `${severity} ${rule}`)

test('each pair is found to be what it is, in both directions, and nothing else', async (t) => {
  let ran = 0
  for (const { title, old, new: now, there, back } of pairs) {
    await t.test(title, () => {
      assert.deepEqual(judged(old, now), there, 'there')
      assert.deepEqual(judged(now, old), back, 'back')
      ran += 2
    })
  }
  assert.equal(ran, 2 * pairs.length)
  assert.ok(ran >= 350, `${ran} ran`)
})

test('each rule that the sources name is produced by some pair', () => {
  const seen = new Set(pairs.flatMap(({ there, back }) => [...there, ...back]).map((each) => each.split(' ')[1]))
  const folder = join(import.meta.dirname, '../../src/compatibility')
  const sources = globSync('*.ts', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8'))
  const named = new Set(sources.flatMap((text) => [...text.matchAll(/(?:report\(\s*|rule: )'([a-z]+(?:-[a-z]+)+)'/g)].map(([, rule]) => rule!)))
  const kinds = new Set(['additional-properties', 'multiple-of', 'unique-items', 'property-presence', 'property-count', 'tuple-item'])
  const elsewhere = new Set(['comparison-cut-short', 'operation-retired'])
  const unseen = [...named].filter((rule) => !seen.has(rule) && !kinds.has(rule) && !elsewhere.has(rule))
  assert.ok(named.size > 35, `${named.size} rules named`)
  assert.deepEqual(unseen, [])
})

test('an operation that was announced to go may go once its date has passed, and not before', () => {
  const date = '2026-06-30T00:00:00Z'
  const operation = (more: object): object => ({ get: { responses: {}, ...more } })
  const old = { openapi: '3.1.0', paths: { '/a': operation({ deprecated: true, 'x-sunset': date }), '/b': operation({}) } }
  const now = { openapi: '3.1.0', paths: { '/b': operation({}) } }
  const verdicts = [Date.parse(date) - 1, Date.parse(date), undefined].map(
    (nowMs) => compareDocuments(old, now, nowMs === undefined ? {} : { nowMs }).findings[0]!,
  )
  assert.deepEqual(
    verdicts.map(({ rule, severity }) => `${severity} ${rule}`),
    ['breaking path-removed', 'compatible operation-retired', 'breaking path-removed'],
  )
})

test('a finding names its places and all operations that it reaches, once', () => {
  const with_ = (type: string): object => ({
    openapi: '3.1.0',
    paths: Object.fromEntries(
      ['/a', '/b', '/c'].map((path) => [
        path,
        { post: { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/A~1B' } } } }, responses: {} } },
      ]),
    ),
    components: { schemas: { 'A~1B': { type: 'integer' }, 'A/B': { type: 'object', properties: { 'x/y': { type } } } } },
  })
  assert.deepEqual(compareDocuments(with_('number'), with_('integer')).findings, [
    {
      rule: 'request-type-narrowed',
      severity: 'breaking',
      operations: ['POST /a', 'POST /b', 'POST /c'],
      operationCount: 3,
      old: '/components/schemas/A~1B/properties/x~1y',
      new: '/components/schemas/A~1B/properties/x~1y',
      sentence: 'The type was number and is integer.',
    },
  ])
})

test('text and JSON say the same, and names from the documents cannot write to a terminal', () => {
  const old = { openapi: '3.1.0', paths: { '/a\u001b[2J': { get: { responses: {} } } } }
  const comparison = compareDocuments(old, { openapi: '3.1.0', paths: {} })
  assert.equal(
    comparisonText(comparison),
    "breaking path-removed GET /a\\u001b[2J: 'GET /a\\u001b[2J' is gone. (old /paths/~1a\\u001b[2J/get)\n0 operations compared: 1 breaking, 0 risky, 0 compatible",
  )
  assert.deepEqual(JSON.parse(comparisonJson(comparison)), { ...comparison, findings: comparison.findings.map((finding) => ({ ...finding })) })
  assert.deepEqual(Object.keys(JSON.parse(comparisonJson(comparison)) as object), ['verdict', 'operationsCompared', 'findings'])
})

test('servers are left aside on demand, for a version that is reached elsewhere', () => {
  const at = (url: string): object => ({ openapi: '3.1.0', servers: [{ url }], paths: { '/a': { get: { responses: {} } } } })
  assert.deepEqual(compareDocuments(at('/v1'), at('/v2'), { ignoreServers: true }).findings, [])
})
