// Certificates by ACME: how each operation is asked, by whom, and how it refuses.
import { certificates, type NameState, nameStates } from '../../../src/acme/records.ts'
import { compromised } from '../../../src/acme/revocation.ts'
import type { Scenarios } from '../scenario.ts'
import type { World } from '../world.ts'

const PATH = '/acme/certificates/shop.example/renew'
const REVOKE = '/acme/certificates/shop.example/revoke'
const issue = (made: World): Promise<void> =>
  made.plane.store.write(async (writing) => {
    const times = { validFromMs: 0, issuedMs: 0, renewMs: made.plane.nowMs() + 60_000, expiresMs: made.plane.nowMs() + 120_000 }
    writing.put(certificates, 'shop.example', { directory: 'https://acme.example/directory', chain: '', sealed: '', ...times })
  })
const put = (made: World, state: Partial<NameState> = {}): Promise<void> =>
  made.plane.store.write(async (writing) => writing.put(nameStates, 'shop.example', { name: 'shop.example', wantedMs: 0, nextMs: 0, failures: 0, ...state }))

export const acme: Scenarios = {
  listAcmeCertificates: {
    may: 'owner administrator auditor viewer admin token',
    good: async (made) => {
      await put(made, { failures: 2, why: 'the proof by http-01 was refused', failedMs: made.plane.nowMs() - 1000, nextMs: made.plane.nowMs() + 60_000 })
      return { path: '/acme/certificates' }
    },
    refusals: {},
  },
  renewAcmeCertificate: {
    may: 'owner administrator admin token',
    good: async (made) => {
      await put(made)
      return { path: PATH }
    },
    refusals: {
      'under-way': async (made) => {
        await put(made, { lease: { node: 'node_other', untilMs: made.plane.nowMs() + 60_000 } })
        return { path: PATH }
      },
      held: async (made) => {
        await put(made, { heldUntilMs: made.plane.nowMs() + 60_000 })
        return { path: PATH }
      },
    },
  },
  revokeAcmeCertificate: {
    may: 'owner administrator admin token',
    good: async (made) => {
      await put(made)
      await issue(made)
      return { path: REVOKE }
    },
    refusals: {
      'under-way': async (made) => {
        await put(made, { lease: { node: 'node_other', untilMs: made.plane.nowMs() + 60_000 } })
        return { path: REVOKE }
      },
      none: async (made) => {
        await put(made)
        return { path: REVOKE }
      },
      begun: async (made) => {
        await put(made)
        await issue(made)
        await made.plane.store.write((writing) => compromised(writing, 'shop.example'))
        return { path: REVOKE }
      },
    },
  },
}
