// Cookies: what is written and what is read.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cookieName, readCookie, writeCookie } from './cookies.ts'

describe('cookies', () => {
  it('are hardened: the prefix that binds them to this host, Secure, HttpOnly, SameSite, the whole path', () => {
    assert.equal(writeCookie('session', 'abc', true), '__Host-gatehouse-session=abc; Path=/; HttpOnly; SameSite=Strict; Secure')
    assert.equal(writeCookie('browser', 'abc', true, 600), '__Host-gatehouse-browser=abc; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=600')
    assert.equal(writeCookie('session', '', true, 0), '__Host-gatehouse-session=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0')
  })

  it('on loopback without TLS have another name, so that neither kind is read as the other', () => {
    assert.equal(writeCookie('session', 'abc', false), 'gatehouse-session=abc; Path=/; HttpOnly; SameSite=Strict')
    assert.equal(readCookie('gatehouse-session=abc', 'session', true), undefined)
    assert.equal(readCookie('__Host-gatehouse-session=abc', 'session', false), undefined)
  })

  it('cannot be given attributes or second cookies by their value', () => {
    for (const value of ['a; Domain=evil.example', 'a\r\nSet-Cookie: b=c', 'a,b', 'a b', 'ä', '"a"', 'a'.repeat(257)])
      assert.throws(() => writeCookie('session', value, true))
  })

  it('are read strictly', () => {
    const name = cookieName('session', true)
    const cases: readonly (readonly [field: string | undefined, value: string | undefined])[] = [
      [`${name}=abc`, 'abc'],
      [`a=b; ${name}=abc; c=d`, 'abc'],
      [`a=b;${name}=a-b_c.d`, 'a-b_c.d'],
      [undefined, undefined],
      ['', undefined],
      [name, undefined],
      [`${name}=`, undefined],
      [`${name}=abc; ${name}=def`, undefined],
      [`${name}=abc; ${name}=abc`, undefined],
      [`${name}="abc"`, undefined],
      [`${name}=a%62c`, undefined],
      [`${name}=a b`, undefined],
      [`${name}=a,b`, undefined],
      [`${name}=a=b`, undefined],
      [`x${name}=abc`, undefined],
      [`${name.toLowerCase()}=abc`, undefined],
      [`a="; ${name}=abc"`, undefined],
      [`${name}=${'a'.repeat(257)}`, undefined],
      [`a=${'b'.repeat(9000)}; ${name}=abc`, undefined],
    ]
    let ran = 0
    for (const [field, value] of cases) {
      assert.equal(readCookie(field, 'session', true), value, String(field).slice(0, 60))
      ran++
    }
    assert.equal(ran, 19)
  })
})
