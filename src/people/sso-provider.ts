// Single sign-on providers: whom this installation believes about who somebody is, and what a claim of theirs is worth here.
import type { Envelope } from '../ports/envelope.ts'
import type { Reading, Writing } from '../ports/store.ts'
import { EVERYTHING, findRole, type Holder, mayGrant } from './grants.ts'
import { NAME_FORM } from './person.ts'
import { type Refused, refuse } from './refusal.ts'
import { PROVIDERS, type Provider } from './sso-records.ts'
import { losesLastOwner } from './ways-in.ts'

export interface ProviderInput extends Omit<Provider, 'sealedSecret'> {
  /** Absent: the one that is kept stays. */
  readonly clientSecret?: string
}
export type ProviderRefusal =
  | 'name-unreadable'
  | 'issuer-not-https'
  | 'client-unreadable'
  | 'secret-needed'
  | 'unknown-role'
  | 'owner-not-by-claim'
  | 'rule-unreadable'
  | 'owners-only'
  | 'last-owner'
  | 'too-many-providers'

/** They are told in one list, to who wants to sign in as well. */
export const PROVIDERS_MAX = 50

export const listProviders = async (reading: Reading): Promise<readonly Provider[]> =>
  (await reading.scan(PROVIDERS, { limit: PROVIDERS_MAX })).map(({ value }) => value)

export const findProvider = async (reading: Reading, name: string): Promise<Provider | undefined> =>
  NAME_FORM.test(name) ? reading.get(PROVIDERS, name) : undefined

/** Adds a provider, or changes the one of that name. */
export async function putProvider(writing: Writing, envelope: Envelope, holder: Holder, input: ProviderInput): Promise<Provider | Refused<ProviderRefusal>> {
  const { name, says, issuer, clientId, provesSecondFactor, mapping, clientSecret } = input
  // Who says which provider is believed, and how far, decides about everyone who comes through it, owners included.
  if (!mayGrant(holder, EVERYTHING, [])) return refuse('owners-only')
  if (!NAME_FORM.test(name) || !/^\P{C}{1,100}$/u.test(says)) return refuse('name-unreadable')
  if (!isIssuer(issuer)) return refuse('issuer-not-https')
  if (!/^[!-~]{1,256}$/.test(clientId)) return refuse('client-unreadable')
  const before = await writing.get(PROVIDERS, name)
  // With another issuer the secret that is kept would be shown to whoever was named last.
  const isSameClient = before?.issuer === issuer && before.clientId === clientId
  if (clientSecret === undefined ? !isSameClient : !/^[!-~]{1,1024}$/.test(clientSecret)) return refuse('secret-needed')
  const refused = mapping && (await checkMapping(writing, mapping))
  if (refused) return refused
  if (before === undefined && (await writing.scan(PROVIDERS, { limit: PROVIDERS_MAX })).length === PROVIDERS_MAX) return refuse('too-many-providers')
  if (before !== undefined && before.issuer !== issuer && (await losesLastOwner(writing, { provider: name }))) return refuse('last-owner')
  const sealedSecret = clientSecret === undefined ? before!.sealedSecret : envelope.seal(Buffer.from(clientSecret), sealedFor(name))
  const provider: Provider = { name, says, issuer, clientId, sealedSecret, provesSecondFactor, ...(mapping && { mapping }) }
  writing.put(PROVIDERS, name, provider)
  return provider
}
export const sealedFor = (name: string): string => `sso-provider/${name}`

async function checkMapping(reading: Reading, { claim, rules }: NonNullable<Provider['mapping']>): Promise<Refused<ProviderRefusal> | undefined> {
  if (!/^[!-~]{1,100}$/.test(claim) || rules.length > 100) return refuse('rule-unreadable')
  for (const { value, roles, teams } of rules) {
    if (!/^\P{Cc}{1,256}$/u.test(value) || !teams.every((team) => NAME_FORM.test(team)) || roles.length === 0) return refuse('rule-unreadable')
    // Whoever governs the claims of a foreign system must not govern this one: owners are made by owners.
    if (roles.includes('owner')) return refuse('owner-not-by-claim')
    for (const role of roles) if (!(await findRole(reading, role))) return refuse('unknown-role')
  }
  return undefined
}

/** https, as OpenID Connect Discovery 1.0 3 wants it; plain HTTP only on loopback, which nobody listens in on, and only if the egress guard lets it. */
function isIssuer(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '' || text.length > 512) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)

/** Removes a provider. The accounts that came through it stay, and cannot come through it any more. */
export async function removeProvider(
  writing: Writing,
  holder: Holder,
  name: string,
): Promise<Provider | Refused<'unknown-provider' | 'owners-only' | 'last-owner'>> {
  if (!mayGrant(holder, EVERYTHING, [])) return refuse('owners-only')
  const provider = await findProvider(writing, name)
  if (!provider) return refuse('unknown-provider')
  if (await losesLastOwner(writing, { provider: name })) return refuse('last-owner')
  writing.remove(PROVIDERS, name)
  return provider
}

/** What the rules give for these claims: undefined when none fits. */
export function rolesByClaims(
  provider: Provider,
  claims: Readonly<Record<string, unknown>>,
): { readonly roles: string[]; readonly teams: string[] } | undefined {
  const shown = provider.mapping && Object.hasOwn(claims, provider.mapping.claim) ? claims[provider.mapping.claim] : undefined
  const values = new Set((Array.isArray(shown) ? shown : [shown]).filter((each) => typeof each === 'string'))
  const rules = provider.mapping?.rules.filter(({ value }) => values.has(value)) ?? []
  if (rules.length === 0) return undefined
  return { roles: [...new Set(rules.flatMap((each) => each.roles))].sort(), teams: [...new Set(rules.flatMap((each) => each.teams))].sort() }
}
