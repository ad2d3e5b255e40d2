// Back-ups and the state of the system: how each operation is asked, by whom, and how it refuses.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BACK_UPS_MAX } from '../../../src/app/back-ups.ts'
import type { Scenarios } from '../scenario.ts'

const WRITERS = 'owner administrator admin token'

export const system: Scenarios = {
  takeBackUp: {
    may: WRITERS,
    good: () => ({ path: '/backups' }),
    refusals: {
      'under-way': (made) => {
        // Not waited for: it is under way while the request comes.
        void made.plane.services.backUps.take(1).catch(() => {})
        return { path: '/backups' }
      },
      'too-many': async (made) => {
        const taken = await made.plane.services.backUps.take(1)
        if ('refused' in taken) throw new Error(taken.refused)
        mkdirSync(taken.folder, { recursive: true })
        for (let i = 1; i < BACK_UPS_MAX; i++) {
          const file = join(taken.folder, `gatehouse-2026-01-01T00-00-00-${String(i).padStart(3, '0')}Z.jsonl`)
          writeFileSync(file, '')
          writeFileSync(`${file}.sha256`, `${'0'.repeat(64)}  x\n`)
        }
        return { path: '/backups' }
      },
    },
  },
  listBackUps: {
    may: WRITERS,
    good: async (made) => {
      await made.plane.services.backUps.take(1)
      return { path: '/backups' }
    },
    refusals: {},
  },
  getSystem: { may: 'owner administrator auditor viewer admin token', good: () => ({ path: '/system' }), refusals: {} },
}
