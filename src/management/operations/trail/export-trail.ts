// exportTrail: the whole trail as one file that anyone can verify without this Gatehouse. That somebody took it stands in it.
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Store } from '../../../ports/store.ts'
import { exportTrail as lines } from '../../../trail/export.ts'
import type { Trail } from '../../../trail/trail.ts'
import { defineOperation, done } from '../../operation.ts'

export const exportTrail = defineOperation({
  name: 'exportTrail',
  resource: 'trail',
  method: 'POST',
  path: '/trail/export',
  summary: 'The whole trail as JSON lines, personal fields included, for `gatehouse trail verify`.',
  permission: 'trail:export',
  reach: 'all',
  media: 'application/jsonl; charset=utf-8',
  refusals: {},
  act: 'trail.export',
  recent: true,
  // Personal data: the answer is not kept for a repetition.
  secret: true,
  run: async ({ plane, nowMs }) => done(exported(plane.store, plane.services.trail, nowMs)),
})

/**
 * Begins when it is first asked, after the act was committed. All of it is one view of the store: fields that are erased meanwhile would else be missing
 * without the entry that says so. A reader who takes nothing for ten seconds loses the view, and with it the connection.
 */
async function* exported(store: Store, trail: Trail, nowMs: number): AsyncGenerator<string> {
  const pipe = new PassThrough({ encoding: 'utf8' })
  store.read((reading) => pipeline(lines(trail, reading, nowMs), pipe)).catch((cause: Error) => pipe.destroy(cause))
  yield* pipe as AsyncIterable<string>
}
