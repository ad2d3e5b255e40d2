// The description of the management API is valid OpenAPI 3.1, and the OWASP ruleset of Spectral finds no error in it.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { openapiDocument } from '../../src/management/openapi.ts'
import { operations } from '../../src/management/operations/index.ts'

const require = createRequire(import.meta.url)
const document = openapiDocument(operations, '0.0.0')

test('it is valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document) as Record<string, unknown> as never)
  assert.deepEqual(errors ?? [], [])
  assert.equal(valid, true)
})

test('Spectral finds no error by the OWASP ruleset, and looked at every operation', async () => {
  // Both are CommonJS.
  const { Spectral, Document } = require('@stoplight/spectral-core') as typeof import('@stoplight/spectral-core')
  const { Json } = require('@stoplight/spectral-parsers') as typeof import('@stoplight/spectral-parsers')
  const ruleset = require('@stoplight/spectral-owasp-ruleset') as unknown
  const spectral = new Spectral()
  spectral.setRuleset(ruleset as never)
  const found = await spectral.run(new Document(JSON.stringify(document), Json, 'openapi.json'))
  assert.deepEqual(
    found.filter(({ severity }) => severity === 0).map(({ code, path }) => `${code} ${path.join('/')}`),
    [],
  )
  // What it must find when it is there: a rule set that finds nothing anywhere proves nothing.
  const broken = structuredClone(document) as { paths: Record<string, Record<string, { security?: unknown; responses: Record<string, unknown> }>> }
  for (const item of Object.values(broken.paths)) for (const operation of Object.values(item)) delete operation.responses['401']
  const seen = await spectral.run(new Document(JSON.stringify({ ...broken, security: [] }), Json, 'openapi.json'))
  assert.ok(seen.length > found.length + operations.length / 2)
})
