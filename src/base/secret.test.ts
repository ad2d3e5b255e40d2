// A secret can be used, and nothing that prints it or what holds it shows it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { Secret } from './secret.ts'

const CANARY = 'correct-horse-battery-staple'
const held = { name: 'smtp', password: new Secret(CANARY), list: [new Secret(Buffer.from(CANARY))] }

const printings: [name: string, print: () => string][] = [
  ['String', () => String(held.password)],
  ['a template', () => `${held.password}`],
  ['joining', () => held.list.join()],
  ['concatenation', () => `x${held.password as unknown as string}`],
  ['JSON', () => JSON.stringify(held)],
  ['inspect', () => inspect(held, { depth: 9, showHidden: true, getters: true })],
  ['inspect without custom forms', () => inspect(held, { customInspect: false, showHidden: true, depth: 9 })],
  ['format', () => format('%s %o %j %O', held.password, held, held, held)],
  ['spreading', () => JSON.stringify({ ...held.password })],
  ['cloning', () => inspect(structuredClone(held.password), { showHidden: true, depth: 9 })],
  ['an error that names it', () => new Error(`cannot use ${held.password}`, { cause: held.password }).stack ?? ''],
  ['its keys', () => Reflect.ownKeys(held.password).join()],
]
for (const [name, print] of printings) {
  test(`${name} does not show a secret`, () => {
    const shown = print()
    assert.ok(!shown.includes(CANARY) && !shown.includes(Buffer.from(CANARY).toString('base64')) && !shown.includes('63, 6f, 72'), shown)
  })
}

test('a secret can be read by who asks for it, and its octets are a copy', () => {
  const octets = held.password.octets()
  octets.fill(0)
  assert.equal(held.password.reveal(), CANARY)
  assert.equal(held.password.length, CANARY.length)
  assert.ok(held.password.equals(held.list[0]!) && !held.password.equals(new Secret('another')))
})
