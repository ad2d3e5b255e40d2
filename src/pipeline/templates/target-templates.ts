// Templates of paths, queries and addresses: what is put in is encoded for where it stands, and what comes out is read again as a request's target would be.
import { isNormalPath } from '../../http/target.ts'
import type { Exchange } from '../exchange.ts'
import type { ValueFault } from './exchange-values.ts'
import type { Groups, PathPattern } from './path-pattern.ts'
import { BARE_IN_URL, percentDecoded, percentEncoded } from './percent-encoding.ts'
import { type Insert, inserted, insertsOf, type Piece, readPieces, VALUE_OCTETS_MAX } from './templates.ts'

/** `undefined` from `render`: something is not there, or what would come out is no target that a request might have. */
export interface PathTemplate {
  readonly inserts: readonly Insert[]
  /** `allowed`: ambiguous spellings that the request came with and was let in with (`http/target.ts`). */
  render(x: Exchange, groups: Groups, allowed: number): string | undefined
}
export interface QueryTemplate {
  readonly inserts: readonly Insert[]
  render(x: Exchange, groups: Groups): string | undefined
}
/** Where a client is sent. */
export interface AddressTemplate {
  readonly inserts: readonly Insert[]
  /** Scheme and authority, as written; '' is the request's own. */
  readonly origin: string
  readonly path: PathTemplate
  readonly query: QueryTemplate | undefined
  readonly fragment: QueryTemplate | undefined
}

const NO_PATTERN: readonly string[] = []
const bad = (message: string): ValueFault => ({ code: 'bad-template', message })

/** The path that a request goes on with. */
export function readPathTemplate(text: string, from: PathPattern | undefined): PathTemplate | ValueFault {
  const names = from?.groups ?? NO_PATTERN
  const pieces = readPieces(text, false, new Set(names))
  return 'code' in pieces ? pieces : pathOf(pieces, names)
}

function pathOf(pieces: readonly Piece[], names: readonly string[]): PathTemplate | ValueFault {
  const sample = pieces.map((piece) => (typeof piece === 'string' ? piece : 'x')).join('')
  if (!sample.startsWith('/')) return bad("a path begins with '/'")
  if (typeof pieces[0] !== 'string') return bad("a path begins with '/' as it is written, not with what is put in")
  if (!isNormalPath(sample, 0))
    return bad(
      'its literal parts are not in normal form: no empty or dot segments, no needless percent-encoding, nothing that a request with it would be refused for',
    )
  const parts = numbered(pieces, names)
  return {
    inserts: insertsOf(pieces),
    render(x, groups, allowed) {
      // A group stands in the request's path already: it is spelled as one, and `isNormalPath` sees what becomes of it here.
      const path = joined(parts, x, groups, (group) => group)
      return path !== undefined && isNormalPath(path, allowed) ? path : undefined
    },
  }
}

/** The value of one parameter. */
export function readQueryTemplate(text: string): QueryTemplate | ValueFault {
  const pieces = readPieces(text, false)
  if ('code' in pieces) return pieces
  if (pieces.some((piece) => typeof piece === 'string' && piece.includes('&')))
    return bad("a value has no '&', which would begin another parameter: write it as %26")
  return queryOf(pieces, NO_PATTERN)
}

function queryOf(pieces: readonly Piece[], names: readonly string[]): QueryTemplate | ValueFault {
  if (pieces.some((piece) => typeof piece === 'string' && !QUERY_LITERAL.test(piece)))
    return bad("a query is written as it is sent (RFC 3986 3.4): letters, digits and -._~!$&'()*+,;=:@/?, everything else percent-encoded")
  const parts = numbered(pieces, names)
  return { inserts: insertsOf(pieces), render: (x, groups) => joined(parts, x, groups, inQuery) }
}
const QUERY_LITERAL = /^(?:[!$&-;=?-Z_a-z~]|%[0-9A-Fa-f]{2})*$/
/** In a path "&" and "=" are letters like others; in a query they part it. */
const inQuery = (group: string): string => percentEncoded(percentDecoded(group), BARE_IN_URL)

const AUTHORITY = /^https?:\/\/(?:[0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?(?=[/?#]|$)/i

/** An address to send a client to: its scheme and host stand there as text, or are the request's own. */
export function readAddressTemplate(text: string, from: PathPattern | undefined): AddressTemplate | ValueFault {
  const names = from?.groups ?? NO_PATTERN
  const isPath = text.startsWith('/')
  const origin = isPath ? '' : AUTHORITY.exec(text)?.[0]
  if (origin === undefined || text.startsWith('//') || text.startsWith('/\\'))
    return bad(
      "an address is https://HOST/PATH with the host as text, or a path at the request's own host: whoever could put in the host would choose where callers are sent",
    )
  const rest = text.slice(origin.length)
  const pieces = readPieces(/^(?:[?#]|$)/.test(rest) ? `/${rest}` : rest, false, new Set(names))
  if ('code' in pieces) return pieces
  const [beforeFragment, fragmentPieces] = cut(pieces, '#')
  const [pathPieces, queryPieces] = cut(beforeFragment, '?')
  const path = pathOf(pathPieces, names)
  if ('code' in path) return path
  const query = queryPieces && queryOf(queryPieces, names)
  if (query && 'code' in query) return query
  const fragment = fragmentPieces && queryOf(fragmentPieces, names)
  if (fragment && 'code' in fragment) return fragment
  return { inserts: insertsOf(pieces), origin, path, query, fragment }
}

/** Cuts at the first `sign` that stands in literal text. */
function cut(pieces: readonly Piece[], sign: string): [before: readonly Piece[], after: readonly Piece[] | undefined] {
  for (const [i, piece] of pieces.entries()) {
    const at = typeof piece === 'string' ? piece.indexOf(sign) : -1
    if (at < 0) continue
    const text = piece as string
    const parts = (piece: string): readonly Piece[] => (piece === '' ? [] : [piece])
    return [
      [...pieces.slice(0, i), ...parts(text.slice(0, at))],
      [...parts(text.slice(at + 1)), ...pieces.slice(i + 1)],
    ]
  }
  return [pieces, undefined]
}

type Part = string | number | Insert
/** Groups by their place in the pattern. */
const numbered = (pieces: readonly Piece[], names: readonly string[]): readonly Part[] =>
  pieces.map((piece) => (typeof piece === 'object' && 'group' in piece ? names.indexOf(piece.group) : piece))

function joined(parts: readonly Part[], x: Exchange, groups: Groups, spelled: (group: string) => string): string | undefined {
  let out = ''
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!
    if (typeof part === 'string') out += part
    else if (typeof part === 'number') out += spelled(groups[part]!)
    else {
      const value = inserted(part, x)
      if (value === undefined) return undefined
      out += percentEncoded(value, BARE_IN_URL)
    }
  }
  return out.length <= VALUE_OCTETS_MAX ? out : undefined
}
