// Every refusal that an operation declares is brought about, and no other appears; what all share holds for each.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { COMMON, commonRefusals } from '../../src/management/common-refusals.ts'
import { operations } from '../../src/management/operations/index.ts'
import { scenarios } from './scenarios/index.ts'
import { world } from './world.ts'

const seen = new Set<string>()
let produced = 0

for (const operation of operations) {
  const scenario = scenarios[operation.name]
  if (!scenario) continue
  const own = Object.keys(operation.refusals)
  test(`${operation.name} declares what its scenario brings about: ${own.join(', ') || 'nothing'}`, async () => {
    assert.deepEqual(Object.keys(scenario.refusals).sort(), own.toSorted())
    for (const code of own) {
      const made = await world()
      try {
        const { asker = 'owner', path, ...sent } = await scenario.refusals[code]!(made)
        const answer = await made.as(asker, operation.method, path, sent)
        assert.equal(answer.short, `${operation.refusals[code]!.status} ${operation.resource}.${code}`, answer.body)
        assert.deepEqual(made.reports, [])
        assert.equal(answer.headers['content-type'], 'application/problem+json')
        seen.add(`${operation.resource}.${code}`)
        produced++
      } finally {
        await made.close()
      }
    }
  })

  test(`${operation.name}: a stranger’s body, a foreign origin and a missing precondition change nothing`, async () => {
    const made = await world()
    try {
      const shared = new Set(commonRefusals(operation))
      const { path, ...sent } = await scenario.good(made, 'owner')
      const ask = async (headers: Record<string, string>, body: unknown = sent.body) =>
        (await made.as('owner', operation.method, path, { ...sent, ...(body !== undefined && { body }), headers: { ...sent.headers, ...headers } })).short
      if (shared.has('foreign-origin')) assert.equal(await ask({ origin: 'https://evil.example' }), '403 management.foreign-origin')
      if (shared.has('csrf-token')) assert.equal(await ask({ 'x-csrf-token': 'wrong' }), '403 management.csrf-token')
      if (operation.bodyMedia) assert.equal(await ask({ 'content-type': 'application/json' }), '415 management.unsupported-media-type')
      else if (operation.body) {
        assert.equal(await ask({ 'content-type': 'text/plain' }), '415 management.unsupported-media-type')
        assert.equal(await ask({}, '{"__proto__":{}}'), '400 management.invalid')
        assert.equal(await ask({}, { 'no-such-member-anywhere': 1 }), '400 management.invalid')
      }
      if (operation.guarded) {
        const { 'if-match': _, ...rest } = (sent.headers ?? {}) as Record<string, string>
        const bare = await made.as('owner', operation.method, path, { ...sent, headers: rest })
        assert.equal(bare.short, '428 management.precondition-required')
        assert.equal(await ask({ 'if-match': '"no-such-state"' }), '412 management.stale')
      }
      const unknown = await made.as('owner', operation.method, `${path}${path.includes('?') ? '&' : '?'}no-such-parameter=1`, sent)
      assert.equal(unknown.short, '400 management.invalid')
    } finally {
      await made.close()
    }
  })
}

after(() => {
  assert.equal(
    produced,
    operations.reduce((sum, { refusals }) => sum + Object.keys(refusals).length, 0),
  )
  for (const operation of operations) for (const code of Object.keys(operation.refusals)) assert.ok(!(code in COMMON), `${code} is a common refusal's name`)
})
