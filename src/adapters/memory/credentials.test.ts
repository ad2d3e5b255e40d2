// The directory in plain memory passes what every adapter owes.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { credentialsConformance } from '../../ports/conformance/credentials.ts'
import { MemoryCredentials } from './credentials.ts'

describe('credentials in plain memory', () => {
  const tests = credentialsConformance(() => {
    const credentials = new MemoryCredentials()
    return { credentials, writer: credentials }
  })
  it('ran the whole suite of the port', () => assert.equal(tests, 11))
})
