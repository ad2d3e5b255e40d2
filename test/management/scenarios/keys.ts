// Keys: how each operation is asked, by whom, and how it refuses.
import { createKey } from '../../../src/directory/keys.ts'
import type { Scenarios } from '../scenario.ts'

export const keys: Scenarios = {
  createKey: {
    may: 'owner administrator admin token',
    good: () => ({ path: '/consumers/filed/keys', body: { label: 'build server' } }),
    refusals: {
      'unknown-consumer': () => ({ path: '/consumers/none/keys', body: {} }),
      'bad-expiry': () => ({ path: '/consumers/filed/keys', body: { expires: '2020-01-01T00:00:00Z' } }),
      'too-many-keys': async ({ plane, directory }) => {
        const act = { by: 'system', nowMs: plane.nowMs() }
        await plane.store.write(async (writing) => {
          for (let i = 0; i < 100; i++) await createKey(writing, { digests: directory.digests }, act, directory.file, 'filed')
        })
        return { path: '/consumers/filed/keys', body: {} }
      },
    },
  },
}
