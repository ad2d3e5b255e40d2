// Session: signing in and out, confirming who one is, and where one is signed in.
import { addressCount, charge } from '../../../src/people/back-off.ts'
import { passkeySignIn, passkeyStepUp } from '../../../src/people/passkeys.ts'
import { EgressFailed } from '../../../src/ports/egress.ts'
import {
  asBrowser,
  BROWSER,
  bind,
  fillPasskeys,
  givePasskey,
  givePassword,
  giveTotp,
  invite,
  isPerson,
  knowProvider,
  mailOf,
  makeBusy,
  meansOf,
  PASSWORD,
  sessionOf,
  ticketFor,
  walked,
  withProvider,
} from '../people-scenes.ts'
import { EVERY_PERSON, EVERYBODY, type Scenarios } from '../scenario.ts'
import type { Asker, World } from '../world.ts'

const WRONG = { path: '/session/password', body: { mail: mailOf('viewer'), password: 'not the password at all' }, asker: 'stranger' } as const
const right = (name: string) => ({ path: '/session/password', body: { mail: mailOf(name), password: PASSWORD }, asker: 'stranger' }) as const
const assertion = {
  id: 'AA',
  rawId: 'AA',
  type: 'public-key',
  clientExtensionResults: {},
  response: { clientDataJSON: 'AA', authenticatorData: 'AA', signature: 'AA' },
}

async function codeStep(world: World) {
  await givePassword(world, 'auditor')
  const { code } = await giveTotp(world, 'auditor')
  return { path: '/session/code', body: { ticket: await ticketFor(world, 'auditor'), code: code() }, ...asBrowser(world) }
}
async function callback(world: World) {
  const provider = await withProvider(world)
  const { link } = await invite(world)
  const query = await walked(world, provider, `sub-${Math.random()}`, { link: link.secret })
  return { path: '/session/single-sign-on/callback', body: { provider: 'main', query }, ...asBrowser(world) }
}
/** For whoever is a person: their password; for the others only the request. */
async function confirmation(world: World, asker: Asker) {
  if (isPerson(asker)) await givePassword(world, asker)
  return { path: '/session/confirmation/password', body: { password: PASSWORD } }
}

export const session: Scenarios = {
  getSession: { may: `${EVERY_PERSON} admin token`, good: () => ({ path: '/session' }), refusals: {} },
  signInWithPassword: {
    may: EVERYBODY,
    async good(world) {
      await givePassword(world, 'viewer')
      return { path: '/session/password', body: right('viewer').body }
    },
    refusals: {
      'wrong-credentials': () => WRONG,
      'use-passkey': async (world) => {
        await givePassword(world, 'viewer')
        await givePasskey(world, 'viewer')
        return right('viewer')
      },
      'slow-down': async (world) => {
        for (let i = 0; i < 3; i++) await world.as('stranger', 'POST', WRONG.path, { body: WRONG.body })
        return WRONG
      },
      busy: (world) => {
        makeBusy(world)
        return WRONG
      },
    },
  },
  signInWithCode: {
    may: EVERYBODY,
    good: codeStep,
    refusals: {
      'wrong-code': async (world) => {
        const { body, ...rest } = await codeStep(world)
        return { ...rest, body: { ...body, code: '000000' }, asker: 'stranger' }
      },
      'begin-again': async (world) => ({ ...(await codeStep(world)), headers: {}, asker: 'stranger' }),
      'slow-down': async (world) => {
        const { body, ...rest } = await codeStep(world)
        const asked = { ...rest, body: { ...body, code: '000000' }, asker: 'stranger' } as const
        for (let i = 0; i < 10; i++) await world.as('stranger', 'POST', asked.path, asked)
        return asked
      },
    },
  },
  beginPasskeySignIn: { may: EVERYBODY, good: () => ({ path: '/session/passkey-challenge' }), refusals: {} },
  signInWithPasskey: {
    may: EVERYBODY,
    async good(world) {
      const authenticator = await givePasskey(world, 'auditor')
      const options = await passkeySignIn(meansOf(world), { address: '', browser: BROWSER })
      return { path: '/session/passkey', body: { response: authenticator.get(options) }, ...asBrowser(world) }
    },
    refusals: { 'not-verified': () => ({ path: '/session/passkey', body: { response: assertion }, asker: 'stranger' }) },
  },
  listSignInProviders: { may: EVERYBODY, good: () => ({ path: '/session/single-sign-on' }), refusals: {} },
  beginSingleSignOn: {
    may: EVERYBODY,
    async good(world) {
      await withProvider(world)
      return { path: '/session/single-sign-on', body: { provider: 'main', returnTo: '/apis' } }
    },
    refusals: {
      'unknown-provider': () => ({ path: '/session/single-sign-on', body: { provider: 'none' }, asker: 'stranger' }),
      'provider-unreachable': async (world) => {
        await knowProvider(world, 'https://login.example', 'a-secret')
        world.answerOutbound = () => Promise.reject(new EgressFailed('refused'))
        return { path: '/session/single-sign-on', body: { provider: 'main' }, asker: 'stranger' }
      },
      'proves-too-little': async (world) => {
        await knowProvider(world, 'https://login.example', 'a-secret', false)
        await givePasskey(world, 'viewer')
        return { path: '/session/single-sign-on', body: { provider: 'main', confirm: true }, asker: 'viewer' }
      },
      'bad-return-path': () => ({ path: '/session/single-sign-on', body: { provider: 'main', returnTo: '//evil.example' }, asker: 'stranger' }),
      'link-void': async (world) => {
        await knowProvider(world, 'https://login.example', 'a-secret')
        return { path: '/session/single-sign-on', body: { provider: 'main', link: 'A'.repeat(43) }, asker: 'stranger' }
      },
    },
  },
  finishSingleSignOn: {
    may: EVERYBODY,
    good: callback,
    refusals: {
      'begin-again': async (world) => ({ ...(await callback(world)), headers: {}, asker: 'stranger' }),
      'provider-unreachable': async (world) => {
        const asked = await callback(world)
        // Other settings than those that its metadata is known for.
        await knowProvider(world, 'https://login.example', 'another-secret')
        world.answerOutbound = () => Promise.reject(new EgressFailed('refused'))
        return { ...asked, asker: 'stranger' }
      },
      'not-confirmed': async (world) => {
        const { body, ...rest } = await callback(world)
        return { ...rest, body: { ...body, query: body.query.replace(/code=[^&]*/, 'code=forged') }, asker: 'stranger' }
      },
      'not-let-in': async (world) => {
        const provider = await withProvider(world)
        const query = await walked(world, provider, 'a-stranger')
        return { path: '/session/single-sign-on/callback', body: { provider: 'main', query }, ...asBrowser(world), asker: 'stranger' }
      },
      'use-passkey': async (world) => {
        await givePasskey(world, 'viewer')
        const provider = await withProvider(world, { provesSecondFactor: false })
        await bind(world, 'viewer', provider, 'viewer-there')
        const query = await walked(world, provider, 'viewer-there')
        return { path: '/session/single-sign-on/callback', body: { provider: 'main', query }, ...asBrowser(world), asker: 'stranger' }
      },
      'slow-down': async (world) => {
        const asked = await callback(world)
        const counts = [addressCount(meansOf(world).key, '127.0.0.1')]
        await world.store.write(async (writing) => {
          for (let i = 0; i < 30; i++) await charge(writing, counts, world.plane.nowMs())
        })
        return { ...asked, asker: 'stranger' }
      },
    },
  },
  signOut: { may: EVERY_PERSON, good: () => ({ path: '/session' }), refusals: {} },
  listOwnSessions: { may: EVERY_PERSON, good: () => ({ path: '/own/sessions' }), refusals: {} },
  endOwnSession: {
    may: EVERY_PERSON,
    async good(world, asker) {
      const { live } = await sessionOf(world, isPerson(asker) ? asker : 'viewer')
      return { path: `/own/sessions/${live.digest.slice(0, 32)}` }
    },
    refusals: {},
  },
  signOutEverywhere: { may: EVERY_PERSON, good: () => ({ path: '/own/sessions' }), refusals: {} },
  confirmWithPassword: {
    may: EVERY_PERSON,
    good: confirmation,
    refusals: {
      'wrong-password': async (world) => ({ ...(await confirmation(world, 'viewer')), body: { password: 'another one' }, asker: 'viewer' }),
      'code-needed': async (world) => {
        const asked = await confirmation(world, 'viewer')
        await giveTotp(world, 'viewer')
        return { ...asked, asker: 'viewer' }
      },
      'use-passkey': () => ({ path: '/session/confirmation/password', body: { password: PASSWORD }, asker: 'administrator' }),
      'slow-down': async (world) => {
        const asked = { ...(await confirmation(world, 'viewer')), body: { password: 'another one' }, asker: 'viewer' } as const
        for (let i = 0; i < 10; i++) await world.as('viewer', 'POST', asked.path, { body: asked.body })
        return asked
      },
      busy: async (world) => {
        const asked = await confirmation(world, 'viewer')
        makeBusy(world)
        return { ...asked, asker: 'viewer' }
      },
    },
  },
  confirmWithCode: {
    may: EVERY_PERSON,
    async good(world, asker) {
      if (!isPerson(asker)) return { path: '/session/confirmation/code', body: { code: '000000' } }
      await givePassword(world, asker)
      const { code } = await giveTotp(world, asker)
      return { path: '/session/confirmation/code', body: { code: code() } }
    },
    refusals: {
      'wrong-code-now': async (world) => {
        await givePassword(world, 'viewer')
        await giveTotp(world, 'viewer')
        return { path: '/session/confirmation/code', body: { code: '000000' }, asker: 'viewer' }
      },
      'no-app': () => ({ path: '/session/confirmation/code', body: { code: '000000' } }),
      'slow-down': async (world) => {
        await givePassword(world, 'viewer')
        await giveTotp(world, 'viewer')
        const asked = { path: '/session/confirmation/code', body: { code: '000000' }, asker: 'viewer' } as const
        for (let i = 0; i < 10; i++) await world.as('viewer', 'POST', asked.path, { body: asked.body })
        return asked
      },
    },
  },
  beginPasskeyConfirmation: {
    may: EVERY_PERSON,
    async good(world, asker) {
      if (isPerson(asker)) await fillPasskeys(world, asker)
      return { path: '/session/confirmation/passkey-challenge' }
    },
    refusals: {},
  },
  confirmWithPasskey: {
    may: EVERY_PERSON,
    async good(world, asker) {
      const path = '/session/confirmation/passkey'
      if (!isPerson(asker)) return { path, body: { response: assertion } }
      const authenticator = await givePasskey(world, asker)
      const { live, headers } = await sessionOf(world, asker)
      return { path, body: { response: authenticator.get(await passkeyStepUp(meansOf(world), live)) }, headers }
    },
    refusals: { 'passkey-refused': () => ({ path: '/session/confirmation/passkey', body: { response: assertion } }) },
  },
}
