// What the main thread asks the store thread, and what comes back.
import type { Span, Write } from '../store-session.ts'

export interface ThreadStart {
  readonly file: string
  readonly pagesMax: number | undefined
  /** How soon after a commit the log is emptied. */
  readonly tidyMs: number
  /** Whether to watch for commits of other processes from the beginning. */
  readonly listen: boolean
}

/** `transaction` is a number that the main thread gives; it begins in the database with the first question about it. */
export type Question =
  | { readonly kind: 'get'; readonly transaction: number; readonly isWrite: boolean; readonly collection: string; readonly key: string }
  | { readonly kind: 'scan'; readonly transaction: number; readonly isWrite: boolean; readonly span: Span; readonly unsent: readonly Write[] }
  | { readonly kind: 'collections'; readonly transaction: number; readonly isWrite: boolean; readonly unsent: readonly Write[] }
  | { readonly kind: 'commit'; readonly transaction: number; readonly isWrite: true; readonly unsent: readonly Write[] }
  | { readonly kind: 'changes'; readonly since: number }
  | { readonly kind: 'restore'; readonly file: string }
  | { readonly kind: 'close' }
/** What needs no answer. */
export type Order = { readonly kind: 'end'; readonly transaction: number } | { readonly kind: 'listen'; readonly on: boolean }
export type ToThread = { readonly ask: number; readonly question: Question } | { readonly order: Order }

/** An error that crosses the threads: classes do not survive the way. */
export interface Failure {
  readonly kind: 'unavailable' | 'uncertain' | 'unusable-back-up' | 'too-new' | 'fault'
  readonly message: string
}
export type FromThread =
  | { readonly kind: 'open' }
  | { readonly kind: 'refused'; readonly failure: Failure }
  | { readonly kind: 'answer'; readonly ask: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly ask: number; readonly failure: Failure }
  /** Another process, or another handle of this one, has committed. */
  | { readonly kind: 'changed' }
