// The witness: how each operation is asked, by whom, and how it refuses.

import { MemoryStore } from '../../../src/adapters/memory/store.ts'
import { formatNoteKey, LOG_KEY, noteSigner, WITNESS_KEY } from '../../../src/trail/note-key.ts'
import { Trail } from '../../../src/trail/trail.ts'
import { LOGS_MAX, WITNESSED_LOGS, Witness } from '../../../src/trail/witness.ts'
import { formatAddCheckpoint } from '../../../src/trail/witness-request.ts'
import { testEnvelope } from '../../support/envelope.ts'
import { EVERYBODY, type Scenarios } from '../scenario.ts'
import type { World } from '../world.ts'

const follow = ({ plane }: World, key: string) => plane.store.write((writing) => new Witness(plane.services.envelope).follow(writing, key))
const logKey = (seed: number): string => formatNoteKey(noteSigner('log.example', LOG_KEY, new Uint8Array(32).fill(seed)).key)
const text = (body: string) => ({ path: '/witness/add-checkpoint', headers: { 'content-type': 'text/plain' }, body })

/** A checkpoint of a log of somebody else's, and its key. */
async function foreign(entries = 1) {
  const [store, trail] = [new MemoryStore(), new Trail(testEnvelope(), async () => {})]
  const event = { act: 'key.create', actor: { kind: 'system', id: 'system' }, outcome: 'done' } as const
  for (let i = 0; i < entries; i++) await store.write((writing) => trail.append(writing, event, 1))
  const checkpoint = (await store.write((writing) => trail.checkpoint(writing)))!
  const key = await store.read(async (reading) => (await reading.scan<{ key: string }>({ name: 'trail-key' }, { limit: 1 }))[0]!.value.key)
  return { checkpoint, key }
}

export const witness: Scenarios = {
  getWitness: {
    may: 'owner administrator auditor admin token',
    good: async (made) => {
      await follow(made, logKey(1))
      return { path: '/witness' }
    },
    refusals: {},
  },
  followLog: {
    may: 'owner administrator admin token',
    good: () => ({ path: '/witness/logs', body: { key: logKey(1) } }),
    refusals: {
      'not-a-log-key': () => ({ path: '/witness/logs', body: { key: formatNoteKey(noteSigner('w.example', WITNESS_KEY, new Uint8Array(32).fill(1)).key) } }),
      'too-many-logs': async (made) => {
        await made.plane.store.write(async (writing) => {
          for (let n = 0; n < LOGS_MAX; n++) writing.put(WITNESSED_LOGS, `log-${n}`, { origin: `log-${n}`, keys: [], size: 0 })
        })
        return { path: '/witness/logs', body: { key: logKey(1) } }
      },
      'too-many-keys': async (made) => {
        for (let seed = 1; seed <= 16; seed++) await follow(made, logKey(seed))
        return { path: '/witness/logs', body: { key: logKey(17) } }
      },
    },
  },
  addWitnessedCheckpoint: {
    may: EVERYBODY,
    good: async (made) => {
      const { checkpoint, key } = await foreign()
      await follow(made, key)
      return text(formatAddCheckpoint({ old: 0, proof: [], checkpoint }))
    },
    refusals: {
      malformed: () => text('old news'),
      'not-followed': async () => text(formatAddCheckpoint({ old: 0, proof: [], checkpoint: (await foreign()).checkpoint })),
      'not-signed': async (made) => {
        const { checkpoint } = await foreign()
        await follow(made, formatNoteKey(noteSigner(checkpoint.origin, LOG_KEY, new Uint8Array(32).fill(9)).key))
        return text(formatAddCheckpoint({ old: 0, proof: [], checkpoint }))
      },
      'does-not-continue': async (made) => {
        const { checkpoint, key } = await foreign()
        await follow(made, key)
        return text(formatAddCheckpoint({ old: 0, proof: [Buffer.alloc(32)], checkpoint }))
      },
    },
  },
}
