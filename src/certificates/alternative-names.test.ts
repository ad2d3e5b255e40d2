// Alternative names have one spelling, out of a certificate and out of a file.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alternativeNames, normalAlternativeName } from './alternative-names.ts'
import { DerCursor, readingDer } from './der.ts'

const names = (...pairs: readonly (readonly [tag: number, value: string | Buffer])[]): string[] | undefined =>
  readingDer(() =>
    alternativeNames(
      new DerCursor(
        Buffer.concat(pairs.map(([tag, value]) => Buffer.concat([Buffer.of(tag, Buffer.from(value as string).length), Buffer.from(value as string)]))),
      ),
    ),
  )

test('of a certificate: hosts and mail hosts in lower case, the rest as it is; kinds that nobody is known by are left out', () => {
  assert.deepEqual(
    names([0x82, 'Client.Example'], [0x81, 'Bill@ACME.example'], [0x86, 'spiffe://Acme/Billing'], [0x87, Buffer.of(192, 0, 2, 1)], [0x88, 'oid']),
    ['dns:client.example', 'email:Bill@acme.example', 'uri:spiffe://Acme/Billing', 'ip:192.0.2.1'],
  )
  assert.deepEqual(names([0x87, Buffer.from('20010db8000000000000000000000001', 'hex')]), ['ip:2001:db8::1'])
})
test('that could be read in two ways make no certificate', () => {
  for (const name of [
    [0x82, ''],
    [0x82, 'a.example\0.evil'],
    [0x82, 'a b'],
    [0x86, 'é'],
    [0x87, 'abc'],
    [0x81, 'a@b\n'],
  ] as const)
    assert.equal(names(name), undefined, JSON.stringify(name))
})
test('as people write them become the same', () => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ['dns:Client.Example', 'dns:client.example'],
    ['DNS:client.example.', 'dns:client.example'],
    ['email:Bill@ACME.example', 'email:Bill@acme.example'],
    ['uri:spiffe://Acme/Billing', 'uri:spiffe://Acme/Billing'],
    ['ip:2001:DB8:0::1', 'ip:2001:db8::1'],
    ['ip:192.0.2.1', 'ip:192.0.2.1'],
    ['client.example', undefined],
    ['dns:', undefined],
    ['dns:a b', undefined],
    ['email:acme', undefined],
    ['uri:acme', undefined],
    ['ip:1.2.3', undefined],
    ['rid:1.2', undefined],
  ]
  for (const [written, normal] of table) assert.equal(normalAlternativeName(written), normal, written)
  assert.equal(table.length, 13)
})
