// No upstream leads to the link-local addresses that hold a cloud's metadata, however they are written.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guardedLookup, isForbiddenUpstream } from './guarded-lookup.ts'

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

test('a name that resolves to a forbidden address fails, and one that does not is resolved', async () => {
  const ask = (name: string): Promise<string> =>
    new Promise((resolve) => guardedLookup(name, { all: true }, (error, address) => resolve(error?.code ?? JSON.stringify(address))))
  assert.equal(await ask('169.254.169.254'), 'EACCES')
  assert.match(await ask('127.0.0.1'), /127\.0\.0\.1/)
})
