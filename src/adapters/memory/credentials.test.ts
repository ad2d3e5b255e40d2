// The directory in memory finds what is there and valid, and forgets what a new one does not hold.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryCredentials } from './credentials.ts'

const acme = { name: 'acme', apis: ['shop'] }

test('a key is found until it expires, and only while its consumer is there', () => {
  const credentials = new MemoryCredentials()
  credentials.replace({
    consumers: [acme],
    keys: [
      { digest: 'a', consumer: 'acme', expiresMs: 1000 },
      { digest: 'b', consumer: 'acme' },
      { digest: 'c', consumer: 'gone' },
    ],
  })
  assert.equal(credentials.findKey('a', 999)?.consumer, acme)
  assert.equal(credentials.findConsumer('acme'), acme)
  assert.equal(credentials.findConsumer('nobody'), undefined)
  assert.equal(credentials.findKey('a', 1000), undefined)
  assert.equal(credentials.findKey('b', Number.MAX_SAFE_INTEGER)?.key.digest, 'b')
  assert.equal(credentials.findKey('c', 0), undefined)
  assert.equal(credentials.findKey('__proto__', 0), undefined)
})

test('added keys are found at once, and a new directory replaces all of it', () => {
  const credentials = new MemoryCredentials()
  credentials.replace({ consumers: [acme], keys: [] })
  credentials.add([{ digest: 'd', consumer: 'acme' }])
  assert.ok(credentials.findKey('d', 0))
  credentials.replace({ consumers: [acme], keys: [{ digest: 'e', consumer: 'acme' }] })
  assert.equal(credentials.findKey('d', 0), undefined)
  assert.ok(credentials.findKey('e', 0))
})
