// Holds the verifier to every octet of an export.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as assertProperty, asyncProperty, integer } from 'fast-check'
import { exportText, trailHouse, verdictOf } from '../../test/support/trail-house.ts'

test('one changed octet anywhere in an export is a fault', async () => {
  const octets = Buffer.from(await exportText(await trailHouse()))
  await assertProperty(
    asyncProperty(integer({ min: 0, max: octets.length - 1 }), integer({ min: 1, max: 255 }), async (at, bits) => {
      const changed = Buffer.from(octets)
      changed[at]! ^= bits
      const verdict = await verdictOf(changed)
      // Signatures of witnesses whose keys nobody brought are passed over, and so is when the file was written.
      const isCosignature = at > octets.indexOf('witness.example') - 5 && at < octets.indexOf('"kind":"end"') - 10
      const isWhenWritten = at > octets.indexOf('"written"') && at < octets.indexOf(10)
      if (!verdict.ok || isCosignature || isWhenWritten) return
      assert.fail(`octet ${at} became ${changed[at]}`)
    }),
    { numRuns: 400 },
  )
})
