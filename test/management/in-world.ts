// A test that has a whole control plane to itself, and ends without a mistake of ours.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type World, world } from './world.ts'

export const inWorld = (name: string, work: (made: World) => Promise<void>): void =>
  void test(name, async () => {
    const made = await world()
    try {
      await work(made)
      assert.deepEqual(made.reports, [])
    } finally {
      await made.close()
    }
  })
