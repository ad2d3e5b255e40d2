// The store in memory passes what every store owes.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { storeConformance } from '../../ports/conformance/store.ts'
import { MemoryStore } from './store.ts'

describe('the store in memory', () => {
  const tests = storeConformance({ open: async (options) => new MemoryStore(options), sequences: 500 })
  it('ran the whole suite of the port', () => assert.equal(tests, 20))
})
