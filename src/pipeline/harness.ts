// What policies are tested on: real codec, real chain, real counters, a clock that is moved by hand.
import assert from 'node:assert/strict'
import { MemoryCredentials } from '../adapters/memory/credentials.ts'
import { counterMemory, sharedCounters } from '../adapters/shared-memory/counters.ts'
import { manualClock } from '../base/clock.ts'
import type { Fault } from '../base/fault.ts'
import { addressGroup, formatIp, parseIp, unmapped } from '../base/ip.ts'
import { keyDigest } from '../base/keys.ts'
import { reasonPhrase } from '../http/reason-phrases.ts'
import { readRequestHead } from '../http/request-head.ts'
import { ResponseHead, readResponseHead } from '../http/response-head.ts'
import { type CertificateCredential, type ClientCertificate, certificateDigest } from '../model/client-certificate.ts'
import { fileKeyId } from '../model/directory.ts'
import { Answer } from './answer.ts'
import { type BodySink, type BodyWatcher, BodyWay, type MakeBodyFilter } from './body-filter.ts'
import { type Chain, type ChainSettings, compileChain, run, tallyLength } from './chain.ts'
import type { AnyPolicy, Example, Resources, Verdict } from './contract.ts'
import { Exchange } from './exchange.ts'
import { Principal, ShownCertificate } from './slots.ts'

/** A policy as it is attached: `scope` is named after it when left out. */
export interface Attached {
  readonly policy: AnyPolicy
  readonly config: unknown
  readonly mode?: 'enforce' | 'monitor'
  readonly scope?: string
  readonly untilMs?: number
}

export interface Request {
  readonly method?: string
  readonly path?: string
  /** A list sends a field several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly address?: string
  readonly operation?: string
  /** What the connection showed. */
  readonly certificate?: ClientCertificate
}

/** What came of a request: what the client gets, and what the upstream would. */
export interface Outcome {
  readonly status: number
  readonly code: string | undefined
  /** Response fields that the gateway adds, lower-case names; several of one name as one list. */
  readonly fields: ReadonlyMap<string, string>
  /** Field lines that go to the upstream, as text: those of the client that are left, then those of policies. */
  readonly forwarded: readonly string[]
  readonly query: string | undefined
  readonly droppedFromResponse: readonly string[]
  readonly consumer: string | undefined
  /** True when the chain answered without a promise. */
  readonly synchronous: boolean
}

export interface UpstreamAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Uint8Array
}
/** What the client gets of a response; `fields` are those of the response itself, a Content-Length only where it is still declared. */
export interface AnswerOutcome extends Outcome {
  readonly body: Buffer
  /** Why the body could not be completed; undefined: it is whole. */
  readonly failure: unknown
}

export interface HarnessOptions extends ChainSettings {
  readonly api?: string
  /** What a consumer's list must hold one of; left out: the API's name. */
  readonly grants?: readonly string[]
  readonly authenticate?: 'any' | 'all'
  /** Secrets with their consumers. A consumer may call the harness's API unless `apis` says otherwise. */
  readonly keys?: readonly {
    readonly secret: string
    readonly consumer: string
    readonly expiresMs?: number
    readonly apis?: readonly string[]
    readonly plan?: string
  }[]
  /** Certificates with their consumers, in the same way. */
  readonly certificates?: readonly (CertificateCredential & { readonly consumer: string; readonly apis?: readonly string[]; readonly expiresMs?: number })[]
  readonly resources?: Partial<Resources>
  /** The policies that the names of a set are looked up in, in catalogue order; left out: those attached, in their order. */
  readonly catalogue?: readonly AnyPolicy[]
}

const LIMITS = { headBytes: 64 * 1024, targetBytes: 16 * 1024, fields: 256 }

export class Harness {
  readonly clock = manualClock()
  readonly memory = counterMemory(1024)
  readonly chain: Chain
  readonly tally: Float64Array
  private readonly api: string

  /** Throws with all faults when the policies do not compile. */
  constructor(attached: readonly Attached[], options: HarnessOptions = {}) {
    this.api = options.api ?? 'test-api'
    const credentials = new MemoryCredentials()
    for (const { secret, consumer, expiresMs, apis = [this.api], plan } of options.keys ?? []) {
      const digest = keyDigest(secret)
      credentials.putConsumer({ name: consumer, apis, ...(plan !== undefined && { plans: { [this.api]: plan } }) })
      credentials.putKey({ id: fileKeyId(digest), digest, consumer, ...(expiresMs !== undefined && { expiresMs }) })
    }
    for (const { consumer, apis = [this.api], expiresMs, ...credential } of options.certificates ?? []) {
      const digest = certificateDigest(credential)
      credentials.putConsumer({ name: consumer, apis })
      credentials.putKey({ id: fileKeyId(digest), digest, consumer, ...(expiresMs !== undefined && { expiresMs }) })
    }
    const resources: Resources = {
      clock: this.clock,
      counters: sharedCounters(this.memory, new Uint8Array(16).fill(1)),
      credentials,
      ...options.resources,
    }
    const faults: Fault[] = []
    const catalogue = new Map((options.catalogue ?? attached.map(({ policy }) => policy)).map((policy) => [policy.name, policy]))
    const set = attached.map(({ policy, config, mode = 'enforce', scope, untilMs }, i) => ({
      policy: policy.name,
      config,
      mode,
      scope: scope ?? `${this.api}/${policy.name}/${i}`,
      ...(untilMs !== undefined && { untilMs }),
    }))
    const chain = compileChain(
      set,
      catalogue,
      resources,
      { name: this.api, grants: options.grants ?? [this.api] },
      options.authenticate ?? 'any',
      faults,
      options,
    )
    if (!chain) throw new HarnessFaults(faults)
    this.chain = chain
    this.tally = new Float64Array(tallyLength(chain.steps.length))
  }

  /** Counts of one policy's step: passed, refused, would have refused, broken. */
  counts(policy: string): readonly number[] {
    const index = this.chain.steps.findIndex((step) => step.policy === policy)
    return [...this.tally.subarray(index * 4, index * 4 + 4)]
  }

  /** An exchange as the gateway would hand it to a chain. */
  exchange(request: Request = {}): Exchange {
    const { method = 'GET', path = '/', headers = {}, address = '192.0.2.1', operation = 'test' } = request
    const lines = Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [value] : value).map((each) => `${name}: ${each}\r\n`))
    const bytes = Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: api.example\r\n${lines.join('')}\r\n`, 'latin1')
    const x = new Exchange()
    const end = readRequestHead(x.head, bytes, 0, bytes.length, LIMITS)
    assert.equal(end, bytes.length, `the codec refuses this request (${end})`)
    const octets = unmapped(parseIp(address)!)
    x.address = { text: formatIp(octets), octets, group: addressGroup(octets) }
    x.api = this.api
    x.operation = operation
    x.nowUs = this.clock.nowUs()
    x.set(ShownCertificate, request.certificate)
    x.clientFields = this.chain.standing.lines
    x.droppedFromResponse = this.chain.standing.replaces
    x.defaultFields = this.chain.standing.defaults
    return x
  }

  async send(request: Request = {}): Promise<Outcome> {
    const x = this.exchange(request)
    const verdict = run(this.chain, x, this.tally)
    return outcome(x, await verdict, !(verdict instanceof Promise))
  }

  /**
   * What the client gets of an upstream's response: real codec, the chain's response hooks, the filters. `cuts`: where the body is cut on its way, ascending.
   * Resolves once the body is whole or has failed; filters may take their time.
   */
  async answer(x: Exchange, response: UpstreamAnswer = {}, cuts: readonly number[] = []): Promise<AnswerOutcome> {
    const { status = 200, headers = {}, body = '' } = response
    const octets = Buffer.from(body)
    const lines = Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [value] : value).map((each) => `${name}: ${each}\r\n`))
    const framed = status === 204 || status === 304 || 'content-length' in headers ? '' : `Content-Length: ${octets.length}\r\n`
    const bytes = Buffer.from(`HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n${lines.join('')}${framed}\r\n`, 'latin1')
    const head = new ResponseHead()
    assert.equal(readResponseHead(head, bytes, 0, bytes.length, LIMITS, x.method === 'HEAD'), bytes.length, 'the codec refuses this response')
    const answer = new Answer().begin(head, x.method === 'HEAD')
    for (const names of x.droppedFromResponse) names.dropFrom(head)
    const verdict = this.chain.answering?.response(x, answer, this.tally)
    if (verdict !== undefined) {
      answer.abandon()
      return { ...outcome(x, verdict, true), body: Buffer.from(verdict.kind === 'reply' ? (verdict.body ?? '') : ''), failure: undefined }
    }
    const told = answer.fields()
    answer.settle(x)
    const { body: given, failure } = await passed(octets, cuts, answer, answer.hasBody)
    const fields = new Map<string, string>()
    const length: [string, string][] = head.contentLength >= 0 ? [['content-length', String(head.contentLength)]] : []
    for (const [name, value] of [...told, ...length]) {
      const before = fields.get(name.toLowerCase())
      fields.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`)
    }
    return { ...outcome(x, undefined, true), status: head.status, fields, body: given, failure }
  }

  /** What the upstream gets of a request's body, after the chain has run over its exchange. */
  body(x: Exchange, body: string | Uint8Array, cuts: readonly number[] = []): Promise<{ readonly body: Buffer; readonly failure: unknown }> {
    return passed(Buffer.from(body), cuts, { makers: x.bodyMakers, watchers: [] }, true)
  }

  /** Sends the same request so many times and answers the last outcome. */
  async sendTimes(times: number, request: Request = {}): Promise<Outcome> {
    for (let i = 1; i < times; i++) await this.send(request)
    return this.send(request)
  }
}

interface Asked {
  readonly makers: readonly MakeBodyFilter[]
  readonly watchers: readonly BodyWatcher[]
}
/** Sends a body through the filters that an answer asked for, and past its watchers. */
function passed(
  octets: Buffer,
  cuts: readonly number[],
  { makers, watchers: asked }: Asked,
  hasBody: boolean,
): Promise<{ readonly body: Buffer; readonly failure: unknown }> {
  const given: Buffer[] = []
  const watchers = [...asked]
  return new Promise((resolve) => {
    const tail: BodySink = {
      put(bytes, start, end) {
        given.push(Buffer.from(bytes.subarray(start, end)))
        for (const watcher of watchers) watcher.put(bytes, start, end)
      },
      end() {
        for (const watcher of watchers) watcher.whole()
        resolve({ body: Buffer.concat(given), failure: undefined })
      },
      eased() {},
      fail(failure) {
        for (const watcher of watchers) watcher.abandoned()
        resolve({ body: Buffer.concat(given), failure })
      },
    }
    const way: Pick<BodySink, 'put' | 'end'> = makers.length > 0 ? new BodyWay(makers, tail) : tail
    const places = hasBody ? [0, ...cuts, octets.length] : [0]
    for (let i = 1; i < places.length; i++) if (places[i]! > places[i - 1]!) way.put(octets, places[i - 1]!, places[i]!)
    way.end()
  })
}

/** The policies did not compile. */
export class HarnessFaults extends Error {
  readonly faults: readonly Fault[]
  constructor(faults: readonly Fault[]) {
    super(faults.map(({ code, message }) => `${code}: ${message}`).join('\n'))
    this.faults = faults
  }
}

/** The codes of the faults that a configuration is refused with; none when it compiles. */
export function faultsOf(attached: readonly Attached[], options: HarnessOptions = {}): readonly string[] {
  try {
    new Harness(attached, options)
    return []
  } catch (cause) {
    if (cause instanceof HarnessFaults) return cause.faults.map(({ code }) => code)
    throw cause
  }
}

function outcome(x: Exchange, verdict: Verdict, synchronous: boolean): Outcome {
  const lines = x.clientFields.split('\r\n').slice(0, -1)
  const given = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const)
  const fields = new Map<string, string>()
  for (const [name, value] of [...given, ...(verdict?.fields ?? [])]) {
    const before = fields.get(name.toLowerCase())
    fields.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`)
  }
  const kept: string[] = []
  for (let i = 0; i < x.head.fieldCount; i++) if (!x.head.isDropped(i)) kept.push(`${x.head.name(i)}: ${x.head.value(i)}`)
  return {
    status: verdict?.status ?? 200,
    code: verdict?.kind === 'refusal' ? verdict.code : undefined,
    fields,
    forwarded: [...kept, ...x.upstreamFields.split('\r\n').slice(0, -1)],
    query: x.query,
    droppedFromResponse: x.droppedFromResponse.flatMap(({ names }) => names.map(({ text }) => text)),
    consumer: x.get(Principal)?.consumer,
    synchronous,
  }
}

/** The consumer and key that examples may use: a public text, valid only here and only with `format: any`. */
const EXAMPLE_KEY = { secret: 'a key of the example consumer', consumer: 'example' }

/** Executes every example that a policy declares, each on a fresh chain, and answers how many ran: the caller asserts the number. */
export async function runExamples(policy: AnyPolicy, others: readonly Attached[] = []): Promise<number> {
  let ran = 0
  for (const { title, config, send, expect } of policy.examples as readonly Example[]) {
    const harness = new Harness([...others, { policy, config }], { keys: [EXAMPLE_KEY] })
    const { times = 1, ...request } = send
    const { status, code } = await harness.sendTimes(times, request)
    assert.deepEqual({ status, code }, { status: expect.status, code: expect.code }, `example "${title}" of ${policy.name}`)
    ran++
  }
  return ran
}
