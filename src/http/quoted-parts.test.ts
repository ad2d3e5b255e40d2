// A value is parted where its separator stands outside of quoted strings, and not at all when one does not end.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partsOutsideQuotes } from './quoted-parts.ts'

test('parts are found outside of quoted strings', () => {
  for (const [value, parts] of [
    ['', ['']],
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    [', a ,', ['', ' a ', '']],
    ['a="b,c",d', ['a="b,c"', 'd']],
    [String.raw`a="b\",c",d`, [String.raw`a="b\",c"`, 'd']],
    [String.raw`a="b\\",c`, [String.raw`a="b\\"`, 'c']],
    [String.raw`a\,b`, [String.raw`a\ `.trim(), 'b']],
    ['a="b,c', undefined],
    ['"', undefined],
    [String.raw`"a\"`, undefined],
  ] as const)
    assert.deepEqual(partsOutsideQuotes(value, ','), parts, value)
  assert.deepEqual(partsOutsideQuotes('a;b=";",c', ';'), ['a', 'b=";",c'])
})
