// Account: one's own password, app, passkeys and recovery codes; and coming in by a link.
import { PASSWORDS } from '../../../src/people/factors.ts'
import { momentOf } from '../../../src/people/means.ts'
import { passkeyRegistration } from '../../../src/people/passkeys.ts'
import { issueRecovery } from '../../../src/people/people.ts'
import { beginTotp } from '../../../src/people/second-factor.ts'
import { SoftwareAuthenticator } from '../../support/software-authenticator.ts'
import {
  ADMIN,
  codeOf,
  fillPasskeys,
  givePasskey,
  givePassword,
  giveTotp,
  granted,
  invite,
  isPerson,
  makeBusy,
  meansOf,
  PASSWORD,
  SITE,
  sessionOf,
} from '../people-scenes.ts'
import { EVERY_PERSON, EVERYBODY, type Scenarios } from '../scenario.ts'
import type { Asker, PersonName, World } from '../world.ts'

const NEW = 'seven green llamas sing'
const attestation = { id: 'AA', rawId: 'AA', type: 'public-key', clientExtensionResults: {}, response: { clientDataJSON: 'AA', attestationObject: 'AA' } }

const password = (given: object) => ({ path: '/own/password', body: given })
async function begun(world: World, name: PersonName): Promise<string> {
  await givePassword(world, name)
  const means = meansOf(world)
  const { live } = await sessionOf(world, name)
  const { seed } = granted(await world.store.write((writing) => beginTotp(writing, momentOf(means), means, live)))
  return codeOf(seed, world.plane.nowMs())
}
async function withApp(world: World, asker: Asker): Promise<void> {
  if (!isPerson(asker)) return
  await givePassword(world, asker)
  await giveTotp(world, asker)
}
const redeem = (secret: string, given?: string) =>
  ({ path: '/links/redemption', body: { secret, ...(given !== undefined && { password: given }) }, asker: 'stranger' }) as const
const recovery = async (world: World, name: PersonName): Promise<string> =>
  world.store.write(async (writing) => granted(await issueRecovery(writing, momentOf(meansOf(world)), ADMIN, world.personId(name), ['password'])).link.secret)

export const account: Scenarios = {
  changePassword: {
    may: EVERY_PERSON,
    async good(world, asker) {
      if (isPerson(asker)) await givePassword(world, asker)
      return password({ current: PASSWORD, password: NEW })
    },
    async notRecent(world) {
      await world.store.write(async (writing) => writing.remove(PASSWORDS, world.personId('owner')))
      return password({ password: NEW })
    },
    refusals: {
      'password-unreadable': () => password({ password: 'seven green \u0007 llamas' }),
      'password-too-short': () => password({ password: 'llamas' }),
      'password-too-common': () => password({ password: 'passwordpassword' }),
      'wrong-password': async (world) => {
        await givePassword(world, 'owner')
        return password({ current: 'another one', password: NEW })
      },
      'slow-down': async (world) => {
        await givePassword(world, 'owner')
        const asked = password({ current: 'another one', password: NEW })
        for (let i = 0; i < 10; i++) await world.as('owner', 'PUT', asked.path, { body: asked.body })
        return asked
      },
      busy: (world) => {
        makeBusy(world)
        return password({ password: NEW })
      },
    },
  },
  beginTotp: {
    may: EVERY_PERSON,
    async good(world, asker) {
      if (isPerson(asker)) await givePassword(world, asker)
      return { path: '/own/totp' }
    },
    refusals: { 'password-first': () => ({ path: '/own/totp', asker: 'administrator' }) },
  },
  confirmTotp: {
    may: EVERY_PERSON,
    good: async (world, asker) => ({ path: '/own/totp/confirmation', body: { code: isPerson(asker) ? await begun(world, asker) : '000000' } }),
    refusals: {
      'nothing-begun': () => ({ path: '/own/totp/confirmation', body: { code: '000000' } }),
      'wrong-code': async (world) => {
        await begun(world, 'owner')
        return { path: '/own/totp/confirmation', body: { code: '000000' } }
      },
    },
  },
  removeTotp: {
    may: EVERY_PERSON,
    async good(world, asker) {
      await withApp(world, asker)
      if (isPerson(asker)) await fillPasskeys(world, asker)
      return { path: '/own/totp' }
    },
    refusals: {
      'no-second-factor': () => ({ path: '/own/totp' }),
      'second-factor-demanded': async (world) => {
        await withApp(world, 'owner')
        return { path: '/own/totp' }
      },
    },
  },
  renewRecoveryCodes: {
    may: EVERY_PERSON,
    async good(world, asker) {
      await withApp(world, asker)
      return { path: '/own/recovery-codes' }
    },
    refusals: { 'no-second-factor': () => ({ path: '/own/recovery-codes' }) },
  },
  beginPasskey: {
    may: EVERY_PERSON,
    good: () => ({ path: '/own/passkey-challenge' }),
    refusals: {
      'too-many-passkeys': async (world) => {
        await fillPasskeys(world, 'owner')
        return { path: '/own/passkey-challenge' }
      },
    },
  },
  registerPasskey: {
    may: EVERY_PERSON,
    async good(world, asker) {
      if (!isPerson(asker)) return { path: '/own/passkeys', body: { name: 'key', response: attestation } }
      const { live, headers } = await sessionOf(world, asker)
      const response = new SoftwareAuthenticator(SITE).create(granted(await passkeyRegistration(meansOf(world), live)))
      return { path: '/own/passkeys', body: { name: 'key', response }, headers }
    },
    refusals: { 'not-verified': () => ({ path: '/own/passkeys', body: { name: 'key', response: attestation } }) },
  },
  listPasskeys: { may: EVERY_PERSON, good: () => ({ path: '/own/passkeys' }), refusals: {} },
  removePasskey: {
    may: EVERY_PERSON,
    async good(world, asker) {
      if (!isPerson(asker)) return { path: `/own/passkeys/${'0'.repeat(64)}` }
      await fillPasskeys(world, asker)
      const { items } = (await world.as(asker, 'GET', '/own/passkeys')).json as unknown as { items: { id: string }[] }
      return { path: `/own/passkeys/${items[0]!.id}` }
    },
    refusals: {
      'second-factor-demanded': async (world) => {
        await givePasskey(world, 'owner')
        const { items } = (await world.as('owner', 'GET', '/own/passkeys')).json as unknown as { items: { id: string }[] }
        return { path: `/own/passkeys/${items[0]!.id}` }
      },
      'last-way-in': async (world) => {
        await givePasskey(world, 'viewer')
        const { items } = (await world.as('viewer', 'GET', '/own/passkeys')).json as unknown as { items: { id: string }[] }
        return { path: `/own/passkeys/${items[0]!.id}`, asker: 'viewer' }
      },
    },
  },
  redeemLink: {
    may: EVERYBODY,
    async good(world) {
      const { path, body } = redeem((await invite(world)).link.secret, NEW)
      return { path, body }
    },
    refusals: {
      'link-void': () => redeem('A'.repeat(43), NEW),
      'password-unreadable': async (world) => redeem((await invite(world)).link.secret, 'seven green \u0007 llamas'),
      'password-too-short': async (world) => redeem((await invite(world)).link.secret, 'llamas'),
      'password-too-common': async (world) => redeem((await invite(world)).link.secret, 'passwordpassword'),
      'password-needed': async (world) => redeem(await recovery(world, 'viewer')),
      'use-passkey': async (world) => {
        await givePasskey(world, 'viewer')
        return redeem(await recovery(world, 'viewer'), NEW)
      },
      busy: async (world) => {
        const { link } = await invite(world)
        makeBusy(world)
        return redeem(link.secret, NEW)
      },
    },
  },
}
