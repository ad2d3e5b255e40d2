// Templates take the form in which paths are matched, and those that no rule can tell apart are found.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { indistinguishable, readTemplate } from './path-template.ts'

const of = (written: string): string => {
  const reading = readTemplate(written)
  return 'fault' in reading ? 'refused' : reading.template
}

test('literal parts are spelled as the codec spells paths', () => {
  for (const [written, normal] of [
    ['/', '/'],
    ['/books/', '/books/'],
    ['/books/{id}', '/books/{id}'],
    ['/b%6f%6Fks/caf%c3%a9', '/books/caf%C3%A9'],
    ['/café/{id}', '/caf%C3%A9/{id}'],
    ['/a b', '/a%20b'],
    ['/a/{b}...{c}', '/a/{b}...{c}'],
    ["/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,="],
    ['/{user-id}.json', '/{user-id}.json'],
  ] as const) {
    assert.equal(of(written), normal, written)
  }
})

test('what no request could reach, or what two readers would read differently, is refused', () => {
  for (const written of [
    '',
    'books',
    '/a//b',
    '//',
    '/a/../b',
    '/./a',
    '/%2e%2e/a',
    '/a;v=1',
    '/a?b',
    '/a#b',
    '/a\\b',
    '/a%2fb',
    '/a%5cb',
    '/a%00',
    '/a%25',
    '/a%zz',
    '/a%',
    '/a%c0%af',
    '/{}',
    '/{a b}',
    '/{proxy+}',
    '/{a}{b}',
    '/{a}/{a}',
    '/{a',
    '/a}',
    '/{a{b}}',
    '/\u0000',
  ]) {
    assert.equal(of(written), 'refused', JSON.stringify(written))
  }
})

test('equal shapes, and mixed segments that match the same text, cannot be told apart', () => {
  for (const [a, b] of [
    ['/a/{x}', '/a/{y}'],
    ['/a/{x}-{y}', '/a/{x}.{y}'],
    ['/{a}/b/{c}', '/{x}/b/{y}'],
    ['/v{a}', '/{a}v'],
  ] as const) {
    assert.equal(indistinguishable(a, [b]), b, `${a} ${b}`)
    assert.equal(indistinguishable(b, [a]), a, `${b} ${a}`)
  }
})

test('literal before mixed, longer literal before shorter, parameter last: those are told apart', () => {
  for (const [a, b] of [
    ['/a/{x}', '/a/b'],
    ['/a/{x}', '/{y}/b'],
    ['/a/{x}', '/a/{x}/c'],
    ['/a/{x}', '/a/{x}.json'],
    ['/a/{x}.json', '/a/{x}.html'],
    ['/a/{x}...{y}', '/a/{x}..{y}'],
    ['/a/get-{x}', '/a/put-{x}'],
    ['/a/{x}', '/a/{x}/'],
  ] as const) {
    assert.equal(indistinguishable(a, [b]), undefined, `${a} ${b}`)
    assert.equal(indistinguishable(b, [a]), undefined, `${b} ${a}`)
  }
})
