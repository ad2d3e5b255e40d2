// The policy contract: one declaration from which validation, reference page, error pages, metrics and tests are all read.
import type { Clock } from '../base/clock.ts'
import type { NetworkSet } from '../base/ip.ts'
import type { Schema } from '../base/schema.ts'
import type { Counters } from '../ports/counters.ts'
import type { Credentials } from '../ports/credentials.ts'
import type { Responses } from '../ports/responses.ts'
import type { Answer } from './answer.ts'
import type { Timer } from './deadline.ts'
import type { Exchange } from './exchange.ts'
import type { Slot } from './slots.ts'
import type { Stage } from './stages.ts'
import type { ExchangeValue } from './templates/exchange-values.ts'

/** What a policy may be handed, and nothing else: its reach, for the reviewer. */
export interface Resources {
  readonly clock: Clock
  readonly counters: Counters
  readonly credentials: Credentials
  readonly timer: Timer
  /** Numbers from 0 to below 1, for what no secret hangs on. */
  readonly chance: () => number
  readonly responses: Responses
}

/** A way to say no. Only `status`, `says` and the code leave the process. */
export interface Denial {
  readonly status: 400 | 401 | 403 | 404 | 405 | 410 | 413 | 415 | 417 | 429 | 431 | 502 | 503 | 504
  /** The public sentence, the same for everyone: it must not tell what the caller does not know. */
  readonly says: string
  /** The standard behind it, as "OWASP API4:2023" or "RFC 9110 15.5.2". */
  readonly ref: string
  /** What the caller can do about it: for the error's page. */
  readonly mend: string
  /** Identify only: the caller showed no credential of this kind at all, so another identify policy may still recognise one. */
  readonly absent?: true
}

/** No, with its reason. `fields` are added to the response, e.g. `WWW-Authenticate`. */
export interface Refusal {
  readonly kind: 'refusal'
  /** `<policy>.<denial>`: the stable code that clients branch on. */
  readonly code: string
  readonly status: number
  readonly says: string
  readonly absent: boolean
  readonly fields: readonly ResponseField[]
}
export type ResponseField = readonly [name: string, value: string]

/** An answer that is no refusal and needs no upstream: a CORS preflight, a redirect. */
export interface Reply {
  readonly kind: 'reply'
  readonly status: number
  readonly fields: readonly ResponseField[]
  /** Field lines put together before, each with its CR LF: for a reply that is given again and again. They stand before `fields`. */
  readonly lines?: string
  readonly body?: string | Uint8Array
  /** Its lines hold the Date of a response that was made earlier (RFC 9110 6.6.1): the gateway says none of its own. */
  readonly isDated?: true
}

/** Nothing: go on. */
export type Verdict = undefined | Refusal | Reply

/** What a policy hangs into a chain; an absent hook costs nothing. */
export interface Hooks {
  /** The head of the request is there, the body not yet. Synchronous unless it truly must wait. */
  request?(x: Exchange): Verdict | Promise<Verdict>
  /**
   * The head of the upstream's final answer is there, its body not yet. A refusal or a reply takes its place, and then nothing of it reaches the client. Run in
   * the reverse order of `request`; not for answers that the gateway makes itself. Not in monitor mode. One that throws refuses the answer.
   */
  response?(x: Exchange, answer: Answer): Verdict
  /** No answer came from the upstream; `code` says why (`upstream.unreachable`, `upstream.timeout`, ...). A reply takes the place of the error. */
  failed?(x: Exchange, code: string): Reply | undefined
  /** The exchange is over, however it ended and whoever answered: for who keeps something for it. */
  over?(x: Exchange): void
  /**
   * Asked again and again while the request's body or answer is under way, or its WebSocket open: whether this policy would still let it in. False ends it.
   * Reads the exchange as `request` left it, also that of another attachment's; counts nothing, changes no message, never waits.
   */
  still?(x: Exchange, nowMs: number): boolean
  /** The most bytes of body the request may bring; the gateway enforces the smallest of the chain, declared or streamed. */
  readonly bodyBytesMax?: { readonly bytes: number; readonly refusal: Refusal }
  /** What every response of the route tells its client, whoever makes it and however early: a refusal before this policy's turn too. */
  readonly standing?: StandingFields
}

/** Response fields known at load. */
export interface StandingFields {
  readonly fields: readonly ResponseField[]
  /** Names of fields of the upstream that do not reach the client: those that `fields` stand for, and others that are nobody's business. */
  readonly replaces: readonly string[]
  /** Fields of responses that have none of that name themselves; not of a 304, where what it does not say stays as it was stored (RFC 9111 3.2). */
  readonly defaults?: readonly ResponseField[]
  /** The value of Strict-Transport-Security for clients that came by https. `yields`: only where a proxy in front ended TLS; else the listener's is said. */
  readonly transportSecurity?: { readonly value: string; readonly yields: boolean }
}

/** A request of an example: a title for the docs, what is sent, and what must come back. Examples are executed by the tests. */
export interface Example {
  readonly title: string
  /** As it would stand under `policies: <name>:` in the file. */
  readonly config: unknown
  readonly send: {
    readonly method?: string
    readonly path?: string
    readonly headers?: { readonly [name: string]: string }
    readonly address?: string
    readonly times?: number
  }
  readonly expect: { readonly status: number; readonly code?: string }
}

/** Where a credential travels under some configuration; logs blank it there. */
export interface CredentialPlace {
  readonly in: 'header' | 'query' | 'cookie'
  readonly name: string
}

/** The name of an address list, or of a trust store, where a configuration uses it. */
export interface ListName {
  readonly name: string
  readonly path: readonly (string | number)[]
}

export interface Policy<C = unknown, U extends keyof Resources = never, D extends string = never> {
  /** Folder, configuration key, metric label and docs page: `rate-limit`. */
  readonly name: string
  /** Where it stands; may depend on its configuration. */
  readonly stage: Stage | ((config: C) => Stage)
  /** First sentence of its page. */
  readonly summary: string
  /** Two or three sentences: when one would use it. */
  readonly when: string
  readonly config: Schema<C>
  readonly uses: readonly U[]
  /** Slots it reads: one that nothing earlier writes is a fault at load. */
  readonly reads?: readonly Slot<unknown>[] | ((config: C) => readonly Slot<unknown>[])
  readonly writes?: readonly Slot<unknown>[]
  readonly denials: Readonly<Record<D, Denial>>
  readonly examples: readonly [Example, ...Example[]]
  readonly related?: readonly string[]
  credentials?(config: C): readonly CredentialPlace[]
  /** Names of address lists in its configuration, and where they stand in it: one that does not exist is a fault at load. */
  addressLists?(config: C): readonly ListName[]
  /** Names of trust stores in its configuration, in the same way. */
  trustStores?(config: C): readonly ListName[]
  /** Identify only: lets callers pass who show nothing, so that it protects no operation by itself and establishes nobody for certain. */
  letsStrangersPass?(config: C): boolean
  /** Never written under `policies`: the catalog attaches it to every operation of an API that has this key. */
  readonly attachedBy?: 'plans'
  /**
   * True for a configuration that is completed from the OpenAPI document: for each operation, its `answers` are then the examples of that operation's responses.
   * Without a document it is a fault.
   */
  wantsExamples?(config: C): boolean
  /** What an operator should know about a valid configuration: told when it is checked, never in its way. */
  notices?(config: C): readonly { readonly code: string; readonly message: string }[]
  /** Of a policy that operators wrote: which text of it this is. Absent: it came with the program. */
  readonly revision?: string
  /** A second attachment of it would contradict the first: it is a fault. */
  readonly single?: true
  /** Watching makes no sense of it: `mode: monitor` is a fault. */
  readonly enforceOnly?: true
  /** True when a chain may go on if this policy throws and the operator said so; identify and authorize never may. */
  readonly mayFailOpen?: true
  /** It answers with what an earlier answer became on its way back: a policy before it that has a word in answers would not see that, and is a fault. */
  readonly replays?: true
  /** Values of the exchange by which it leads a request to another target: nothing in the answer tells that it depends on them. */
  leadsBy?(config: C): readonly (ExchangeValue & { readonly name: string })[]
  /** Whether it would give what was answered to one request to another that differs in this value. */
  confuses?(config: C, value: ExchangeValue & { readonly name: string }): boolean
  /** What is insecure or senseless about a valid configuration: refused at load like any other fault. */
  faults?(config: C): readonly { readonly code: string; readonly message: string }[]
  /** At load: parse, compile, decide. Null: this configuration asks for nothing and costs nothing. */
  compile(config: C, kit: Kit<U, D>): Hooks | null
}

export type Kit<U extends keyof Resources, D extends string> = Pick<Resources, U> & {
  /** Names what this attachment counts: "bookshop/rate-limit/0". */
  readonly scope: string
  /** The API this attachment belongs to: of a version, that of the whole. Plans go by it. */
  readonly whole: string
  /** What it stands before: an API, or one of its versions as `bookshop@v1`. */
  readonly api: string
  /** The path that all its requests begin with: '' or `/bookshop`. What stands behind it is what operations are found by. */
  readonly prefix: string
  /** What a consumer's list of APIs must hold one of for it to call this API: its name; of a version also that of the whole, unless it is a preview. */
  readonly grants: readonly string[]
  /** The networks of an address list that `addressLists` named; only there for a policy that declares it. */
  addressList(name: string): NetworkSet
  deny(code: D, more?: { readonly fields?: readonly ResponseField[] }): Refusal
}

/** A policy whose type parameters do not matter to who holds it. */
// biome-ignore lint/suspicious/noExplicitAny: the catalogue holds policies of every configuration; each one's own types are checked where it is defined.
export type AnyPolicy = Policy<any, any, any>

/** Checks a declaration's types where it is written. */
export const definePolicy = <C, U extends keyof Resources = never, D extends string = never>(policy: Policy<C, U, D>): Policy<C, U, D> => policy
