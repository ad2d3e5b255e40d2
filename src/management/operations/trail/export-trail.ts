// exportTrail: the whole trail as one file that anyone can verify without this Gatehouse. That somebody took it stands in it.
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Store } from '../../../ports/store.ts'
import { exportTrail as lines } from '../../../trail/export.ts'
import type { Trail } from '../../../trail/trail.ts'
import { defineOperation, done, refused } from '../../operation.ts'

export const exportTrail = defineOperation({
  name: 'exportTrail',
  resource: 'trail',
  method: 'POST',
  path: '/trail/export',
  summary: 'The whole trail as JSON lines, personal fields included, for `gatehouse trail verify`.',
  permission: 'trail:export',
  reach: 'all',
  media: 'application/jsonl; charset=utf-8',
  refusals: {
    'under-way': { status: 409, says: 'As many exports of the trail are being read as may be.', mend: 'Wait until one of them ends.' },
  },
  act: 'trail.export',
  recent: true,
  // Personal data: the answer is not kept for a repetition.
  secret: true,
  async run({ plane, nowMs }) {
    const { trail } = plane.services
    return (exportsUnderWay.get(trail) ?? 0) < EXPORTS_MAX ? done(exported(plane.store, trail, nowMs)) : refused('under-way')
  },
})

/** Each holds a view of the store for as long as it is read: more of them would leave nobody a view, and a slow one keeps the store from tidying up. */
export const EXPORTS_MAX = 2
const EXPORT_MS_MAX = 3_600_000
export const exportsUnderWay = new WeakMap<Trail, number>()

/**
 * Begins when it is first asked, after the act was committed. All of it is one view of the store: fields that are erased meanwhile would else be missing
 * without the entry that says so. A reader who takes nothing for ten seconds loses the view, and with it the connection.
 */
async function* exported(store: Store, trail: Trail, nowMs: number): AsyncGenerator<string> {
  const count = (more: 1 | -1): void => void exportsUnderWay.set(trail, (exportsUnderWay.get(trail) ?? 0) + more)
  const pipe = new PassThrough({ encoding: 'utf8' })
  const signal = AbortSignal.timeout(EXPORT_MS_MAX)
  count(1)
  store
    .read((reading) => pipeline(lines(trail, reading, nowMs), pipe, { signal }))
    .catch((cause: Error) => pipe.destroy(cause))
    .finally(() => count(-1))
  yield* pipe as AsyncIterable<string>
}
