// Teams: how each operation is asked, by whom, and how it refuses.
import { createTeam } from '../../../src/directory/teams.ts'
import type { Scenarios } from '../scenario.ts'
import type { World } from '../world.ts'
import { ANY, acme, after } from './directory-house.ts'

const writers = 'owner administrator admin token'
const readers = 'owner administrator ada auditor viewer admin token'
const greens = (world: World) =>
  world.store.write((writing) => createTeam(writing, { by: 'system', nowMs: world.plane.nowMs() }, 'greens', { title: '', contacts: [] }))

export const teams: Scenarios = {
  createTeam: {
    may: writers,
    good: () => ({ path: '/teams', body: { name: 'greens', contacts: [{ kind: 'mail', to: 'greens@example.org' }] } }),
    refusals: { 'name-taken': () => ({ path: '/teams', body: { name: 'reds' } }) },
  },
  getTeam: { may: readers, good: () => ({ path: '/teams/reds' }), refusals: {}, foreign: () => ({ path: '/teams/blues' }) },
  listTeams: { may: `${readers} bob`, good: () => ({ path: '/teams' }), refusals: {}, foreign: () => ({ path: '/teams', hides: 'blues' }) },
  removeTeam: {
    may: writers,
    good: (world) => after(greens(world), { path: '/teams/greens', headers: ANY }),
    refusals: {
      'owns-apis': () => ({ path: '/teams/reds', headers: ANY }),
      'team-in-use': async (world) => {
        await greens(world)
        await acme(world, { team: 'greens' })
        return { path: '/teams/greens', headers: ANY }
      },
    },
  },
  tellContactKey: { may: writers, good: () => ({ path: '/teams/reds/contact-key' }), refusals: {} },
  updateTeam: {
    may: writers,
    good: () => ({ path: '/teams/reds', headers: ANY, body: { title: 'The reds', contacts: [{ kind: 'webhook', to: 'https://reds.example/hook' }] } }),
    refusals: {},
  },
}
