// A request is for one host, written as a host is written, or it is refused.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RequestHead, readRequestHead } from './request-head.ts'

/** The host name that is routed by; undefined when the request is refused. */
function hostOf(fields: string, target = '/', version = '1.1'): string | undefined {
  const bytes = Buffer.from(`GET ${target} HTTP/${version}\r\n${fields}\r\n`, 'latin1')
  const head = new RequestHead()
  return readRequestHead(head, bytes, 0, bytes.length, { headBytes: 8192, targetBytes: 4096, fields: 10 }) > 0 ? head.hostName : undefined
}

describe('the host', () => {
  const cases: [value: string, name: string | undefined][] = [
    ['a.example', 'a.example'],
    ['A.Example.', 'a.example'],
    ['a:80', 'a'],
    ['a:', 'a'],
    ['a:65535', 'a'],
    ['127.0.0.1:8080', '127.0.0.1'],
    ['[::1]:8080', '[::1]'],
    ['[2001:DB8::1]', '[2001:db8::1]'],
    ['a_b', 'a_b'],
    ['', undefined],
    [':80', undefined],
    ['.a', undefined],
    ['a:65536', undefined],
    ['a:8a', undefined],
    ['a:1:2', undefined],
    ['a b', undefined],
    ['a/b', undefined],
    ['a@b', undefined],
    ['a,b', undefined],
    ['a%41', undefined],
    ['[::1', undefined],
    ['[1.2.3.4]', undefined],
    ['[::1]x', undefined],
    ['ü', undefined],
    ['a'.repeat(256), undefined],
  ]
  for (const [value, name] of cases) test(`${value.slice(0, 40)} is ${name ?? 'refused'}`, () => assert.equal(hostOf(`Host: ${value}\r\n`), name))

  test('of an absolute target and of the field must agree, but for case and the default port', () => {
    assert.equal(hostOf('Host: a.example\r\n', 'http://A.example:80/x'), 'a.example')
    assert.equal(hostOf('Host: a.example\r\n', 'http://b.example/'), undefined)
    assert.equal(hostOf('Host: a.example:81\r\n', 'http://a.example/'), undefined)
    assert.equal(hostOf('Host: a.example\r\n', 'http:///x'), undefined)
  })
  test('may be missing in HTTP/1.0 only', () => {
    assert.equal(hostOf('', '/', '1.0'), '')
    assert.equal(hostOf('', '/', '1.1'), undefined)
    assert.equal(hostOf('', 'http://a/', '1.0'), 'a')
  })
})
