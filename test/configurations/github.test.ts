// GitHub's description of its REST API, 13 MB of OpenAPI, becomes routes without losing an operation.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { DocumentCache } from '../../src/catalog/reading/document-cache.ts'
import { loadConfiguration } from '../../src/catalog/resolving/resolve.ts'
import { policies } from '../../src/policies/index.ts'

const document = createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json')
let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-github-'))
})
after(() => rmSync(folder, { recursive: true }))

function configuration(more = ''): string {
  const file = join(folder, 'gatehouse.yaml')
  const api = `path: /github\n    openapi: ${JSON.stringify(document)}\n    upstream: http://127.0.0.1:9001\n    policies: { api-key: { header: X-API-Key } }\n`
  writeFileSync(file, `gatehouse: 1\napis:\n  github:\n    ${api}${more}`, { mode: 0o600 })
  return file
}

test('every operation of the document is a route of its own, and no other is', (t) => {
  const file = configuration()
  const cache = new DocumentCache()
  const loads = [0, 1].map(() => {
    const start = process.hrtime.bigint()
    const found = loadConfiguration(file, { policies, nowMs: 0 }, cache)
    t.diagnostic(`loaded in ${Number(process.hrtime.bigint() - start) / 1e6} ms`)
    return found
  })
  const [found] = loads
  assert.ok(found?.ok, JSON.stringify(found?.faults.slice(0, 3)))
  const { routes } = found.snapshot.apis[0]!
  const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']
  const { paths } = JSON.parse(readFileSync(document, 'utf8')) as { paths: Record<string, Record<string, { operationId: string }>> }
  const written = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => `${method.toUpperCase()} ${path} ${item[method]!.operationId}`),
  )
  assert.deepEqual(routes.map(({ method, template, operation }) => `${method} ${template} ${operation}`).sort(), written.sort())
  assert.ok(routes.length > 1000)
  assert.equal(new Set(routes.map(({ operation }) => operation)).size, routes.length)
  assert.deepEqual(loads[1], found)
})

test('one operation has its own policies, the others share one set', () => {
  const found = loadConfiguration(configuration('    operations:\n      repos/delete: { policies: { rate-limit: { limit: 1, window: 1m } } }\n'), {
    policies,
    nowMs: 0,
  })
  assert.ok(found.ok)
  const [api] = found.snapshot.apis
  assert.equal(api!.policySets.length, 2)
  assert.deepEqual(
    api!.routes.filter(({ policySet }) => policySet === 1).map(({ operation }) => operation),
    ['repos/delete'],
  )
})

test('an operation of such a document that is misspelled is found by its nearest name', () => {
  const { faults } = loadConfiguration(configuration('    operations:\n      repos/delet: { policies: {} }\n'), { policies, nowMs: 0 })
  assert.deepEqual(
    faults.map(({ line, column, code, message }) => [line, column, code, message]),
    [[9, 7, 'unknown-operation', "the OpenAPI document has no operation 'repos/delet'; did you mean 'repos/delete'?"]],
  )
})
