// A whole control plane in one process for tests: every room over a store in memory, time by hand, a way out that only records, and one person of each role.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { archiveBackUp } from '../../src/adapters/archive-file.ts'
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import { ActNotices } from '../../src/app/act-notices.ts'
import { backUpsIn } from '../../src/app/back-ups.ts'
import { policies } from '../../src/app/compose.ts'
import { controlPlane } from '../../src/app/control-plane.ts'
import { LiveDirectory } from '../../src/app/live-directory.ts'
import { Messages } from '../../src/app/messages.ts'
import { manualClock } from '../../src/base/clock.ts'
import { CatalogPublishing } from '../../src/catalog/revisions/catalog-publishing.ts'
import { sourcesOf } from '../../src/catalog/revisions/conformance/fixtures.ts'
import { createTeam } from '../../src/directory/teams.ts'
import { operations } from '../../src/management/operations/index.ts'
import type { Plane } from '../../src/management/plane.ts'
import { PEOPLE_ONLY, PERMISSIONS } from '../../src/model/permissions.ts'
import { cookieName } from '../../src/people/cookies.ts'
import { PASSWORDS } from '../../src/people/factors.ts'
import { EVERYTHING } from '../../src/people/grants.ts'
import { mintToken } from '../../src/people/machine-tokens.ts'
import { momentOf } from '../../src/people/means.ts'
import { type Person, putPerson } from '../../src/people/person.ts'
import { openSession } from '../../src/people/sessions.ts'
import type { Egress, OutboundRequest, OutboundResponse } from '../../src/ports/egress.ts'
import type { Store } from '../../src/ports/store.ts'
import { testEnvelope } from '../support/envelope.ts'
import { PASSWORD } from '../support/people-room.ts'
import { type ControlClient, controlClient, type Sent } from './control-client.ts'
import { assertDeclared } from './declared.ts'
import { ADMIN_TOKEN, surroundings } from './surroundings.ts'

/** `ada` owns APIs of the team reds; `bob` of the team blues; nobody is both. */
export const PEOPLE = {
  owner: { roles: ['owner'], teams: [] },
  administrator: { roles: ['administrator'], teams: [] },
  ada: { roles: ['api-owner'], teams: ['reds'] },
  bob: { roles: ['api-owner'], teams: ['blues'] },
  auditor: { roles: ['auditor'], teams: [] },
  viewer: { roles: ['viewer'], teams: [] },
  /** Signed in, and nothing else. */
  nobody: { roles: [], teams: [] },
} as const
export type PersonName = keyof typeof PEOPLE
/** Who asks: a person by session, the admin token, a machine token of the owner with every permission that a token can have, or a stranger. */
export type Asker = PersonName | 'admin' | 'token' | 'stranger'

export const FILE = {
  gatehouse: 1,
  apis: {
    apples: { path: '/apples', owner: 'reds', upstream: 'http://apples.example', public: true },
    berries: { path: '/berries', owner: 'blues', upstream: 'http://berries.example', public: true },
  },
  consumers: { filed: { apis: ['apples'] } },
}

export interface World {
  readonly store: Store
  readonly plane: Plane
  readonly clock: ReturnType<typeof manualClock>
  readonly catalog: CatalogPublishing
  readonly directory: LiveDirectory
  readonly client: ControlClient
  /** Everything that went out, and what it is answered with. */
  readonly sent: OutboundRequest[]
  answerOutbound: (request: OutboundRequest) => OutboundResponse | Promise<OutboundResponse>
  /** What was reported as a mistake of ours. Empty at the end of every good test. */
  readonly reports: unknown[]
  personId(name: PersonName): string
  /** Sends as somebody: with their session, origin and CSRF token, or with their token. Fails on an answer that the operation does not declare. */
  as(asker: Asker, method: string, path: string, sent?: Sent): ReturnType<ControlClient['send']>
  close(): Promise<void>
}

export async function world(options: { readonly store?: Store; readonly file?: object } = {}): Promise<World> {
  const store = options.store ?? new MemoryStore()
  const clock = manualClock(Date.UTC(2026, 10, 24) * 1000)
  const nowMs = (): number => Math.floor(clock.nowUs() / 1000)
  const envelope = testEnvelope()
  const peopleKey = new Uint8Array(32).fill(7)
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-world-'))
  const sent: OutboundRequest[] = []
  const reports: unknown[] = []
  const opened = await CatalogPublishing.open(
    { store, policies, nodeId: 'node_test', nowMs, live: async (configuration) => directory.accept(await directory.admit(configuration.directory)) },
    sourcesOf(JSON.stringify(options.file ?? FILE)),
  )
  if (!opened.ok) throw new Error(JSON.stringify(opened.faults))
  const { catalog } = opened
  const directory = new LiveDirectory({ store, dataKey: new Uint8Array(32).fill(4) }, nowMs, (text) => void reports.push(text))
  await directory.start()
  directory.accept(await directory.admit(catalog.configuration.directory))
  const egress: Egress = {
    async fetch(request) {
      sent.push(request)
      return made.answerOutbound(request)
    },
  }
  const notices = new ActNotices(
    envelope,
    () => catalog.configuration.settings.webhooks,
    (text) => void reports.push(text),
  )
  const messages = new Messages({
    ...{ store, envelope, egress, nowMs, notices, contactKeys: directory.contactKeys, folder: '/nowhere' },
    guard: () => ({ allowPrivate: [], own: () => [] }),
    configuration: () => catalog.configuration,
    environment: () => undefined,
    report: (text) => void reports.push(text),
  })
  const plane = controlPlane({
    ...{ store, clock, envelope, egress, catalog, directory, peopleKey },
    backUps: backUpsIn(folder, archiveBackUp(store), 'jsonl'),
    responses: { purge: async ({ api }) => ({ responses: api.length, octets: 1000 }) },
    system: { version: '0.0.0', storeKind: 'memory', generation: () => 1 },
    targets: { measured: async () => [], catchUp: async () => {} },
    trail: notices.trail,
    ...surroundings(),
    tell: (writing, notice) => messages.tell(writing, notice),
    report: (cause) => void reports.push(cause),
  })
  const client = await controlClient(operations, plane)
  const people = await seed(plane, client.origin)
  const made: World = {
    ...{ store, plane, clock, catalog, directory, client, sent, reports },
    answerOutbound: () => ({ status: 204, headers: {}, body: new Uint8Array() }),
    personId: (name) => people.ids.get(name)!,
    async as(asker, method, path, { headers = {}, ...rest } = {}) {
      const told = await client.send(method, `/api/v1${path}`, { ...rest, headers: { ...people.headers.get(asker), ...headers } })
      assertDeclared(method, path, told)
      return told
    },
    async close() {
      await client.close()
      await directory.stop()
      await catalog.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return made
}

/** A test in a world of its own, in which nothing may be reported as a mistake of ours. */
export const inWorld = (name: string, work: (made: World) => Promise<void>): void => void test(name, () => withWorld(work))
export async function withWorld(work: (made: World) => Promise<void>): Promise<void> {
  const made = await world()
  try {
    await work(made)
    assert.deepEqual(made.reports, [])
  } finally {
    await made.close()
  }
}

async function seed(plane: Plane, origin: string) {
  const { people, random } = plane.services
  const at = momentOf(people)
  const ids = new Map<PersonName, string>()
  const hash = (await people.hashing.hash(PASSWORD))!
  const headers = new Map<Asker, Record<string, string>>([
    ['stranger', {}],
    ['admin', { authorization: `Bearer ${ADMIN_TOKEN}` }],
  ])
  await plane.store.write(async (writing) => {
    for (const name of ['reds', 'blues']) await createTeam(writing, { by: 'system', nowMs: at.nowMs }, name, { title: name, contacts: [] })
    for (const name of Object.keys(PEOPLE) as PersonName[]) {
      const { roles, teams } = PEOPLE[name]
      const id = `person_${name.padEnd(20, '0')}`
      const person: Person = { id, name, mail: `${name}@example.org`, roles, teams, state: 'active', createdAtMs: at.nowMs, epoch: 0 }
      putPerson(writing, person)
      ids.set(name, id)
      // An owner counts who can sign in.
      if (name === 'owner') writing.put(PASSWORDS, id, { hash, changedAtMs: at.nowMs })
      const visit = { address: '127.0.0.1', browser: Buffer.from(random(32)).toString('base64url') }
      const session = await openSession(writing, at, people.key, person, visit, { level: 'full', methods: ['password', 'totp'] })
      headers.set(name, { cookie: `${cookieName('session', false)}=${session.secret}`, origin, 'x-csrf-token': session.csrf })
    }
    const holder = { actor: { kind: 'person', id: ids.get('owner')! }, permissions: EVERYTHING, ownTeams: [], recentAuth: true } as const
    const permissions = PERMISSIONS.filter((each) => !PEOPLE_ONLY.has(each))
    const minted = await mintToken(writing, at, people.key, holder, { name: 'all', permissions, expiresAtMs: at.nowMs + 86_400_000 })
    if ('refused' in minted) throw new Error(minted.refused)
    headers.set('token', { authorization: `Bearer ${minted.secret}` })
  })
  return { ids, headers }
}
