// The methods that are served, and what the standard says of them (RFC 9110 9).

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
export type Method = (typeof METHODS)[number]

const NAMES: ReadonlySet<string> = new Set(METHODS)
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
const IDEMPOTENT: ReadonlySet<string> = new Set([...SAFE, 'PUT', 'DELETE'])

export const isMethod = (text: string): text is Method => NAMES.has(text)
/** RFC 9110 9.2.1: asks for no change. */
export const isSafe = (method: string): boolean => SAFE.has(method)
/** RFC 9110 9.2.2: has the same effect twice. */
export const isIdempotent = (method: string): boolean => IDEMPOTENT.has(method)

/** As a field value, for `Allow`. */
export const ALL_METHODS = METHODS.join(', ')
