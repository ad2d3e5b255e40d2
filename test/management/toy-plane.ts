// A plane for the tests of the journey: a store in memory, two operators, and three toy operations that use everything a declaration can say.
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import { counterMemory, sharedCounters } from '../../src/adapters/shared-memory/counters.ts'
import { hashOf } from '../../src/base/canonical-json.ts'
import { type Clock, manualClock } from '../../src/base/clock.ts'
import { integer, list, object, optional, string } from '../../src/base/schema.ts'
import { type AnyOperation, defineOperation, done, refused } from '../../src/management/operation.ts'
import { page, pageOf, pageQuery } from '../../src/management/pages.ts'
import type { Plane } from '../../src/management/plane.ts'
import { RefusalLog } from '../../src/management/refusal-log.ts'
import type { Operator } from '../../src/model/operator.ts'
import type { Permission } from '../../src/model/permissions.ts'
import type { TrailEvent } from '../../src/model/trail-event.ts'
import { collection, type Reading, type Store } from '../../src/ports/store.ts'

export interface Box {
  readonly name: string
  readonly api: string
  readonly weight: number
}
export const boxes = collection<Box>('box')
export const told = collection<TrailEvent>('told')

const name = string({ pattern: /^[a-z]{1,20}$/, maxLength: 20, means: 'a name' })
const box = object({ name, api: name, weight: integer({ min: 0, max: 100 }) })
const tag = (value: Box): string => hashOf(value).slice(0, 16)
const ownBox = async (call: { readonly parameters: { readonly name: string } }, reading: Reading): Promise<readonly string[] | undefined> => {
  const found = await reading.get(boxes, call.parameters.name)
  return found && [found.api]
}
const common = { resource: 'boxes', refusals: {} } as const

export const toyOperations: readonly AnyOperation[] = [
  defineOperation({
    ...common,
    name: 'listBoxes',
    method: 'GET',
    path: '/boxes',
    summary: 'Lists boxes.',
    permission: 'apis:read',
    reach: 'filtered',
    query: pageQuery,
    output: pageOf(box),
    run: async (call, store) => done(await page(store, boxes, call.query, ({ value }) => (call.reaches(value.api) ? value : undefined))),
  }),
  defineOperation({
    ...common,
    name: 'getBox',
    method: 'GET',
    path: '/boxes/{name}',
    summary: 'Tells a box.',
    permission: 'apis:read',
    reach: ownBox,
    parameters: object({ name }),
    output: box,
    run: async (call, store) => done((await store.get(boxes, call.parameters.name))!),
  }),
  defineOperation({
    ...common,
    name: 'createBox',
    method: 'POST',
    path: '/boxes',
    summary: 'Makes a box.',
    permission: 'apis:write',
    reach: (call) => [call.body.api],
    body: object({ name, api: name, weight: optional(integer({ min: 0, max: 100 }), 1) }),
    output: box,
    status: 201,
    act: 'box.create',
    refusals: {
      taken: { status: 409, says: 'There is a box of that name.', mend: 'Take another.' },
      heavy: { status: 422, says: 'The box is too heavy.', mend: 'Take less.' },
    },
    object: (call) => ({ kind: 'box', name: call.body.name }),
    async run({ body }, store) {
      if ((await store.get(boxes, body.name)) !== undefined) return refused('taken')
      store.put(boxes, body.name, body)
      // Written before it is refused: nothing of it may stay.
      if (body.weight > 90) return refused('heavy')
      if (body.weight === 66) throw new Error('the number 66 breaks it')
      return done(body, { etag: tag(body), location: `/boxes/${body.name}` })
    },
  }),
  defineOperation({
    ...common,
    name: 'changeBox',
    method: 'PUT',
    path: '/boxes/{name}',
    summary: 'Changes a box.',
    permission: 'apis:write',
    reach: ownBox,
    parameters: object({ name }),
    body: object({ weight: integer({ min: 0, max: 100 }) }),
    output: box,
    act: 'box.change',
    guarded: true,
    async run(call, store) {
      const before = (await store.get(boxes, call.parameters.name))!
      const stale = call.guard(tag(before))
      if (stale) return stale
      const after = { ...before, weight: call.body.weight }
      store.put(boxes, after.name, after)
      return done(after, { etag: tag(after) })
    },
  }),
  defineOperation({
    ...common,
    name: 'openBox',
    method: 'POST',
    path: '/boxes/{name}/secret',
    summary: 'Tells what is in the box, once.',
    permission: 'keys:write',
    reach: 'all',
    parameters: object({ name }),
    output: object({ secret: string() }),
    status: 201,
    act: 'box.open',
    secret: true,
    recent: true,
    run: async () => done({ secret: 'a cat' }),
  }),
  defineOperation({
    ...common,
    name: 'tryBox',
    method: 'POST',
    path: '/tries',
    summary: 'Guesses; each guess is counted although it is refused.',
    permission: 'anyone',
    reach: 'all',
    body: object({ guess: string({ maxLength: 20 }) }),
    output: object({ tries: integer({ min: 0, max: 1000 }) }),
    act: 'box.try',
    refusals: { wrong: { status: 401, says: 'Wrong.', mend: 'Guess again.' } },
    async run({ body }, store) {
      const tries = ((await store.get(boxes, 'tries'))?.weight ?? 0) + 1
      store.put(boxes, 'tries', { name: 'tries', api: 'none', weight: tries })
      return body.guess === 'cat' ? done({ tries }) : refused('wrong', { keep: true, retryAfterMs: 1500 })
    },
  }),
  defineOperation({
    ...common,
    name: 'visitBox',
    method: 'POST',
    path: '/visits',
    summary: 'Gives a cookie.',
    permission: 'keys:write',
    reach: 'all',
    body: object({}),
    act: 'box.visit',
    run: async () => done(undefined, { cookies: ['visit=a-secret-visit'] }),
  }),
  defineOperation({
    ...common,
    name: 'leakBox',
    method: 'GET',
    path: '/leak',
    summary: 'Answers more than it declares: a mistake that must not leave.',
    permission: 'signed-in',
    reach: 'all',
    output: object({ names: list(name) }),
    run: async () => done({ names: ['a'], seed: 'the secret seed' } as { names: string[] }),
  }),
]

const all = (...permissions: Permission[]): Operator['permissions'] => new Map(permissions.map((each) => [each, 'all']))
export const OPERATORS: Readonly<Record<string, Operator>> = {
  root: { actor: { kind: 'admin-token', id: 'admin-token' }, permissions: all('apis:read', 'apis:write', 'keys:write'), ownTeams: [], recentAuth: false },
  ann: {
    actor: { kind: 'person', id: 'person_ann' },
    permissions: new Map([
      ['apis:read', 'own'],
      ['apis:write', 'own'],
    ]),
    ownTeams: ['reds'],
    recentAuth: false,
  },
  eve: { actor: { kind: 'person', id: 'person_eve' }, permissions: all('apis:read'), ownTeams: [], recentAuth: false },
}
const OWNERS: Readonly<Record<string, string>> = { apples: 'reds', berries: 'blues' }

export interface ToyPlane extends Plane {
  readonly clock: ReturnType<typeof manualClock> & Clock
  readonly reports: unknown[]
  settled: number
  /** When true, the trail cannot be written. */
  trailIsBroken: boolean
  guests: Plane['guests']
}

export function toyPlane(store: Store = new MemoryStore(), requestsPerMinute = 1000): ToyPlane {
  const clock = manualClock()
  const counters = sharedCounters(counterMemory(1024), new Uint8Array(16))
  const guests = sharedCounters(counterMemory(1024), new Uint8Array(16).fill(1))
  const perMinute = { algorithm: 'gcra', limit: requestsPerMinute, windowMs: 60_000 } as const
  let entries = 0
  const plane: ToyPlane = {
    store,
    clock,
    reports: [],
    settled: 0,
    trailIsBroken: false,
    nowMs: () => Math.floor(clock.nowUs() / 1000),
    async record(writing, event) {
      if (plane.trailIsBroken) throw new Error('the trail is broken')
      writing.put(told, String(entries++).padStart(6, '0'), event)
    },
    async authenticate({ authorization, session }) {
      if (session === 'ann-session') return { ...OPERATORS['ann']!, session: { digest: 's', csrf: 'csrf-of-ann' }, recentAuth: true }
      if (session === 'old-session') return { ...OPERATORS['root']!, session: { digest: 'o', csrf: 'csrf-of-old' }, recentAuth: false }
      return OPERATORS[/^Bearer (\w+)$/.exec(authorization ?? '')?.[1] ?? '']
    },
    ownerOf: (api) => OWNERS[api],
    settle: async () => void plane.settled++,
    limiter: counters.limiter('management', perMinute),
    guests: guests.limiter('management', perMinute),
    refusals: new RefusalLog(counters, guests),
    requestsPerMinute,
    repetitionKey: new Uint8Array(32).fill(9),
    report: (cause) => void plane.reports.push(cause),
    ready: () => true,
    isSecure: true,
    metrics: async () => 'up 1\n',
    // The toys act on the store alone.
    services: {} as ToyPlane['services'],
  }
  return plane
}
