// What is kept of bodies that come octet by octet costs as much as what comes in one piece.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Retries } from '../../model/resilience.ts'
import { Exchange } from '../../pipeline/exchange.ts'
import type { LiveResilience } from '../upstreams/live-resilience.ts'
import { Attempts } from './attempts.ts'
import { EarlyBody } from './early-body.ts'

const OCTETS = 1024 * 1024

test('a megabyte that comes octet by octet is kept for another try, whole and in time', { timeout: 20_000 }, () => {
  const settings = { attempts: 1, on: ['connect'], methods: [], bodyBytes: OCTETS } as unknown as Retries
  const attempts = new Attempts()
  attempts.begin(new Exchange(), { budget: { earn() {} } } as unknown as LiveResilience, settings, false)
  const part = Buffer.alloc(1)
  for (let i = 0; i < OCTETS; i++) {
    part[0] = i
    attempts.keep(part, 0, 1, true)
  }
  const kept = attempts.takeKept()!
  assert.equal(kept.length, OCTETS)
  for (let i = 0; i < OCTETS; i += 997) assert.equal(kept[i], i & 255)
  assert.equal(attempts.takeKept(), undefined)
  const early = new EarlyBody()
  early.begin(false)
  early.put(kept, 0, 10)
  assert.ok(early.hasRoom)
  early.put(kept, 10, OCTETS)
  assert.ok(!early.hasRoom)
  assert.deepEqual(early.take(), kept)
  assert.equal(early.take(), undefined)
})
