// Names are read as RFC 9525 says, and nothing that a certificate can hold becomes a name that it does not have.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NameTable, namesOf, serverName } from './server-names.ts'

test('host names are compared in lower case and without the dot of the root; what is none is none', () => {
  for (const [text, name] of [
    ['Shop.Example.ORG', 'shop.example.org'],
    ['shop.example.org.', 'shop.example.org'],
    ['*.example.org', '*.example.org'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['_acme.example', '_acme.example'],
    ['', undefined],
    ['.', undefined],
    ['a..b', undefined],
    ['*', undefined],
    ['*.', undefined],
    ['a.*.b', undefined],
    ['w*.example.org', undefined],
    ['-a.example', undefined],
    ['a.example-', undefined],
    ['bücher.example', undefined],
    ['a b', undefined],
    ['a\0.example', undefined],
    [`${'a'.repeat(64)}.example`, undefined],
    [Array(128).fill('a').join('.'), undefined],
  ] as const)
    assert.equal(serverName(text), name, JSON.stringify(text))
})

test('names and addresses are taken from subjectAltName; the rest of it, and what is quoted, is not', () => {
  for (const [text, names] of [
    [undefined, []],
    ['DNS:a.example, DNS:B.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1', ['a.example', 'b.example', '192.0.2.1', '2001:db8::1']],
    ['email:x@a.example, URI:https://a.example/, DirName:CN = a', []],
    ['DNS:"good.example, DNS:evil.example", DNS:b.example', ['b.example']],
    [String.raw`DNS:"x\", DNS:evil.example", DNS:b.example`, ['b.example']],
    ['DNS:a.example, DNS:a.example', ['a.example']],
    ['DNS:"open, DNS:evil.example', []],
  ] as const)
    assert.deepEqual(namesOf(text), names, String(text))
})

test('an exact name comes before a wildcard, and a wildcard stands for one label and no more', () => {
  const table = new NameTable<string>()
  table.add('*.example.org', 'wild')
  table.add('shop.example.org', 'exact')
  table.add('shop.example.org', 'second')
  table.add('localhost', 'local')
  for (const [name, value] of [
    ['shop.example.org', 'exact'],
    ['bank.example.org', 'wild'],
    ['a.bank.example.org', undefined],
    ['example.org', undefined],
    ['.example.org', undefined],
    ['localhost', 'local'],
    ['org', undefined],
    ['', undefined],
  ] as const)
    assert.equal(table.find(name), value, name)
})
