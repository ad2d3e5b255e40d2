// `gatehouse/policy/testing`: what operators test their policies on. Real codec, real chain, a clock that is moved by hand; only `fetch` is a stand-in.
import { isDeepStrictEqual } from 'node:util'
import { object } from '../base/schema.ts'
import { tallyLength } from '../pipeline/chain.ts'
import { type AnyPolicy, definePolicy as defineBuiltIn } from '../pipeline/contract.ts'
import { Harness, type UpstreamAnswer } from '../pipeline/harness.ts'
import { run } from '../pipeline/run-chain.ts'
import { Principal, type Slot } from '../pipeline/slots.ts'
import { EgressFailed } from '../ports/egress.ts'
import { fetched } from './bounded-fetch.ts'
import type { AnyOwnPolicy, Fetch, OwnExample, StandIn, UpstreamStandIn } from './contract.ts'
import { guarded } from './guarding.ts'

export interface TestOptions {
  /** By URL: what `fetch` gets; what is not here fails. */
  readonly fetched?: { readonly [url: string]: StandIn }
}
export type TestRequest = Omit<OwnExample['send'], 'times'>

/** What came of a request. */
export interface TestOutcome {
  /** 200 without a code: the request goes on to the upstream. */
  readonly status: number
  readonly code: string | undefined
  /** What the client is told besides, lower-case names. */
  readonly fields: { readonly [name: string]: string }
  /** What the upstream would be told, lower-case names. */
  readonly forwarded: { readonly [name: string]: string }
  readonly query: string | undefined
  /** Of a reply, and of the upstream's answer as the client gets it; JSON is parsed. */
  readonly body: unknown
  /** Why it broke: a throw, a rejection, an answer that is none. */
  readonly broken: unknown
}

/** One policy under one configuration. Throws with all faults when it does not compile. */
export class PolicyTest {
  private readonly harness: Harness
  private readonly before: Slot<unknown>[] = []
  private given: readonly (readonly [Slot<unknown>, unknown])[] = []
  private broken: unknown

  constructor(policy: AnyOwnPolicy, config: unknown, options: TestOptions = {}) {
    this.before.push(...(policy.reads ?? []))
    const attached = [
      { policy: this.standIn(), config: {} },
      { policy: guarded(policy, 'test', { number: 0, fetch: standInFetch(options.fetched ?? {}) }), config, revision: 'test' },
    ]
    this.harness = new Harness(attached, { keys: [EXAMPLE_KEY], report: (_step, cause) => (this.broken = cause) })
  }

  /** Moves the clock by which policies decide. */
  advance(ms: number): void {
    this.harness.clock.advanceMs(ms)
  }

  /** `upstream`: what it answers, or the code with which no answer came; absent: nothing comes back. */
  async send({ as = 'example', slots = [], ...request }: TestRequest = {}, upstream?: UpstreamStandIn | string): Promise<TestOutcome> {
    const { harness } = this
    this.broken = undefined
    this.given = [[Principal, { consumer: as, credential: `key_${as}`, by: 'example' }], ...slots]
    const x = harness.exchange(request)
    const tally = new Float64Array(tallyLength(harness.chain.steps.length))
    const verdict = (await run(harness.chain, x, tally)) ?? (typeof upstream === 'string' ? harness.chain.answering?.failed(x, upstream, tally) : undefined)
    const kept: string[] = []
    for (let i = 0; i < x.head.fieldCount; i++) if (!x.head.isDropped(i)) kept.push(`${x.head.name(i)}: ${x.head.value(i)}`)
    const forwarded = byName([...kept, ...linesOf(x.upstreamFields)].map(pairOf))
    const answered = verdict === undefined && typeof upstream === 'object' ? await harness.answer(x, sent(upstream)) : undefined
    const told = [...linesOf(x.clientFields).map(pairOf), ...(verdict?.fields ?? [])]
    const fields = byName(
      answered === undefined ? told : [...told, ...[...answered.fields].filter(([name]) => !told.some(([known]) => known.toLowerCase() === name))],
    )
    const body = answered === undefined ? (verdict?.kind === 'reply' ? Buffer.from(verdict.body ?? '') : undefined) : answered.body
    return {
      status: answered?.status ?? verdict?.status ?? (typeof upstream === 'string' ? 502 : 200),
      code: answered?.code ?? (verdict?.kind === 'refusal' ? verdict.code : undefined),
      fields,
      forwarded,
      query: x.query,
      body: body && (fields['content-type']?.startsWith('application/json') ? JSON.parse(body.toString('utf8')) : body.toString('utf8')),
      broken: this.broken,
    }
  }

  /** What policies before this one would leave. */
  private standIn(): AnyPolicy {
    return defineBuiltIn({
      name: 'before-the-test',
      stage: 'admit',
      summary: '',
      when: '',
      config: object({}),
      uses: [],
      denials: {},
      writes: this.before,
      examples: [{ title: '', config: {}, send: {}, expect: { status: 200 } }],
      compile: () => ({
        request: (x) => {
          for (const [slot, value] of this.given) if (this.before.includes(slot)) x.set(slot, value)
          return undefined
        },
      }),
    })
  }
}

export interface ExampleFault {
  readonly title: string
  readonly message: string
}

/** Runs every example that a policy declares, each on a fresh chain, and says what does not come out as it should. */
export async function runExamples(policy: AnyOwnPolicy): Promise<readonly ExampleFault[]> {
  const faults: ExampleFault[] = []
  for (const example of policy.examples as readonly OwnExample[]) {
    try {
      const message = await outcomeFault(policy, example)
      if (message !== undefined) faults.push({ title: example.title, message })
    } catch (cause) {
      faults.push({ title: example.title, message: cause instanceof Error ? cause.message : String(cause) })
    }
  }
  return faults
}

async function outcomeFault(policy: AnyOwnPolicy, { config, send, fetched: standIns = {}, upstream, expect }: OwnExample): Promise<string | undefined> {
  const test = new PolicyTest(policy, config, { fetched: standIns })
  const { times = 1, ...request } = send
  let outcome = await test.send(request, upstream)
  for (let sent = 1; sent < times; sent++) outcome = await test.send(request, upstream)
  const why = outcome.broken === undefined ? '' : ` (${outcome.broken instanceof Error ? outcome.broken.message : String(outcome.broken)})`
  if (outcome.status !== expect.status || outcome.code !== expect.code)
    return `expects ${shown(expect.status, expect.code)}, and got ${shown(outcome.status, outcome.code)}${why}`
  for (const part of ['fields', 'forwarded'] as const)
    for (const [name, value] of Object.entries(expect[part] ?? {}))
      if (outcome[part][name.toLowerCase()] !== value)
        return `expects the ${part === 'fields' ? 'client' : 'upstream'} to be told ${name}: ${value}, and got ${outcome[part][name.toLowerCase()] ?? 'none'}`
  if (expect.body !== undefined && !isDeepStrictEqual(outcome.body, expect.body))
    return `expects the body ${JSON.stringify(expect.body)}, and got ${JSON.stringify(outcome.body)}`
  return undefined
}

/** The key that examples of identify policies may use. */
const EXAMPLE_KEY = { secret: 'a key of the example consumer', consumer: 'example' }

const shown = (status: number, code: string | undefined): string => (code === undefined ? String(status) : `${status} ${code}`)
const linesOf = (lines: string): string[] => lines.split('\r\n').slice(0, -1)
const pairOf = (line: string): readonly [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]

function byName(fields: readonly (readonly [string, string])[]): { readonly [name: string]: string } {
  const found: Record<string, string> = Object.create(null)
  for (const [name, value] of fields) {
    const key = name.toLowerCase()
    found[key] = found[key] === undefined ? value : `${found[key]}, ${value}`
  }
  return found
}

const textOf = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body))

function sent({ status = 200, headers = {}, body = '' }: UpstreamStandIn): UpstreamAnswer {
  return { status, headers: typeof body === 'string' ? headers : { 'Content-Type': 'application/json', ...headers }, body: textOf(body) }
}

const standInFetch =
  (answers: { readonly [url: string]: StandIn }): Fetch =>
  async (url) => {
    const answer = Object.hasOwn(answers, url) ? answers[url]! : 'fails'
    if (answer === 'fails') throw new EgressFailed(`${url} cannot be reached`)
    const { status = 200, headers = {}, body = '' } = answer
    return fetched({ status, headers, body: Buffer.from(textOf(body)) })
  }
