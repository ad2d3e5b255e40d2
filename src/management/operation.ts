// An operation of the management API as one declaration: its route, permission, input, output, refusals and trail entry are read off it, everywhere.
import { hashOf } from '../base/canonical-json.ts'
import type { Infer, Schema } from '../base/schema.ts'
import type { Operator } from '../model/operator.ts'
import type { Permission } from '../model/permissions.ts'
import type { CookiePurpose } from '../people/cookies.ts'
import type { Reading, Writing } from '../ports/store.ts'
import type { CommonRefusal } from './common-refusals.ts'
import type { Plane } from './plane.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** A way to say no that is this operation's own. Its public code is `<resource>.<name>`. */
export interface RefusalDeclaration {
  readonly status: 400 | 401 | 403 | 404 | 409 | 410 | 422 | 429 | 502 | 503
  readonly says: string
  /** What the caller can do about it: for the error's page. */
  readonly mend: string
}

/** One request as an operation sees it: who asks, and what, read by the declared schemas. */
export interface Call<P = unknown, Q = unknown, B = unknown> {
  readonly operator: Operator
  readonly parameters: P
  readonly query: Q
  readonly body: B
  readonly nowMs: number
  /** The peer's address. */
  readonly address: string
  /** What the caller says its program is: for a person to know their sessions by. */
  readonly agent: string
  /** The value of one of our cookies; undefined when there is none, or more than one. */
  cookie(purpose: CookiePurpose): string | undefined
  /** Whether this operation, by this operator, reaches that API. */
  reaches(api: string): boolean
  /** Compares with `If-Match` (RFC 9110 13.1.1): a refusal when it names another state. Who declares `guarded` must ask. */
  guard(etag: string): Refused | undefined
  readonly plane: Plane
}

export interface Done<O> {
  readonly value: O
  /** The new state's tag, without quotes. */
  readonly etag?: string
  /** Path of what was made, below /api/v1. */
  readonly location?: string
  /** What the trail is told besides. Never a secret, never personal data. */
  readonly detail?: { readonly [name: string]: unknown }
  readonly personal?: { readonly [name: string]: string }
  /** What it was done to, when the declaration's `object` cannot know it yet. */
  readonly object?: { readonly kind: string; readonly name: string }
  /** Who did it, when this very operation found out: a sign-in. */
  readonly actor?: Operator['actor']
  /** The answer is the declared `further` one, and `value` its text. */
  readonly further?: true
  /** `Set-Cookie` values. */
  readonly cookies?: readonly string[]
}
export interface Refused {
  readonly refused: string
  /** A sentence in place of the declared one, where the caller needs to know which. Never a secret. */
  readonly detail?: string
  /** Further members of the problem document, as `errors` or `conflicts`. */
  readonly more?: { readonly [member: string]: unknown }
  /** Keeps what was written although the answer is no: failed tries are counted. */
  readonly keep?: true
  readonly retryAfterMs?: number
}
export type Outcome<O> = Done<O> | Refused
export const isRefused = (outcome: object | undefined): outcome is Refused => typeof (outcome as Refused | undefined)?.refused === 'string'

/**
 * Which APIs an operation touches, for those whose permissions reach only their own. `all`: nothing of one API alone, so they may not call it at all.
 * `filtered`: it asks `call.reaches` for each thing it tells. A function names the APIs; undefined: there is no such thing, and the answer is 404, the
 * same as for a thing of others (OWASP API1:2023).
 */
export type Reach<P, B> =
  | 'all'
  | 'filtered'
  | ((call: Call<P, unknown, B>, reading: Reading) => Promise<readonly string[] | undefined> | readonly string[] | undefined)

export interface Operation<P = unknown, Q = unknown, B = unknown, O = unknown, R extends string = string, X = unknown> {
  /** The operationId: `createKey`. */
  readonly name: string
  /** The folder it stands in, and the first part of its refusals' codes: `keys`. */
  readonly resource: string
  readonly method: Method
  /** Below /api/v1, as `/consumers/{consumer}/keys`. */
  readonly path: string
  readonly summary: string
  /** `anyone`: before sign-in. `signed-in`: about oneself, whatever one's permissions. */
  readonly permission: Permission | 'anyone' | 'signed-in'
  readonly reach: Reach<P, B>
  readonly parameters?: Schema<P>
  readonly query?: Schema<Q>
  readonly body?: Schema<B>
  /** The body is text of this media type in place of JSON, and `body` reads the text. */
  readonly bodyMedia?: 'text/plain'
  /** The longest body. Default 64 KiB. */
  readonly bodyBytesMax?: number
  /** 200 with output, 204 without, unless said otherwise. */
  readonly status?: 200 | 201 | 202 | 204
  readonly output?: Schema<O>
  /** The answer is text of this media type, and `value` the text or its pieces, in place of JSON. */
  readonly media?: string
  /** A further answer, in the form that somebody else's protocol wants for it; `Done.further` says that it is this one. */
  readonly further?: { readonly status: 409; readonly media: string; readonly says: string }
  readonly refusals: Readonly<Record<R, RefusalDeclaration>>
  /** What the trail calls it, as `key.create`. Absent: it reads, and runs in a transaction that cannot write. */
  readonly act?: string
  /** Changes something that has a tag: `If-Match` is required (RFC 6585 3), `*` included for those who mean it. */
  readonly guarded?: true
  /** Makes what its parameters name where it is not there: nothing is unknown to it. */
  readonly makes?: true
  /** For whoever is `signed-in`: tokens too. Others are told that it is about people. */
  readonly forTokens?: true
  /** Its room commits before the operation's own transaction, and tells the trail itself. */
  readonly commits?: 'by-room'
  /** The answer holds a secret: it is never kept for a repetition. */
  readonly secret?: true
  /**
   * Takes a proof of the same person's presence within the last minutes, when they signed in: a stolen session is not enough. `by-room`: the room asks
   * for it itself, because a session that is for enrolling a second factor can have none.
   */
  readonly recent?: true | 'by-room'
  /** Answers when the change is live on every gateway thread of this node. */
  readonly live?: true
  object?(call: Call<P, Q, B>): { readonly kind: string; readonly name: string }
  /** What takes long or goes out, before the transaction: hashing, fetching, resolving. */
  prepare?(call: Call<P, Q, B>): Promise<X | Refused>
  run?(call: Call<P, Q, B>, store: Writing, prepared: X): Promise<Outcome<O>>
  /** In place of `prepare` and `run`, for a room that commits by itself: what is done is told to `within` in the very transaction that does it. */
  commit?(call: Call<P, Q, B>, within: Within): Promise<Outcome<O>>
}

/** Puts the trail's entry of what will be answered into the transaction; what it throws takes everything back. */
export type Within = (writing: Writing, outcome: Done<unknown>) => Promise<void>

/** An operation whose types do not matter to who holds it. */
// biome-ignore lint/suspicious/noExplicitAny: the list holds operations of every input; each one's own types are checked where it is defined.
export type AnyOperation = Operation<any, any, any, any, any, any>

type Shapes<P, Q, B, O> = { readonly parameters?: Schema<P>; readonly query?: Schema<Q>; readonly body?: Schema<B>; readonly output?: Schema<O> }

/** Checks a declaration's types where it is written. */
export function defineOperation<P = undefined, Q = undefined, B = undefined, O = undefined, R extends string = never, X = undefined>(
  operation: Operation<P, Q, B, O, R, X> & Shapes<P, Q, B, O>,
): Operation<P, Q, B, O, R, X> {
  return operation
}
export type OutputOf<T> = T extends { readonly output?: infer S } ? Infer<S> : undefined

/** The tag of a state, of which nothing is to be read off it. */
export const etagOf = (state: unknown): string => hashOf(state).slice(0, 32)
export const done = <O>(value: O, more: Omit<Done<O>, 'value'> = {}): Done<O> => ({ value, ...more })
/** One of the operation's own refusals, or `stale` and the others that all operations share. */
export const refused = <R extends string>(code: R | CommonRefusal, more: Omit<Refused, 'refused'> = {}): Refused => ({ refused: code, ...more })

/** The status of success. */
export const statusOf = (operation: AnyOperation): number => operation.status ?? (operation.output || operation.media ? 200 : 204)
