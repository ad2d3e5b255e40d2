// What an ACME server says when it says no, and what went wrong before it could: read strictly, told to operators in one line.
import { visible } from '../base/visible-text.ts'

/** RFC 8555 6.7: types of problems that begin so are the standard's. */
const STANDARD = 'urn:ietf:params:acme:error:'
const DETAIL_MAX = 300
/** What may be over by itself: the same order can be gone on with. */
const PASSING = new Set(['unreachable', 'tooSlow', 'serverInternal', 'rateLimited', 'badNonce'])

/**
 * A try that came to nothing. The message is for operators: what a server wrote is in it, cut short and without control characters.
 * `kind`: the last part of the problem's type (`rateLimited`, `unauthorized`), or `unexpected` for answers that are none of the protocol's.
 */
export class AcmeFailure extends Error {
  readonly kind: string
  /** Not before so many milliseconds, says the server. */
  readonly retryAfterMs: number | undefined

  constructor(kind: string, message: string, retryAfterMs?: number) {
    super(message)
    this.name = 'AcmeFailure'
    this.kind = kind
    this.retryAfterMs = retryAfterMs
  }
  /** As codes are written here: `rate-limited`. */
  get code(): string {
    return this.kind.replaceAll(/[A-Z]+/g, (letters) => `-${letters.toLowerCase()}`).replace(/^-/, '')
  }
  get isPassing(): boolean {
    return PASSING.has(this.kind)
  }
}

/** A problem document (RFC 9457) as a failure; subproblems (RFC 8555 6.7.1) say which name it is about. */
export function problemOf(problem: unknown, doing: string, status?: number, retryAfterMs?: number): AcmeFailure {
  const { type, detail, subproblems } = membersOf(problem)
  const standard =
    typeof type === 'string' && type.startsWith(STANDARD) && /^[A-Za-z]{1,64}$/.test(type.slice(STANDARD.length)) ? type.slice(STANDARD.length) : ''
  const kind = standard !== '' ? standard : status === 429 ? 'rateLimited' : status !== undefined && status >= 500 ? 'serverInternal' : 'unexpected'
  const said = [detail, ...(Array.isArray(subproblems) ? subproblems.slice(0, 3).map((each) => membersOf(each)['detail']) : [])]
    .filter((each): each is string => typeof each === 'string' && each !== '')
    .map((each) => visible(each.slice(0, DETAIL_MAX)))
  const answered = [standard === '' ? status !== undefined && `status ${status}` : standard, ...said].filter(Boolean).join(': ')
  return new AcmeFailure(kind, `${doing} was refused: ${answered === '' ? 'without a reason' : answered}`, retryAfterMs)
}

/** The members of what should be an object. */
export const membersOf = (value: unknown): { readonly [name: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as { readonly [name: string]: unknown }) : {}
