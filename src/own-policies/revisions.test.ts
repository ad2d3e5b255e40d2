// Each text that a process loads has a number of its own, by which threads tell whose code they run.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PolicyRevisions, type PolicyText } from './revisions.ts'

const textOf = (name: string, digest: string): PolicyText => {
  const file = `/srv/${name}.ts`
  const text = `import { definePolicy, object } from 'gatehouse/policy'
export default definePolicy({ name: '${name}', stage: 'inspect', summary: 'Nothing.', config: object({}), denials: {},
  examples: [{ title: '-', config: {}, send: {}, expect: { status: 200 } }], compile: () => ({ request: () => undefined }) })`
  return { file, fetch: [], texts: new Map([[file, text]]), digest: digest.repeat(64) }
}

test('a text that is asked for twice at once is tried once, and the next one gets a number of its own', async () => {
  const revisions = new PolicyRevisions([])
  const first = await Promise.all([revisions.load(textOf('acme-one', 'a')), revisions.load(textOf('acme-one', 'a'))])
  const second = await revisions.load(textOf('acme-two', 'b'))
  const policies = [...first, second].map((loading) => ('policy' in loading ? loading.policy : assert.fail(JSON.stringify(loading))))
  assert.deepEqual(
    revisions.handed(policies).map(({ name, number }) => [name, number]),
    [
      ['acme-one', 1],
      ['acme-one', 1],
      ['acme-two', 2],
    ],
  )
})
