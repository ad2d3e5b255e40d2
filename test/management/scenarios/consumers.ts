// Consumers: how each operation is asked, by whom, and how it refuses.
import { createConsumer } from '../../../src/directory/consumers.ts'
import type { Subscription } from '../../../src/directory/records.ts'
import type { Asked, Scenarios } from '../scenario.ts'
import type { World } from '../world.ts'
import { ANY, acme, after, edited } from './directory-house.ts'

const writers = 'owner administrator admin token'
const readers = 'owner administrator auditor viewer admin token'
type Recipe = (world: World) => Promise<Asked>

/** The refusals that all share which say what a consumer may call. */
const subscriptionRefusals = (ask: (subscription: { api: string; plan?: string }) => Asked): Record<string, Recipe> => {
  const with_ =
    (subscription: { api: string; plan?: string }): Recipe =>
    async (world) => {
      await edited(world)
      await acme(world)
      return ask(subscription)
    }
  return {
    'unknown-api': with_({ api: 'none' }),
    'plan-not-offered': with_({ api: 'cherries', plan: 'tin' }),
    'plan-needed': with_({ api: 'cherries' }),
  }
}
const replace = (body: object): Asked => ({ path: '/consumers/acme', headers: ANY, body })

export const consumers: Scenarios = {
  createConsumer: {
    may: writers,
    good: () => ({ path: '/consumers', body: { name: 'new', title: 'New', team: 'reds', subscriptions: [{ api: 'apples' }] } }),
    refusals: {
      'owned-by-file': () => ({ path: '/consumers', body: { name: 'filed' } }),
      'name-taken': (world) => after(acme(world), { path: '/consumers', body: { name: 'acme' } }),
      'unknown-team': () => ({ path: '/consumers', body: { name: 'new', team: 'greens' } }),
      ...subscriptionRefusals((each) => ({ path: '/consumers', body: { name: 'new', subscriptions: [each] } })),
    },
  },
  getConsumer: { may: readers, good: () => ({ path: '/consumers/filed' }), refusals: {} },
  listConsumers: { may: readers, good: (world) => after(acme(world), { path: '/consumers' }), refusals: {} },
  updateConsumer: {
    may: writers,
    good: (world) => after(acme(world), replace({ title: 'Other', subscriptions: [{ api: 'berries', state: 'suspended' }] })),
    refusals: {
      'owned-by-file': () => ({ path: '/consumers/filed', headers: ANY, body: {} }),
      'unknown-team': (world) => after(acme(world), replace({ team: 'greens' })),
      ...subscriptionRefusals((each) => replace({ subscriptions: [each] })),
    },
  },
  removeConsumer: {
    may: writers,
    good: (world) => after(acme(world), { path: '/consumers/acme', headers: ANY }),
    refusals: { 'owned-by-file': () => ({ path: '/consumers/filed', headers: ANY }) },
  },
  subscribeConsumer: {
    may: writers,
    good: (world) => after(acme(world), { path: '/consumers/acme/subscriptions/berries', headers: ANY, body: {} }),
    refusals: {
      'owned-by-file': () => ({ path: '/consumers/filed/subscriptions/berries', headers: ANY, body: {} }),
      'too-many-subscriptions': async (world) => {
        const subscriptions: Record<string, Subscription> = {}
        for (let i = 0; i < 500; i++) subscriptions[`a${i}`] = { state: 'active' }
        const act = { by: 'system', nowMs: world.plane.nowMs() }
        await world.store.write((writing) => createConsumer(writing, act, world.directory.file, 'acme', { title: '', subscriptions }))
        return { path: '/consumers/acme/subscriptions/apples', headers: ANY, body: {} }
      },
      ...subscriptionRefusals(({ api, plan }) => ({ path: `/consumers/acme/subscriptions/${api}`, headers: ANY, body: plan === undefined ? {} : { plan } })),
    },
  },
  unsubscribeConsumer: {
    may: writers,
    good: (world) => after(acme(world), { path: '/consumers/acme/subscriptions/apples', headers: ANY }),
    refusals: { 'owned-by-file': () => ({ path: '/consumers/filed/subscriptions/apples', headers: ANY }) },
  },
}
