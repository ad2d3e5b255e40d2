// A YAML text that would take the process its memory or its time is refused by what it is made of, before anything is composed.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseText } from './source-document.ts'
import { yamlExcess } from './yaml-bounds.ts'

const CAPS = { depth: 32, aliases: 10, values: 1000, strictNames: true }
const times = (count: number, text: string): string => text.repeat(count)

describe('a YAML text that is too large', () => {
  const vectors: [name: string, text: string, code: string][] = [
    ['lists in lists', times(33, '['), 'too-deep'],
    ['maps in maps', times(33, '{a: '), 'too-deep'],
    ['lists in lists on one line', times(33, '- '), 'too-deep'],
    ['keys in keys on one line', times(33, '? '), 'too-deep'],
    ['a list', `[${times(1003, 'a,')}]`, 'too-many-values'],
    ['a list of texts', `[${times(1003, '"[",')}]`, 'too-many-values'],
    ['a list as a block', times(1001, '- a\n'), 'too-many-values'],
    ['a map', times(1001, 'a: 1\n'), 'too-many-values'],
    ['empty values', times(1001, ': '), 'too-many-values'],
    ['nothing between commas', `[${times(1001, ',')}`, 'too-many-values'],
    ['empty lists', `[${times(1001, '[],')}]`, 'too-many-values'],
    ['comments', times(12_001, '#\n'), 'too-many-values'],
    ['empty lines', times(12_001, '\n'), 'too-many-values'],
    ['anchors', times(12_001, '&a '), 'too-many-values'],
    ['aliases', `[${times(1001, '*a,')}]`, 'too-many-values'],
    ['documents', times(12_001, '---\n'), 'too-many-values'],
  ]
  for (const [name, text, code] of vectors)
    test(`by ${name}`, () => {
      assert.equal(yamlExcess(text, CAPS)?.code, code)
      const { value, faults } = parseText('a.yaml', text, CAPS, false)
      assert.deepEqual([value, faults.map((fault) => fault.code)], [undefined, [code]])
    })
})

describe('a YAML text within its caps', () => {
  const vectors: [name: string, text: string][] = [
    ['as deep as may be', `${times(32, '[')}${times(32, ']')}`],
    ['lists beside lists', `[${times(400, '[a],')}]`],
    ['a map of as many values as may be', Array.from({ length: 999 }, (_, i) => `k${i}: 1\n`).join('')],
    ['brackets in a text', `a: "${times(5000, '[')}"`],
    ['brackets in a block', `a: |\n  ${times(5000, '[')}\n`],
    ['brackets in a comment', `# ${times(5000, '[')}\na: 1`],
    ['dashes in a plain text', `a: x${times(5000, ' - ')}x`],
    ['one long text', 'x'.repeat(1_000_000)],
  ]
  for (const [name, text] of vectors) test(`${name} is read`, () => assert.deepEqual(parseText('a.yaml', text, CAPS, false).faults, []))
})

test('the place that is told is where it becomes too deep', () => {
  const { faults } = parseText('a.yaml', `a: 1\nb: ${times(40, '[')}`, CAPS, false)
  assert.deepEqual(
    faults.map(({ line, column, code }) => [line, column, code]),
    [[2, 36, 'too-deep']],
  )
})
