// What a file may export: each thing that is wrong with it is told in a sentence, and all of them at once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { object } from '../base/schema.ts'
import { Principal } from '../pipeline/slots.ts'
import { declarationFaults } from './declaration.ts'

const taken = new Set(['rate-limit', 'jwt'])
const good = {
  name: 'acme-tenant',
  stage: 'authorize',
  summary: 'Knows the tenant.',
  config: object({}),
  denials: { none: { status: 403, says: 'No.', ref: 'own', mend: 'Ask.' } },
  examples: [{ title: 'a', config: {}, send: {}, expect: { status: 200 } }],
  compile: () => null,
}
const identify = { ...good, stage: 'identify', writes: [Principal], denials: { none: { ...good.denials.none, status: 401, absent: true } } }

test('a declaration that has what it needs is good', () => {
  for (const policy of [
    good,
    identify,
    { ...good, uses: ['fetch', 'clock', 'counters', 'credentials'], reads: [Principal], denials: {}, faults: () => [], credentials: () => [] },
  ])
    assert.deepEqual(declarationFaults(policy, taken), [])
})

const wrong: [what: string, exported: unknown, says: RegExp][] = [
  ['nothing', undefined, /default export/],
  ['null', null, /default export/],
  ['a function', () => good, /default export/],
  ['no name', { ...good, name: undefined }, /words in lower case/],
  ['one word', { ...good, name: 'tenant' }, /'acme-tenant'/],
  ['a name of Gatehouse', { ...good, name: 'rate-limit' }, /'acme-rate-limit'/],
  ['a word of Gatehouse', { ...good, name: 'jwt' }, /'acme-jwt'/],
  ['upper case', { ...good, name: 'Acme-Tenant' }, /words in lower case/],
  ['two hyphens', { ...good, name: 'acme--tenant' }, /words in lower case/],
  ['a path', { ...good, name: 'acme-../x' }, /words in lower case/],
  ['too long a name', { ...good, name: `acme-${'x'.repeat(60)}` }, /words in lower case/],
  ['a key that does not exist', { ...good, denial: {} }, /no 'denial'/],
  ['a stage that does not exist', { ...good, stage: 'last' }, /'stage' is one of/],
  ['the stage that cannot refuse', { ...good, stage: 'observe' }, /'stage' is one of/],
  ['a stage that depends', { ...good, stage: () => 'admit' }, /'stage' is one of/],
  ['no summary', { ...good, summary: '' }, /'summary'/],
  ['a schema that is none', { ...good, config: {} }, /'config' is a schema/],
  ['no compile', { ...good, compile: undefined }, /'compile'/],
  ['a resource that does not exist', { ...good, uses: ['egress'] }, /'uses' knows/],
  ['slots that are none', { ...good, writes: ['Tenant'] }, /'writes' is a list of slots/],
  ['no denials', { ...good, denials: undefined }, /'denials' is an object/],
  ['a status that is no refusal', { ...good, denials: { none: { ...good.denials.none, status: 200 } } }, /the status of the denial/],
  ['a denial without words', { ...good, denials: { none: { status: 403 } } }, /needs the texts/],
  ['a code of the gateway', { ...good, denials: { broken: good.denials.none } }, /'broken' cannot be/],
  ['a code that is no word', { ...good, denials: { 'No Such': good.denials.none } }, /cannot be the code/],
  ['no examples', { ...good, examples: [] }, /'examples' shows/],
  ['an example that is none', { ...good, examples: [{ title: 'a' }] }, /an example has/],
  ['identify without Principal', { ...identify, writes: [] }, /writes: \[Principal\]/],
  ['identify that refuses nobody', { ...identify, denials: good.denials }, /absent: true/],
  ['Principal elsewhere', { ...good, writes: [Principal] }, /stage 'identify' alone/],
]
for (const [what, exported, says] of wrong)
  test(`${what} is a fault`, () => {
    const faults = declarationFaults(exported, taken)
    assert.ok(
      faults.some(({ message }) => says.test(message)),
      JSON.stringify(faults),
    )
  })

test('all that is wrong is told at once', () => {
  assert.equal(declarationFaults({ name: 'x', stage: 'y' }, taken).length, 7)
  assert.equal(wrong.length, 30)
})
