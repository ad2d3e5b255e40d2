// The world that attacks meet, new for each test, and what an attacker does in it: requests by hand, cookies in hand.
import assert from 'node:assert/strict'
import { afterEach, beforeEach } from 'node:test'
import { cookieName } from '../../src/people/cookies.ts'
import type { Sent, Told } from './control-client.ts'
import { type World, world } from './world.ts'

export let made: World
beforeEach(async () => {
  made = await world()
})
afterEach(async () => {
  assert.deepEqual(made.reports, [], 'no attack is a mistake of ours')
  await made.close()
})

export const send = (method: string, path: string, sent: Sent = {}): Promise<Told> => made.client.send(method, `/api/v1${path}`, sent)
export const cookiesOf = ({ headers }: Told): readonly string[] => (headers['set-cookie'] as unknown as readonly string[] | undefined) ?? []
export const cookieOf = (told: Told, name: 'session' | 'browser' | 'device'): string | undefined =>
  cookiesOf(told).flatMap((each) => (each.startsWith(`${cookieName(name, false)}=`) ? [each.slice(cookieName(name, false).length + 1).split(';')[0]!] : []))[0]
export const withSession = (secret: string, more: Record<string, string> = {}) => ({
  headers: { cookie: `${cookieName('session', false)}=${secret}`, ...more },
})
export const signIn = (mail: string, password: string, headers: Record<string, string> = {}) =>
  send('POST', '/session/password', { body: { mail, password }, headers })
export const minted = async (asker: 'owner' | 'administrator', permissions: readonly string[], more: object = {}): Promise<Told> =>
  made.as(asker, 'POST', '/tokens', { body: { name: 'ci', permissions, expires: new Date(made.plane.nowMs() + 60_000).toISOString(), ...more } })
export const person = (name: Parameters<World['personId']>[0], more = ''): string => `/people/${made.personId(name)}${more}`
