// What is good once, asked for many times at one moment: each with how often it may be granted.
import type { Told } from '../../management/control-client.ts'
import { codeOf } from '../../support/people-room.ts'
import type { Siege } from './siege.ts'

export interface RaceAttack {
  readonly name: string
  /** What one of those who race asks; `i` is which. What must be there first is there when this is answered. */
  prepare(siege: Siege, known: Known): Promise<(i: number) => Promise<Told>>
  /** How many of all may succeed. */
  readonly granted: number
}
/** Whom the attacks before left behind. */
export interface Known {
  mail: string
  password: string
  link: string
  seed: string
  recoveryCodes: readonly string[]
  /** Whatever was told once, and must stand nowhere else. */
  readonly secrets: string[]
}
export const RACERS = 8

const keep = (known: Known, told: Told, ...members: readonly string[]): Told => {
  for (const member of members) {
    const value = told.json?.[member]
    if (typeof value === 'string') known.secrets.push(value)
  }
  return told
}
const post = (path: string, body: object = {}, headers: Record<string, string> = {}) => ({
  prepare: async (siege: Siege, known: Known) => async () => keep(known, await siege.ask('POST', path, { body, headers }), 'secret'),
})
/** Somebody new, who has shown the password and is asked for a code. */
async function ticketed(siege: Siege, { mail, password }: Known) {
  const browser = siege.browser()
  const { json } = await browser.send('POST', '/session/password', { mail, password })
  return { browser, ticket: String(json!['ticket']) }
}

export const raceAttacks: readonly RaceAttack[] = [
  {
    name: 'one invitation',
    granted: 1,
    async prepare(siege, known) {
      const told = await siege.ask('POST', '/owner', { body: { name: 'Ada', mail: known.mail } })
      known.link = String(keep(known, told, 'secret').json!['secret'])
      return async (i) => {
        const password = `${known.password} ${i}`
        const browser = siege.browser()
        const redeemed = await browser.send('POST', '/links/redemption', { secret: known.link, password })
        if (redeemed.status === 200) Object.assign(known, { password, browser })
        return redeemed
      }
    },
  },
  {
    name: 'the confirmation of one authenticator app',
    granted: 1,
    async prepare(_, known) {
      const { browser } = known as Known & { browser: ReturnType<Siege['browser']> }
      known.seed = String(keep(known, await browser.send('POST', '/own/totp'), 'seed').json!['seed'])
      const code = codeOf(known.seed, Date.now())
      return async () => {
        const confirmed = await browser.send('POST', '/own/totp/confirmation', { code })
        const codes = confirmed.json?.['recoveryCodes']
        if (Array.isArray(codes)) known.secrets.push(...(known.recoveryCodes = codes as string[]))
        return confirmed
      }
    },
  },
  {
    name: 'one recovery code',
    granted: 1,
    async prepare(siege, known) {
      const { browser, ticket } = await ticketed(siege, known)
      return () => browser.send('POST', '/session/code', { ticket, code: known.recoveryCodes[0]! })
    },
  },
  {
    name: 'the code of an app that was used to confirm it',
    granted: 0,
    async prepare(siege, known) {
      const { browser, ticket } = await ticketed(siege, known)
      const code = codeOf(known.seed, Date.now())
      // Used up, if the clock has gone on since.
      await browser.send('POST', '/session/code', { ticket, code })
      const again = await ticketed(siege, known)
      return () => again.browser.send('POST', '/session/code', { ticket: again.ticket, code })
    },
  },
  {
    name: 'one key, replaced',
    granted: 1,
    async prepare(siege, known) {
      const { json } = keep(known, await siege.ask('POST', '/consumers/filed/keys', { body: {} }), 'secret')
      const { id } = json!['key'] as { id: string }
      return async () => keep(known, await siege.ask('POST', `/keys/${id}/rotate`, { body: { overlapSeconds: 60 } }), 'secret')
    },
  },
  {
    name: 'one draft, published',
    granted: 1,
    async prepare(siege) {
      const { id } = (await siege.ask('POST', '/drafts', { body: { message: 'a race' } })).json as { id: string }
      await siege.ask('PUT', `/drafts/${id}/objects/api/race`, { body: { value: { path: '/race', upstream: 'http://race.example', public: true } } })
      return () => siege.ask('POST', `/drafts/${id}/publish`, { body: {} })
    },
  },
  {
    name: 'one state of an object in a draft',
    granted: 1,
    async prepare(siege) {
      const { id } = (await siege.ask('POST', '/drafts', { body: { message: 'a race' } })).json as { id: string }
      const headers = { 'if-match': '"absent"' }
      return (i) => siege.ask('PUT', `/drafts/${id}/objects/api/lost`, { headers, body: { value: { path: `/${i}`, upstream: 'http://race.example' } } })
    },
  },
  { name: 'one name', granted: 1, ...post('/consumers', { name: 'one' }) },
  { name: 'an act without a secret, with one key of idempotency', granted: RACERS, ...post('/teams', { name: 'once' }, { 'idempotency-key': 'a' }) },
  { name: 'an act with a secret, with one key of idempotency', granted: 1, ...post('/consumers/filed/keys', { label: 'b' }, { 'idempotency-key': 'b' }) },
  { name: 'other contents under a key of idempotency that was used', granted: 0, ...post('/teams', { name: 'twice' }, { 'idempotency-key': 'a' }) },
]
