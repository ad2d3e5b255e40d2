// Errors on their way from the store thread: what SQLite says becomes what the port promises.
import { StoreTooNew, StoreUnavailable, UncertainCommit, UnusableBackUp } from '../../ports/store.ts'
import { resultCode } from './connection.ts'
import type { Failure } from './messages.ts'

const SQLITE_IOERR = 10

/** What COMMIT itself threw. */
export class FailedCommit extends Error {
  constructor(cause: unknown) {
    super('a commit failed', { cause })
  }
}

export function failureOf(cause: unknown): Failure {
  // The log may hold the whole transaction and only its fsync have failed: after a crash it would be found there.
  if (cause instanceof FailedCommit)
    return resultCode(cause.cause) === SQLITE_IOERR ? { kind: 'uncertain', message: sentence(cause.cause as Error) } : failureOf(cause.cause)
  if (cause instanceof StoreTooNew) return { kind: 'too-new', message: cause.message }
  if (cause instanceof UnusableBackUp) return { kind: 'unusable-back-up', message: cause.message }
  const { message } = cause as Error
  if (cause instanceof StoreUnavailable) return { kind: 'unavailable', message }
  const code = resultCode(cause)
  const system = (cause as NodeJS.ErrnoException).syscall
  if (code === undefined && system === undefined) return { kind: 'fault', message: (cause as Error).stack ?? String(cause) }
  return { kind: 'unavailable', message: sentence(cause as Error) }
}
const sentence = ({ message }: Error): string => `the embedded store: ${message}`

export function errorOf({ kind, message }: Failure): Error {
  switch (kind) {
    case 'unavailable':
      return new StoreUnavailable(message)
    case 'uncertain':
      return new UncertainCommit(message)
    case 'unusable-back-up':
      return new UnusableBackUp(message)
    case 'too-new':
      return new StoreTooNew(message)
    case 'fault':
      return new Error(message)
  }
}
