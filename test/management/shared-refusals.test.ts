// Every refusal that operations share is brought about for each operation that declares it, and changes nothing.
import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { after, test } from 'node:test'
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import { counterMemory, sharedCounters } from '../../src/adapters/shared-memory/counters.ts'
import { COMMON, type CommonRefusal, commonRefusals } from '../../src/management/common-refusals.ts'
import { startControl } from '../../src/management/control-server.ts'
import { IdempotentUse } from '../../src/management/idempotency.ts'
import type { AnyOperation } from '../../src/management/operation.ts'
import { operations } from '../../src/management/operations/index.ts'
import { FailingStore, type Failure, type StepKind } from '../../src/ports/conformance/failing-store.ts'
import { askFrom, type Told } from './control-client.ts'
import type { Asked, Scenario } from './scenario.ts'
import { scenarios } from './scenarios/index.ts'
import { type Asker, type World, world } from './world.ts'

/** One operation in a world where what it is asked for can be done. */
interface Case {
  readonly made: World
  readonly operation: AnyOperation
  readonly good: Asked
  /** Who may. */
  readonly asker: Asker
  /** Asks for the same with something else about it, as who may unless said otherwise. */
  ask(other?: Partial<Asked> & { readonly without?: string }, as?: Asker): Promise<Told>
  readonly store: Fragile
}
/** Fails when `fails` says so. */
class Fragile {
  fails: (step: StepKind) => Failure | undefined = () => undefined
  readonly store = new FailingStore(new MemoryStore(), (step) => this.fails(step))

  /** What is asked while the n-th step of this kind does not work, whatever it is; undefined: of any kind. */
  async at(kind: StepKind | undefined, n: number, failure: () => Failure, asked: () => Promise<Told>): Promise<Told> {
    let count = 0
    this.fails = (step) => ((kind === undefined || step === kind) && ++count === n ? failure() : undefined)
    try {
      return await asked()
    } finally {
      this.fails = () => undefined
    }
  }
  async stepsOf(asked: () => Promise<Told>): Promise<number> {
    const before = this.store.steps.length
    await asked()
    return this.store.steps.length - before
  }
}

/** Reads fail at their last step, acts at their commit: what was done until then must not be seen. */
async function failing({ ask, operation, store }: Case, failure: () => Failure): Promise<Told> {
  if (operation.act !== undefined || operation.commits !== undefined) return store.at('commit', 1, failure, ask)
  // What is asked a second time can have been kept.
  await ask()
  return store.at(undefined, await store.stepsOf(ask), failure, ask)
}
let exposed: Promise<Server> | undefined
after(async () => (await exposed)?.close())
const PRODUCED: Readonly<Partial<Record<CommonRefusal, (at: Case) => Promise<Told>>>> = {
  misdirected: ({ ask }) => ask({ headers: { host: 'rebound.example' } }),
  async 'in-clear'({ made, operation, good: { path, ...sent } }) {
    // Before anything else is looked at: one listener that other machines reach does for all operations.
    exposed ??= startControl({ host: '127.0.0.1', port: 0, exposed: true, version: '0.0.0' }, operations, made.plane)
    const { host: _, ...headers } = sent.headers ?? {}
    return askFrom(await exposed, '10.0.0.9', operation.method, `/api/v1${path}`, { ...sent, headers: { ...headers, host: '127.0.0.1' } })
  },
  unauthorized: ({ ask }) => ask({ headers: { authorization: 'Bearer of-nobody' } }, 'stranger'),
  async 'rate-limited'({ made, ask }) {
    const { guests } = made.plane
    const spent = sharedCounters(counterMemory(64), new Uint8Array(16)).limiter('spent', { algorithm: 'gcra', limit: 1, windowMs: 60_000 })
    await spent.take('address:127.0.0.1', made.clock.nowUs())
    Object.assign(made.plane, { guests: spent })
    try {
      return await ask()
    } finally {
      Object.assign(made.plane, { guests })
    }
  },
  'foreign-origin': ({ ask }) => ask({ headers: { origin: 'https://evil.example' } }),
  'csrf-token': ({ ask }) => ask({ headers: { 'x-csrf-token': 'wrong' } }, 'ada'),
  forbidden: ({ ask, operation }) => ask({}, operation.permission === 'signed-in' ? 'token' : 'nobody'),
  async invalid({ ask, good, operation }) {
    if (operation.body && !operation.bodyMedia)
      for (const body of ['{"__proto__":{}}', { 'no-such-member-anywhere': 1 }]) assert.equal((await ask({ body })).short, '400 management.invalid')
    return ask({ path: `${good.path}${good.path.includes('?') ? '&' : '?'}no-such-parameter=1` })
  },
  'body-too-large': ({ ask, operation }) => ask({ body: '', headers: { 'content-length': String((operation.bodyBytesMax ?? 65_536) + 1) } }),
  'unsupported-media-type': ({ ask, operation }) => ask({ headers: { 'content-type': operation.bodyMedia ? 'application/json' : 'text/plain' } }),
  'precondition-required': ({ ask }) => ask({ without: 'if-match' }),
  stale: ({ ask }) => ask({ headers: { 'if-match': '"no-such-state"' } }),
  unknown: unknownTold,
  'idempotency-reused': (at) => repeated(at, 'something else'),
  'already-done': (at) => repeated(at, contentOf(at)),
  unavailable: (at) => failing(at, () => 'unavailable'),
  async broken(at) {
    const told = await failing(at, () => {
      throw new Error('a mistake of ours')
    })
    assert.equal(at.made.reports.splice(0).length, 1, 'a mistake of ours is reported, once')
    return told
  },
  // From here on the world is not what it was.
  async 'recent-sign-in'({ made, ask }) {
    made.clock.advanceMs(6 * 60_000)
    return ask()
  },
  uncertain: ({ ask, store }) => store.at('commit', 1, () => 'uncertain-kept', ask),
}
/** The act is done by then, or nobody has signed in lately: each has a world to itself, or the last of one. */
const SPENDS: ReadonlySet<CommonRefusal> = new Set(['recent-sign-in', 'uncertain'])

/** As if the same key had been used before by the same caller, for this content, and answered with a secret. */
async function repeated({ made, operation, asker, ask }: Case, content: unknown): Promise<Told> {
  const actor = asker === 'owner' ? ({ kind: 'person', id: made.personId('owner') } as const) : ({ kind: 'admin-token', id: 'admin-token' } as const)
  const use = new IdempotentUse(made.plane.repetitionKey, actor, operation.name, 'used', content)
  await made.store.write((writing) => use.keep(writing, made.plane.nowMs(), undefined))
  return ask({ headers: { 'idempotency-key': 'used' } })
}
function contentOf({ operation, good }: Case): unknown {
  const [path = '', query = ''] = good.path.split('?')
  return {
    parameters: operation.parameters?.read(parametersOf(operation.path.split('/'), path), [], []),
    query: operation.query?.read(Object.fromEntries(new URLSearchParams(query)), [], []),
    body: operation.body?.read(good.body ?? {}, [], []),
  }
}

/** Something else that could stand in the place of each parameter, until there is no such thing. */
async function unknownTold({ operation, good, ask }: Case): Promise<Told> {
  const [path = '', query] = good.path.split('?')
  const template = operation.path.split('/')
  let told: Told | undefined
  for (const [i, segment] of path.split('/').entries()) {
    if (!template[i]!.startsWith('{')) continue
    const name = template[i]!.slice(1, -1)
    for (const other of ['999999', ...[...'aAbB12'].map((letter) => `${decodeURIComponent(segment).slice(0, -1)}${letter}`)]) {
      const faults: unknown[] = []
      operation.parameters!.read({ ...parametersOf(template, path), [name]: other }, [], faults as never)
      if (faults.length > 0 || other === decodeURIComponent(segment)) continue
      const segments = path.split('/').with(i, encodeURIComponent(other))
      told = await ask({ path: `${segments.join('/')}${query === undefined ? '' : `?${query}`}` })
      if (told.short === '404 management.unknown') return told
    }
  }
  return told ?? assert.fail(`${operation.name} takes no other parameter`)
}
const parametersOf = (template: readonly string[], path: string): Record<string, string> =>
  Object.fromEntries(path.split('/').flatMap((segment, i) => (template[i]!.startsWith('{') ? [[template[i]!.slice(1, -1), decodeURIComponent(segment)]] : [])))

async function caseOf(operation: AnyOperation, prepare: Scenario['good']): Promise<Case> {
  const store = new Fragile()
  const made = await world({ store: store.store })
  const asker = scenarios[operation.name]!.may.split(' ').includes('owner') ? 'owner' : 'admin'
  const good = await prepare(made, asker)
  // What notes that somebody was here is written by then.
  if (asker === 'owner') await made.as(asker, 'GET', '/session', { headers: good.headers ?? {} })
  await made.store.write(async () => {})
  const { path, ...sent } = good
  const ask: Case['ask'] = (other = {}, as = asker) => {
    // Somebody else comes without the cookies of whoever may.
    const left = as === asker ? other.without : ['authorization', 'cookie', 'x-csrf-token', other.without]
    const headers = Object.fromEntries(Object.entries(sent.headers ?? {}).filter(([name]) => !left?.includes(name)))
    return made.as(as, operation.method, other.path ?? path, {
      ...sent,
      ...('body' in other && { body: other.body }),
      headers: { ...headers, ...other.headers },
    })
  }
  return { made, operation, good, asker, ask, store }
}

/** All that the store holds, but for what is told of refusals and repetitions, and when somebody was seen. */
const keptBy = ({ store }: World): Promise<string> =>
  store.read(async (reading) => {
    const kept: unknown[] = []
    for (const name of await reading.collections()) if (!/^(?:trail|idempotency)/.test(name)) kept.push(name, await reading.scan({ name }, { limit: 1000 }))
    return JSON.stringify(kept).replaceAll(/,"(?:used|seen)AtMs":\d+/g, '')
  })

let produced = 0
for (const operation of operations) {
  const scenario = scenarios[operation.name]
  if (!scenario) continue
  const codes = commonRefusals(operation).toSorted((a, b) => Number(SPENDS.has(a)) - Number(SPENDS.has(b)))
  test(`${operation.name} answers each shared refusal that it declares: ${codes.length}`, async () => {
    let at: Case | undefined
    let isSpent = false
    let before = ''
    try {
      for (const code of codes) {
        const { notRecent } = code === 'recent-sign-in' ? scenario : {}
        if (isSpent || notRecent) await at?.made.close()
        if (isSpent || notRecent) at = undefined
        if (!at) {
          at = await caseOf(operation, notRecent ?? scenario.good)
          before = await keptBy(at.made)
        }
        if (SPENDS.has(code) && !isSpent) assert.equal(await keptBy(at.made), before, 'what was refused changed something')
        isSpent = SPENDS.has(code)
        const { short, body } = await PRODUCED[code]!(at)
        assert.equal(short, `${COMMON[code].status} management.${code}`, body)
        assert.deepEqual(at.made.reports, [], code)
        produced++
      }
    } finally {
      await at?.made.close()
    }
  })
}

after(() => {
  assert.equal(
    produced,
    operations.reduce((sum, operation) => sum + commonRefusals(operation).length, 0),
  )
})
