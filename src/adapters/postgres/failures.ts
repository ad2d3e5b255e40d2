// Errors of the driver and of the server, as the port promises them.
import { StoreTooNew, StoreUnavailable, UncertainCommit } from '../../ports/store.ts'

/**
 * Whether the server itself said that the statement failed, and went on: then nothing of it is kept. Classes 08 and 57 (PostgreSQL, appendix A) tell of
 * a connection or a server that ends, which may have happened on either side of the commit.
 */
const isVerdict = (cause: unknown): boolean => {
  const { code, severity } = cause as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && severity === 'ERROR' && !/^(?:08|57)/.test(code)
}

export function unavailable(cause: unknown): Error {
  if (cause instanceof StoreUnavailable || cause instanceof StoreTooNew) return cause
  return new StoreUnavailable(`PostgreSQL: ${(cause as Error).message || (cause as { code?: string }).code}`, cause)
}

/** What COMMIT rejected with. */
export function failedCommit(cause: unknown): Error {
  if (isVerdict(cause)) return unavailable(cause)
  return new UncertainCommit(`PostgreSQL: the connection was lost during a commit: ${(cause as Error).message}`, cause)
}
