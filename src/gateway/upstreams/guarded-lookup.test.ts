// No upstream leads to the link-local addresses that hold a cloud's metadata, however they are written.
import assert from 'node:assert/strict'
import type { LookupFunction } from 'node:net'
import { describe, test } from 'node:test'
import { guardedLookup, isForbiddenUpstream, lookupWithin, systemLookup } from './guarded-lookup.ts'

for (const address of [
  '169.254.169.254',
  '169.254.0.1',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  'fe80::1',
  'fd00:ec2::254',
  '64:ff9b::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
  '168.63.129.16',
]) {
  test(`${address} is forbidden`, () => assert.ok(isForbiddenUpstream(address)))
}
for (const address of ['169.253.255.255', '127.0.0.1', '10.0.0.1', '::1', 'fd00:ec2::255', 'a.example']) {
  test(`${address} is not`, () => assert.equal(isForbiddenUpstream(address), false))
}

const onSystem = guardedLookup(systemLookup)
const asked = (look: LookupFunction, name: string, all = true): Promise<string> =>
  new Promise((resolve) => look(name, { all }, (error, address) => resolve(error?.code ?? JSON.stringify(address))))

test('a name that resolves to a forbidden address fails, and one that does not is resolved', async () => {
  assert.equal(await asked(onSystem, '169.254.169.254'), 'EACCES')
  assert.match(await asked(onSystem, '127.0.0.1'), /127\.0\.0\.1/)
  assert.equal(await asked(onSystem, '127.0.0.1', false), '"127.0.0.1"')
})

describe('what an upstream of the console leads to', () => {
  const nowhere = lookupWithin(systemLookup, [])
  const vectors: [address: string, expected: RegExp][] = [
    ['127.0.0.1', /^EACCES$/],
    ['::1', /^EACCES$/],
    ['10.1.2.3', /^EACCES$/],
    ['::ffff:10.1.2.3', /^EACCES$/],
    ['64:ff9b::a01:203', /^EACCES$/],
    ['fd12::1', /^EACCES$/],
    ['169.254.169.254', /^EACCES$/],
    ['0.0.0.0', /^EACCES$/],
    ['192.0.3.1', /192\.0\.3\.1/],
    ['2600::1', /2600::1/],
  ]
  for (const [address, expected] of vectors)
    test(`${address} is ${expected.source === '^EACCES$' ? 'not ' : ''}reached`, async () => assert.match(await asked(nowhere, address), expected))

  test('a private network that the file allows is reached, and the metadata service not even then', async () => {
    const some = lookupWithin(systemLookup, ['127.0.0.0/8', '169.254.0.0/16'])
    assert.match(await asked(some, '127.0.0.1'), /127\.0\.0\.1/)
    assert.equal(await asked(some, '10.1.2.3'), 'EACCES')
    assert.equal(await asked(some, '169.254.169.254'), 'EACCES')
  })
  test('a name of this machine is judged by what it leads to', async () => {
    assert.equal(await asked(nowhere, 'localhost'), 'EACCES')
    const onlyIpv4 = JSON.parse(await asked(lookupWithin(systemLookup, ['127.0.0.0/8']), 'localhost')) as { address: string }[]
    assert.deepEqual([...new Set(onlyIpv4.map(({ address }) => address))], ['127.0.0.1'])
  })
})
