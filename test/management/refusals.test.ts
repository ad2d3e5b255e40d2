// Every refusal of its own that an operation declares is brought about, and no other appears.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { COMMON } from '../../src/management/common-refusals.ts'
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
}

after(() => {
  assert.equal(
    produced,
    operations.reduce((sum, { refusals }) => sum + Object.keys(refusals).length, 0),
  )
  for (const operation of operations) for (const code of Object.keys(operation.refusals)) assert.ok(!(code in COMMON), `${code} is a common refusal's name`)
})
