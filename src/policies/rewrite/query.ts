// What becomes of a request's parameters: one pass over the query as it is spelled; only what is set is spelled anew.
import type { Exchange } from '../../pipeline/exchange.ts'
import { BARE_IN_URL, percentDecoded, percentEncoded } from '../../pipeline/templates/percent-encoding.ts'
import type { QueryTemplate } from '../../pipeline/templates/target-templates.ts'

export interface QueryChanges {
  readonly keep?: readonly string[] | undefined
  readonly remove: readonly string[]
  readonly rename: { readonly [from: string]: string }
  readonly set: { readonly [name: string]: QueryTemplate }
}
const NO_GROUPS: readonly string[] = []

export function queryChange({ keep, remove, rename, set }: QueryChanges): (x: Exchange) => void {
  const kept = keep && new Set(keep)
  const renames = new Map(Object.entries(rename))
  // A parameter of a name that is given here does not come from outside as well: which of the two counts is for two servers to guess.
  const dropped = new Set([...remove, ...Object.keys(set), ...renames.values()].map((name) => name.toLowerCase()))
  const added = Object.entries(set).map(([name, { render }]) => ({ name: percentEncoded(name, BARE_IN_URL), render }))
  return (x) => {
    const given = x.query
    // Read before anything is changed.
    let more = ''
    for (let i = 0; i < added.length; i++) {
      const value = added[i]!.render(x, NO_GROUPS)
      if (value !== undefined) more += `${more === '' ? '' : '&'}${added[i]!.name}=${value}`
    }
    const rest = given === undefined ? '' : passed(given, kept, renames, dropped)
    const query = rest === '' ? more : more === '' ? rest : `${rest}&${more}`
    if (query !== (given ?? '')) x.respellQuery(query)
  }
}

/** In any case, and as a list of that name: to some upstreams `Role`, `role[]` and `role` are one. */
function isAmong(dropped: ReadonlySet<string>, name: string): boolean {
  if (dropped.size === 0) return false
  const folded = name.toLowerCase()
  if (dropped.has(folded)) return true
  const bracket = folded.indexOf('[')
  return bracket > 0 && dropped.has(folded.slice(0, bracket))
}

function passed(query: string, kept: ReadonlySet<string> | undefined, renames: ReadonlyMap<string, string>, dropped: ReadonlySet<string>): string {
  let out = ''
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    const spelled = equals < 0 ? pair : pair.slice(0, equals)
    // Decoded once, so that no other spelling of a name passes by; "+" is a space to most that read forms.
    const name = percentDecoded(spelled).replaceAll('+', ' ').trim()
    const renamed = renames.get(name)
    if (renamed === undefined && (isAmong(dropped, name) || (kept !== undefined && !kept.has(name)))) continue
    const text = renamed === undefined ? pair : percentEncoded(renamed, BARE_IN_URL) + pair.slice(spelled.length)
    out += out === '' ? text : `&${text}`
  }
  return out
}
