// Named secrets: how each operation is asked, by whom, and how it refuses.
import { Secret } from '../../../src/base/secret.ts'
import { openDraft } from '../../../src/catalog/revisions/drafts.ts'
import { putSecret } from '../../../src/secrets/named-secrets.ts'
import type { Scenarios } from '../scenario.ts'
import type { World } from '../world.ts'

const WRITERS = 'owner administrator admin token'
const READERS = 'owner administrator auditor admin token'
export const put = ({ plane }: World, name: string) =>
  plane.store.write((writing) => putSecret(writing, plane.services.envelope, { name, value: new Secret('hunter2'), by: 'person_x', nowMs: plane.nowMs() }))
const any = { headers: { 'if-match': '*' } }
const smtp = async (made: World, rest = '') => {
  await put(made, 'smtp')
  return { ...any, path: `/secrets/smtp${rest}` }
}

export const secrets: Scenarios = {
  listSecrets: {
    may: READERS,
    good: async (made) => {
      await put(made, 'smtp')
      return { path: '/secrets' }
    },
    refusals: {},
  },
  getSecret: { may: READERS, good: async (made) => ({ path: (await smtp(made)).path }), refusals: {} },
  putSecret: {
    may: WRITERS,
    good: () => ({ path: '/secrets/smtp', headers: { 'if-match': '"absent"' }, body: { value: 'hunter2', granted: { people: [], teams: ['reds'] } } }),
    refusals: { 'too-long': () => ({ ...any, path: '/secrets/smtp', body: { value: 'ü'.repeat(40_000) } }) },
  },
  grantSecret: { may: WRITERS, good: async (made) => ({ ...(await smtp(made, '/grants')), body: { people: [], teams: ['reds'] } }), refusals: {} },
  removeSecret: {
    may: WRITERS,
    good: (made) => smtp(made),
    refusals: {
      'in-use': async (made) => {
        const value = { path: '/plums', upstream: 'http://plums.example', public: true, hooks: { secret: { secret: 'smtp' } } }
        const author = { kind: 'person', id: 'person_x' } as const
        const draft = { id: 'draft_1', author, message: 'hooks', nowMs: 1, changes: [{ kind: 'api', name: 'plums', value }] }
        const opened = await made.store.write((writing) => openDraft(writing, draft))
        if ('refused' in opened) throw new Error(JSON.stringify(opened))
        return smtp(made)
      },
    },
  },
}
