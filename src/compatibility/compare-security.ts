// Compares what callers must show: each way in that the old document knew must still lead in.
import { below, type Description, isObject, member, membersOf, type Place } from './description.ts'
import { listed } from './finding.ts'
import type { Operation } from './path-shapes.ts'
import type { Sides } from './sides.ts'

/** One way in: all of these schemes at once, each with its scopes. Schemes are known by what they are, not by their name in the document. */
interface Requirement {
  readonly schemes: ReadonlyMap<string, { readonly name: string; readonly scopes: readonly string[] }>
}

export function compareSecurity(sides: Sides, old: Operation, now: Operation): void {
  const before = requirementsOf(sides.old, old)
  const after = requirementsOf(sides.now, now)
  const [oldAt, newAt] = [before.place, after.place]
  for (const wanted of before.all) {
    if (after.all.some((offered) => isEnough(wanted, offered))) continue
    const sameSchemes = after.all.filter((offered) => [...offered.schemes.keys()].every((scheme) => wanted.schemes.has(scheme)))
    if (sameSchemes.length > 0) {
      const scopes = sameSchemes.flatMap((offered) =>
        [...offered.schemes].flatMap(([key, { scopes }]) => scopes.filter((scope) => !wanted.schemes.get(key)!.scopes.includes(scope))),
      )
      sides.report('security-scope-added', 'breaking', `Callers need further scopes: ${listed([...new Set(scopes)])}.`, oldAt, newAt)
      continue
    }
    const names = namesOf(wanted)
    const renamed = after.all.some((offered) => namesOf(offered).join() === names.join() && names.length > 0)
    if (wanted.schemes.size === 0) sides.report('security-added', 'breaking', 'Callers without a credential are no longer admitted.', oldAt, newAt)
    else if (renamed)
      sides.report('security-scheme-changed', 'breaking', `The security scheme ${listed(names)} is another one under the same name.`, oldAt, newAt)
    else sides.report('security-alternative-removed', 'breaking', `A credential of ${listed(names)} alone is no longer enough.`, oldAt, newAt)
  }
  for (const offered of after.all) {
    if (before.all.some((wanted) => isEnough(wanted, offered) || isEnough(offered, wanted) || namesOf(wanted).join() === namesOf(offered).join())) continue
    sides.report('security-alternative-added', 'compatible', `Callers may also show ${listed(namesOf(offered))}.`, oldAt, newAt)
  }
  const open = (all: readonly Requirement[]): boolean => all.some(({ schemes }) => schemes.size === 0)
  if (open(after.all) && !open(before.all)) sides.report('security-removed', 'compatible', 'Callers without a credential are admitted now.', oldAt, newAt)
}

const namesOf = ({ schemes }: Requirement): string[] => [...schemes.values()].map(({ name }) => name).sort()

/** Who held what the old document wanted has all that the new one wants. */
const isEnough = (held: Requirement, wanted: Requirement): boolean =>
  [...wanted.schemes].every(([scheme, { scopes }]) => {
    const own = held.schemes.get(scheme)
    return own !== undefined && scopes.every((scope) => own.scopes.includes(scope))
  })

function requirementsOf(description: Description, operation: Operation): { readonly all: readonly Requirement[]; readonly place: Place } {
  const own = below(operation.place, 'security')
  const place = own.value === undefined ? below(description.root, 'security') : own
  const written = Array.isArray(place.value) ? place.value.filter(isObject) : []
  const all = written.map((requirement): Requirement => {
    const entries = Object.entries(requirement).map(([name, scopes]) => {
      const list = Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : []
      return [signatureOf(description, name), { name, scopes: list }] as const
    })
    return { schemes: new Map(entries) }
  })
  // No requirement at all is the same as one that wants nothing (OpenAPI 4.8.30).
  return { all: all.length === 0 ? [{ schemes: new Map() }] : all, place: place.value === undefined ? operation.place : place }
}

/** What a scheme is: kind, place and name of the credential, issuer. */
function signatureOf(description: Description, name: string): string {
  const place = description.settle(below(description.root, 'components', 'securitySchemes', name))
  if (!isObject(place.value)) return `unknown ${name}`
  const of = (key: string): unknown => member(place.value, key)
  const inHeader = String(of('in')).toLowerCase() === 'header'
  const credential = inHeader ? String(of('name')).toLowerCase() : of('name')
  const flows = Object.entries(membersOf(of('flows'))).map(([flow, value]) => [flow, member(value, 'authorizationUrl'), member(value, 'tokenUrl')])
  const scheme = typeof of('scheme') === 'string' ? String(of('scheme')).toLowerCase() : undefined
  return JSON.stringify([of('type'), of('in'), credential, scheme, of('openIdConnectUrl'), flows.sort()])
}
