// Where a sign-in returns to is a path of ours.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { localPath } from './return-path.ts'

const OURS = [
  '/',
  '/apis',
  '/apis/bookshop?tab=versions',
  '/trail#entry-7',
  '/a/b/c?x=1&y=2#z',
  '/apis?next=https://example.org/',
  '/search?q=%2F%2Fevil',
  '/caf%C3%A9',
]
const FOREIGN = [
  '//evil.example',
  '///evil.example',
  '////evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\\/evil.example',
  '\\/evil.example',
  'https://evil.example',
  'https:evil.example',
  'https:/evil.example',
  'HTTPS://evil.example',
  'http:evil',
  'javascript:alert(1)',
  'data:text/html,x',
  'evil.example',
  'evil',
  '',
  ' /',
  ' //evil.example',
  '\t//evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r\n//evil.example',
  '/\u0000/evil.example',
  '/%2f/evil.example',
  '/%2F%2Fevil.example',
  '/%5cevil.example',
  '/%5C%5Cevil.example',
  '/%252fevil.example',
  '/%09/evil.example',
  '/%0d%0aLocation:%20https://evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/a/..//evil.example',
  '/./evil',
  '/../evil',
  '/%2e%2e//evil',
  '/%2e/evil',
  '/@evil.example',
  '//user@evil.example',
  '/:80',
  '/a//b',
  '?next=/',
  '#x',
  '.',
  '..',
  './x',
  '/;@evil.example',
  '/\u2028/evil',
  '/\uff0f\uff0fevil',
  '/\u3002',
  '/a\\b',
  '/%',
  '/%zz',
  '/?\\\\evil',
  `/${'a'.repeat(1024)}`,
  'blob:https://console.example/x',
  '/%00',
  '/a b',
]

describe('the return path', () => {
  it('leads to our own pages', () => {
    for (const path of OURS) assert.equal(localPath(path), path)
    assert.equal(OURS.length, 8)
  })

  it('leads nowhere else, however that is written', () => {
    for (const path of FOREIGN) assert.equal(localPath(path), undefined, JSON.stringify(path))
    assert.ok(FOREIGN.length >= 55)
  })

  it('whatever is let through stays on the origin it is read on', () => {
    const pieces = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '%2f',
      '%5c',
      '@',
      ':',
      '?',
      '#',
      'evil.example',
      'a',
      '\t',
      '\n',
      ' ',
      '//',
      'https:',
      '%2e',
      ';',
      '\u00a0',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const path = localPath(`/${parts.join('')}`)
        if (path === undefined) return
        for (const origin of ['https://console.example', 'http://127.0.0.1:8081']) assert.equal(new URL(path, origin).origin, origin)
        assert.equal(localPath(path), path)
      }),
      { numRuns: 3000 },
    )
  })
})
