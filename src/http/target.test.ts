// A path is normalized once, and each spelling that two servers may read differently is told by name.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as F from './faults.ts'
import { RequestHead, readRequestHead } from './request-head.ts'
import { AMBIGUITIES, type Ambiguity, ambiguityBits, isNormalPath } from './target.ts'

function read(target: string): { readonly head: RequestHead; readonly end: number } {
  const bytes = Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`, 'latin1')
  const head = new RequestHead()
  return { head, end: readRequestHead(head, bytes, 0, bytes.length, { headBytes: 8192, targetBytes: 4096, fields: 10 }) }
}

describe('a path', () => {
  const cases: [target: string, path: string, seen: Ambiguity[]][] = [
    ['/', '/', []],
    ['/a/b.c/~d', '/a/b.c/~d', []],
    ['/%61%2D%7e', '/a-~', []],
    ['/%c3%bc', '/%C3%BC', []],
    ['/a%20b', '/a%20b', []],
    ['/...', '/...', []],
    ['/.a', '/.a', []],
    ['/a%2fb', '/a%2Fb', ['encoded-slash']],
    ['/a%5cb', '/a%5Cb', ['backslash']],
    ['/a\\b', '/a\\b', ['backslash']],
    ['/a%00', '/a%00', ['encoded-control']],
    ['/a%7f', '/a%7F', ['encoded-control']],
    ['/a/../b', '/b', ['dot-segments']],
    ['/a/./b/..', '/a/', ['dot-segments']],
    ['/%2e%2E/%2e', '/', ['dot-segments']],
    ['/..', '/', ['dot-segments']],
    ['/a/..;x/b', '/b', ['dot-segments', 'path-parameters']],
    ['/a//b', '/a//b', ['empty-segments']],
    ['//a', '//a', ['empty-segments']],
    ['/a;b=c', '/a;b=c', ['path-parameters']],
    ['/%c0%af', '/%C0%AF', ['invalid-utf8']],
    ['/%ed%a0%80', '/%ED%A0%80', ['invalid-utf8']],
    ['/%252e', '/%252e', ['double-encoding']],
    ['/%25%32%65', '/%252e', ['double-encoding']],
    ['/%25zz', '/%25zz', []],
  ]
  for (const [target, path, seen] of cases) {
    test(`${target} is ${path} ${seen.join(' ')}`, () => {
      const { head, end } = read(target)
      assert.ok(end > 0)
      assert.equal(head.path, path)
      assert.equal(head.ambiguities, ambiguityBits(seen))
    })
  }
  for (const target of ['/%', '/%1', '/%zz', '/a%g0']) test(`${target} is refused`, () => assert.equal(-read(target).end, F.BAD_PERCENT))

  test('names of ambiguities are distinct bits, and an unknown name is none', () => {
    const bits = Object.values(AMBIGUITIES)
    assert.equal(
      bits.reduce((sum, bit) => sum | bit, 0),
      bits.reduce((sum, bit) => sum + bit, 0),
    )
    assert.equal(ambiguityBits(['dot-segment']), 0)
  })
})

test('a path that a policy makes counts as normal exactly when a request with it would be read as it stands', () => {
  const head = new RequestHead()
  const piece = fc.constantFrom(
    '/',
    '//',
    'a',
    '.',
    '..',
    '%2F',
    '%2f',
    '%41',
    '%c3%a9',
    '%C3%A9',
    '%FF',
    '%25',
    '41',
    '%',
    ';a',
    '\\',
    '%5C',
    '~',
    ' ',
    '?',
    '#',
    '\r',
    'é',
    '"',
    '%00',
  )
  const bits = fc.subarray(Object.values(AMBIGUITIES)).map((all) => all.reduce<number>((sum, bit) => sum | bit, 0))
  let normal = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 7 }), bits, (pieces, allowed) => {
      const path = `/${pieces.join('')}`
      const bytes = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`, 'latin1')
      const end = readRequestHead(head, bytes, 0, bytes.length, { headBytes: 8192, targetBytes: 4096, fields: 10 })
      const same = end > 0 && head.path === path && head.queryStart < 0 && (head.ambiguities & ~allowed) === 0
      // A bare backslash is read, and would be respelled by nobody: what a policy makes has none.
      assert.equal(isNormalPath(path, allowed), same && !path.includes('\\'), JSON.stringify(path))
      if (same) normal++
    }),
    { numRuns: 5000 },
  )
  assert.ok(normal > 500, String(normal))
})
