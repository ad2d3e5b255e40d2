// People after a restore: nobody comes in by what was taken from them, or replaced, since the back-up was made.
import { type Collection, type Entry, everyEntry, type Reading, SCAN_LIMIT_MAX, type Store, type Writing } from '../ports/store.ts'
import { isAdminTokenOff, switchAdminToken } from './admin-token-switch.ts'
import { PASSKEYS, PASSKEYS_OF_PERSON, PASSWORDS, passkeysOf, TOTPS, TOTPS_BEGUN } from './factors.ts'
import { CUSTOM_ROLES } from './grants.ts'
import { dropLink, LINKS } from './links.ts'
import { revokeToken, TOKENS } from './machine-tokens.ts'
import { forgetPerson } from './people.ts'
import { PEOPLE, type Person, putPerson } from './person.ts'
import { endSession, SESSIONS } from './sessions.ts'
import { PROVIDERS, SSO_ACCOUNTS, SSO_OF_PERSON } from './sso-records.ts'

const PAGE = 100

/** Ends what was handed out before: sessions, links, and the devices that people were known by. To be done at every restore. */
export async function endWhatWasIssued(restored: Store): Promise<void> {
  await inPages(restored, SESSIONS, async (writing, { key }) => endSession(writing, key))
  await inPages(restored, LINKS, async (writing, { value }) => dropLink(writing, value.personId))
  await inPages(restored, PEOPLE, async (writing, { value }) => putPerson(writing, { ...value, epoch: value.epoch + 1 }, value))
}

export interface KeptEnded {
  readonly tokens: number
  /** Who has less than in the back-up, or proves otherwise who they are. */
  readonly people: number
}
/**
 * `replaced` is the store that the back-up takes the place of; nobody uses either. Of people it says last how they prove who they are; rights are what
 * both say. `isSealedAlike`: both are sealed under one envelope key.
 */
export async function keepPeopleEnded(restored: Store, replaced: Store, nowMs: number, isSealedAlike: boolean): Promise<KeptEnded> {
  const counts = { tokens: 0, people: 0 }
  await replaced.read(async (now) => {
    await inPages(restored, TOKENS, async (writing, { key: id, value }) => {
      const token = await now.get(TOKENS, id)
      if (value.revokedAtMs !== undefined || (token && token.revokedAtMs === undefined)) return
      await revokeToken(writing, nowMs, id)
      if (value.expiresAtMs > nowMs) counts.tokens++
    })
    await inPages(restored, PEOPLE, async (writing, { key: id, value }) => {
      if (await follow(writing, value, now, await now.get(PEOPLE, id), isSealedAlike)) counts.people++
    })
    await inPages(restored, CUSTOM_ROLES, async (writing, { key }) => takeOver(writing, CUSTOM_ROLES, key, await now.get(CUSTOM_ROLES, key)))
    await inPages(restored, PROVIDERS, async (writing, { key, value }) => {
      const provider = await now.get(PROVIDERS, key)
      // What is sealed under another key says nothing here; the rest of it holds.
      takeOver(writing, PROVIDERS, key, provider && (isSealedAlike ? provider : { ...provider, sealedSecret: value.sealedSecret }))
    })
    if (await isAdminTokenOff(now)) await restored.write(async (writing) => switchAdminToken(writing, nowMs, false))
  })
  return counts
}

/** True when the person has less than before, or other proofs. */
async function follow(writing: Writing, person: Person, now: Reading, last: Person | undefined, isSealedAlike: boolean): Promise<boolean> {
  if (person.state === 'erased') return false
  if (last?.state === 'erased') {
    await forgetPerson(writing, person)
    return true
  }
  const isSuspended = person.state === 'suspended' || last === undefined || last.state === 'suspended'
  const { rolesFrom: _, ...rest } = person
  const followed: Person = {
    ...rest,
    ...(last?.rolesFrom !== undefined && { rolesFrom: last.rolesFrom }),
    roles: person.roles.filter((role) => last?.roles.includes(role)),
    teams: person.teams.filter((team) => last?.teams.includes(team)),
    // Who had not come when the back-up was made, and has come since, comes as they do now.
    state: isSuspended ? 'suspended' : (last?.state ?? 'suspended'),
    epoch: Math.max(person.epoch, last?.epoch ?? 0) + 1,
  }
  putPerson(writing, followed, person)
  const hasOtherProofs = await takeOverProofs(writing, person.id, now, isSealedAlike)
  const rights = ({ roles, teams, state }: Person): string => JSON.stringify([roles, teams, state])
  return hasOtherProofs || rights(followed) !== rights(person)
}

async function takeOverProofs(writing: Writing, id: string, now: Reading, isSealedAlike: boolean): Promise<boolean> {
  let isOther = takeOver(writing, PASSWORDS, id, await now.get(PASSWORDS, id), await writing.get(PASSWORDS, id))
  const [totp, before] = [await now.get(TOTPS, id), await writing.get(TOTPS, id)]
  const isSameSeed = totp !== undefined && totp.confirmedAtMs === before?.confirmedAtMs
  // A seed that cannot be read here is none; then the password alone must not do either.
  const isLost = totp !== undefined && !isSameSeed && !isSealedAlike
  if (isLost) writing.remove(PASSWORDS, id)
  isOther = takeOver(writing, TOTPS, id, isLost ? undefined : isSameSeed ? { ...totp, sealedSeed: before.sealedSeed } : totp, before) || isOther
  writing.remove(TOTPS_BEGUN, id)
  const [kept, held] = [await passkeysOf(now, id), await passkeysOf(writing, id)]
  for (const { digest } of held.filter((each) => !kept.some(({ digest }) => digest === each.digest))) {
    writing.remove(PASSKEYS, digest)
    writing.remove(PASSKEYS_OF_PERSON, `${id}/${digest}`)
    isOther = true
  }
  for (const { digest, passkey } of kept) {
    if (!held.some((each) => each.digest === digest)) isOther = true
    writing.put(PASSKEYS, digest, passkey)
    writing.put(PASSKEYS_OF_PERSON, `${id}/${digest}`, true)
  }
  for (const { key } of await writing.scan(SSO_OF_PERSON, { prefix: `${id}/`, limit: SCAN_LIMIT_MAX })) {
    if ((await now.get(SSO_OF_PERSON, key)) !== undefined) continue
    writing.remove(SSO_ACCOUNTS, key.slice(id.length + 1))
    writing.remove(SSO_OF_PERSON, key)
    isOther = true
  }
  return isOther || isLost
}

/** Puts in place what is there now, or nothing; true when it is something else than `before`. */
function takeOver<T>(writing: Writing, of: Collection<T>, key: string, now: T | undefined, before?: T): boolean {
  if (now === undefined) writing.remove(of, key)
  else writing.put(of, key, now)
  return JSON.stringify(now) !== JSON.stringify(before)
}

/** Every record in small transactions; what `work` writes of it, or removes, it is not shown again. */
async function inPages<T>(store: Store, of: Collection<T>, work: (writing: Writing, entry: Entry<T>) => Promise<unknown>): Promise<void> {
  for (let after: string | undefined, isMore = true; isMore; ) {
    const page = await store.write(async (writing) => {
      const entries = await writing.scan(of, { limit: PAGE, ...(after !== undefined && { after }) })
      for (const entry of entries) await work(writing, entry)
      return entries
    })
    isMore = page.length === PAGE
    after = page.at(-1)?.key
  }
}

/** Who and what can come in after the restore, for the operator who has to know better: at most `limit` tokens. */
export async function openTokens(reading: Reading, nowMs: number, limit: number): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const open: { id: string; name: string }[] = []
  for await (const { value } of everyEntry(reading, TOKENS)) {
    if (value.revokedAtMs !== undefined || value.expiresAtMs <= nowMs) continue
    open.push({ id: value.id, name: value.name })
    if (open.length === limit) break
  }
  return open
}
