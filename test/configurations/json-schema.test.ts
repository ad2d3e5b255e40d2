// The JSON Schema names what the reader knows: the same keys, the same policies, nothing that is kept for later.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configurationJsonSchema } from '../../src/catalog/sections/json-schema.ts'
import { policies } from '../../src/policies/index.ts'

type Node = { readonly [keyword: string]: Node } & { readonly anyOf?: readonly Node[] }

test('every policy that a file may name has its keys and its mode in the schema', () => {
  const written = policies.filter(({ attachedBy }) => attachedBy === undefined)
  assert.ok(written.length >= policies.length - 1)
  const root = configurationJsonSchema(policies) as unknown as Node
  const api = root['properties']!['apis']!['additionalProperties']!
  const attached = api['properties']!['policies']!['properties']!
  assert.deepEqual(
    Object.keys(attached),
    written.map(({ name }) => name),
  )
  for (const policy of written) {
    const [single, many] = attached[policy.name]!.anyOf!
    const own = (policy.config.json as unknown as Node)['properties']
    assert.ok(own, policy.name)
    assert.deepEqual(Object.keys(single!['properties']!), [...Object.keys(own), ...(policy.enforceOnly ? [] : ['mode'])])
    assert.deepEqual(many!['items'], single)
  }
  for (const later of ['portal', 'tls', 'people']) assert.equal(Object.hasOwn(root['properties']!, later), false)
})
