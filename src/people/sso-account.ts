// Which person a provider's claims are: bound before, let in by an invitation, or by a rule; anybody else is nobody here.
import type { Writing } from '../ports/store.ts'
import { dropLink, linkOf } from './links.ts'
import type { Means, Moment } from './means.ts'
import { findPersonByMail, getPerson, isPersonName, type Person, putPerson, readMail } from './person.ts'
import { isRefused, type Refused, refuse } from './refusal.ts'
import { newId } from './secret-text.ts'
import { endSessions } from './sessions.ts'
import { rolesByClaims } from './sso-provider.ts'
import { accountKey, type Provider, SSO_ACCOUNTS, SSO_OF_PERSON } from './sso-records.ts'

export type SsoPersonRefusal = 'not-invited' | 'no-role-by-claims' | 'not-active' | 'already-bound'
type Claims = Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string }
type Refusal = Refused<SsoPersonRefusal> & { readonly personId?: string }

/** `link` is the digest of an invitation's secret. The mail address in the claims is never looked up to find somebody. */
export async function personByClaims(
  writing: Writing,
  at: Moment,
  means: Means,
  provider: Provider,
  claims: Claims,
  from: { readonly link: string | undefined; readonly address: string; readonly isStepUp: boolean },
): Promise<Person | Refusal> {
  const bound = await writing.get(SSO_ACCOUNTS, accountKey(claims.iss, claims.sub))
  if (bound) {
    // Bound through one provider's settings, so let in by those only: another entry for the same issuer may ask less of people.
    if (from.link !== undefined) return refuse('already-bound')
    return bound.provider === provider.name ? known(writing, means, provider, claims, bound.personId) : refuse('not-invited')
  }
  // Stepping up lets nobody in: who is not bound is somebody else.
  if (from.isStepUp) return refuse('not-invited')
  const person = from.link === undefined ? newcomer(writing, at, provider, claims) : invited(writing, at, from.link)
  const found = await person
  if (isRefused(found)) return found
  writing.put(SSO_ACCOUNTS, accountKey(claims.iss, claims.sub), { personId: found.id, provider: provider.name, boundAtMs: at.nowMs })
  writing.put(SSO_OF_PERSON, `${found.id}/${accountKey(claims.iss, claims.sub)}`, { provider: provider.name, issuer: provider.issuer })
  await means.record(writing, {
    act: 'person.accept',
    actor: { kind: 'person', id: found.id },
    outcome: 'done',
    object: { kind: 'person', name: found.id },
    detail: { provider: provider.name, by: from.link === undefined ? 'claims' : 'invitation', roles: found.roles, teams: found.teams },
    personal: { address: from.address },
  })
  return found
}

async function known(writing: Writing, means: Means, provider: Provider, claims: Claims, personId: string): Promise<Person | Refusal> {
  const person = await getPerson(writing, personId)
  if (person?.state !== 'active') return { ...refuse('not-active'), personId }
  if (person.rolesFrom !== provider.name) return person
  // What the claims gave, other claims take away: a person who left a group over there has left it here.
  const { roles, teams } = rolesByClaims(provider, claims) ?? { roles: [], teams: [] }
  if (JSON.stringify([roles, teams]) !== JSON.stringify([person.roles, person.teams])) {
    const next = { ...person, roles, teams, epoch: person.epoch + 1 }
    putPerson(writing, next, person)
    await endSessions(writing, personId)
    await means.record(writing, {
      act: 'person.change',
      actor: { kind: 'system', id: 'system' },
      outcome: 'done',
      object: { kind: 'person', name: personId },
      detail: { by: 'claims', provider: provider.name, roles, teams },
    })
    return roles.length === 0 ? { ...refuse('no-role-by-claims'), personId } : next
  }
  return roles.length === 0 ? { ...refuse('no-role-by-claims'), personId } : person
}

async function invited(writing: Writing, at: Moment, digest: string): Promise<Person | Refusal> {
  const { link, person } = (await linkOf(writing, at.nowMs, digest)) ?? {}
  if (link?.kind !== 'invitation' || person === undefined) return refuse('not-invited')
  await dropLink(writing, person.id)
  const next: Person = { ...person, state: 'active', epoch: person.epoch + 1 }
  putPerson(writing, next, person)
  return next
}

async function newcomer(writing: Writing, at: Moment, provider: Provider, claims: Claims): Promise<Person | Refusal> {
  const given = rolesByClaims(provider, claims)
  if (!given) return refuse('not-invited')
  const shown = typeof claims['email'] === 'string' ? readMail(claims['email']) : undefined
  // An address that somebody has here stays theirs, and one that is not theirs for certain is not kept at all.
  const mail = shown !== undefined && claims['email_verified'] === true && !(await findPersonByMail(writing, shown)) ? shown : ''
  const name = typeof claims['name'] === 'string' && isPersonName(claims['name']) ? claims['name'] : 'Unnamed'
  const person: Person = { id: newId('person', at.random), name, mail, ...given, state: 'active', createdAtMs: at.nowMs, rolesFrom: provider.name, epoch: 0 }
  putPerson(writing, person)
  return person
}
