// What operators write policies against: narrower than the contract of the policies that come with the program, and the same shape.
import type { Clock } from '../base/clock.ts'
import type { Schema } from '../base/schema.ts'
import type { CredentialPlace, Denial, Refusal, Reply, ResponseField, Verdict } from '../pipeline/contract.ts'
import type { Slot } from '../pipeline/slots.ts'
import type { Stage } from '../pipeline/stages.ts'
import type { Counters } from '../ports/counters.ts'
import type { Credentials } from '../ports/credentials.ts'
import type { OwnAnswer } from './own-answer.ts'
import type { OwnExchange } from './own-exchange.ts'

/** What a policy may be handed, and nothing else. */
export interface OwnResources {
  readonly clock: Clock
  readonly counters: Counters
  readonly credentials: Credentials
  /** Reaches the origins that the configuration names beside the policy's file, through the same guard as everything that leaves Gatehouse. */
  readonly fetch: Fetch
}

export interface FetchOptions {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  /** Of a POST. */
  readonly body?: string | Uint8Array
  /** From the look-up of the name to the last octet. 1 to 4,000; default 2,000: a hook has 5,000 in all. */
  readonly timeoutMs?: number
  /** The longest body that is taken, at most 8 MiB; default 1 MiB. */
  readonly bytesMax?: number
}
export interface Fetched {
  readonly status: number
  /** Lower-case names; repeated fields joined by ", ". */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  text(): string
  /** Throws when the body is no JSON. */
  json(): unknown
}
/** Rejects when the origin is not one that the configuration names, when it cannot be reached, and when it takes too long or says too much. */
export type Fetch = (url: string, options?: FetchOptions) => Promise<Fetched>

/** What a policy hangs into a chain. */
export interface OwnHooks {
  /** The head of the request is there, its body not yet. */
  request?(x: OwnExchange): Verdict | Promise<Verdict>
  /** The head of the upstream's final answer is there, its body not yet. Never waits. A refusal or a reply takes its place. Not in monitor mode. */
  response?(x: OwnExchange, answer: OwnAnswer): Verdict
  /**
   * Asked again and again while an answer streams or a WebSocket is open: whether it would still let the request in. Anything but true ends it. Never waits.
   * Absent: what was said at the beginning holds to the end.
   */
  still?(x: OwnExchange, nowMs: number): boolean
  /** No answer came: `code` says why (`upstream.unreachable`, `upstream.timeout`, ...). Never waits. A reply takes the place of the error. */
  failed?(x: OwnExchange, code: string): Reply | undefined
}

/** A request of an example, and what must come of it. Run at every load: a policy whose examples fail does not load. */
export interface OwnExample {
  readonly title: string
  /** As it would stand under `policies: <name>:` in the file. */
  readonly config: unknown
  readonly send: {
    readonly method?: string
    readonly path?: string
    readonly headers?: { readonly [name: string]: string }
    readonly address?: string
    readonly times?: number
    /** Sends it as this consumer, as an identify policy before this one would have found. */
    readonly as?: string
    /** What policies before this one would have left. */
    readonly slots?: readonly (readonly [slot: Slot<unknown>, value: unknown])[]
  }
  /** By URL: what `fetch` gets. What is not here fails, and so does what is `fails`. */
  readonly fetched?: { readonly [url: string]: StandIn }
  /** What the upstream answers to a request that goes on; a text is a code, as of `failed`. Absent: the upstream is not asked. */
  readonly upstream?: UpstreamStandIn | string
  /** What the caller gets: 200 without a code is the upstream's. `forwarded` are fields that the upstream must be told, lower-case names. */
  readonly expect: {
    readonly status: number
    readonly code?: string
    readonly fields?: { readonly [name: string]: string }
    readonly forwarded?: { readonly [name: string]: string }
    readonly body?: unknown
  }
}
export interface UpstreamStandIn {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body?: unknown
}
export type StandIn = 'fails' | UpstreamStandIn

export interface OwnPolicy<C = unknown, U extends keyof OwnResources = never, D extends string = never> {
  /** The key under `policies:`. Words in lower case with hyphens between, the first of them your own: `acme-tenant`. */
  readonly name: string
  readonly stage: Stage
  /** One sentence. */
  readonly summary: string
  /** Strict: what it does not know is a fault at load. */
  readonly config: Schema<C>
  readonly uses?: readonly U[]
  /** Slots that it reads: one that nothing earlier writes is a fault at load. */
  readonly reads?: readonly Slot<unknown>[]
  /** Slots that it may set. A policy of the stage `identify` writes `Principal`. */
  readonly writes?: readonly Slot<unknown>[]
  readonly denials: Readonly<Record<D, Denial>>
  readonly examples: readonly [OwnExample, ...OwnExample[]]
  /** Where credentials travel under a configuration: logs blank them there. */
  credentials?(config: C): readonly CredentialPlace[]
  /** What is senseless about a valid configuration: refused at load. */
  faults?(config: C): readonly { readonly code: string; readonly message: string }[]
  /** At load, once for every place where it is attached, on every thread. Null: this configuration asks for nothing. */
  compile(config: C, kit: OwnKit<U, D>): OwnHooks | null
}

export type OwnKit<U extends keyof OwnResources, D extends string> = Pick<OwnResources, U> & {
  /** Names what this attachment counts: "bookshop/acme-tenant/0". */
  readonly scope: string
  readonly api: string
  /** What a consumer's list of APIs must hold one of to call this API. */
  readonly grants: readonly string[]
  /** Says no with one of the policy's denials. */
  deny(code: D, more?: { readonly fields?: readonly ResponseField[] }): Refusal
}

/** A policy whose type parameters do not matter to who holds it. */
// biome-ignore lint/suspicious/noExplicitAny: as in the pipeline's contract, each policy's own types are checked where it is defined.
export type AnyOwnPolicy = OwnPolicy<any, any, any>

/** Checks a declaration's types where it is written. */
export const definePolicy = <C, U extends keyof OwnResources = never, D extends string = never>(policy: OwnPolicy<C, U, D>): OwnPolicy<C, U, D> => policy

/** An answer in the place of the upstream's. An object is sent as JSON. */
export function reply(status: number, body?: unknown, fields: readonly ResponseField[] = []): Reply {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array)
    return { kind: 'reply', status, fields, ...(body !== undefined && { body }) }
  return { kind: 'reply', status, fields: [['Content-Type', 'application/json'], ...fields], body: JSON.stringify(body) }
}
