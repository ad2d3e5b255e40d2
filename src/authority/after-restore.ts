// Certificates after a restore: what was revoked since the back-up stays so, authorities that were removed stay away, and what was issued since can be revoked.
import type { Reading, Store, Writing } from '../ports/store.ts'
import { forgetAuthority, listAuthorities } from './authorities.ts'
import {
  authorities,
  type CertificateRecord,
  certificates,
  compromisedKeys,
  crls,
  enterIndexes,
  leaveIndexes,
  revokedCertificates,
  stateOf,
} from './records.ts'

const PAGE = 500

/** `replaced` is the store that the back-up takes the place of; nobody uses either. Answers how many certificates of the back-up end that were valid in it. */
export async function keepCertificatesEnded(restored: Store, replaced: Store, nowMs: number): Promise<number> {
  const both = <T>(work: (writing: Writing, before: Reading) => Promise<T>): Promise<T> =>
    restored.write((writing) => replaced.read((before) => work(writing, before)))
  let ended = 0
  for (const { name, thumbprint } of await restored.read(listAuthorities)) {
    const isSame = await replaced.read(async (before) => (await before.get(authorities, name))?.thumbprint === thumbprint)
    if (!isSame) {
      ended += await restored.write(async (writing) => {
        const valid = (await Array.fromAsync(validOf(writing, name, nowMs))).length
        await forgetAuthority(writing, name)
        return valid
      })
      continue
    }
    let after: string | undefined
    do {
      const seen = await both((writing, before) => pageOfCertificates(writing, before, name, after, nowMs))
      ended += seen.ended
      after = seen.last
    } while (after !== undefined)
    // Signed anew at the start: this one tells what the back-up knew.
    await both(async (writing, before) => {
      const numbers = [await before.get(crls, name), await writing.get(crls, name)].map((crl) => crl?.number ?? 0)
      writing.put(crls, name, { number: Math.max(...numbers) })
      const { kept } = (await before.get(authorities, name))!
      const authority = (await writing.get(authorities, name))!
      writing.put(authorities, name, { ...authority, kept: Math.max(kept, authority.kept) })
    })
  }
  let after: string | undefined
  do {
    after = await both(async (writing, before) => {
      const page = await before.scan(compromisedKeys, { limit: PAGE, ...(after !== undefined && { after }) })
      for (const { key, value } of page) writing.put(compromisedKeys, key, value)
      return page.length < PAGE ? undefined : page.at(-1)!.key
    })
  } while (after !== undefined)
  return ended
}

async function* validOf(reading: Reading, name: string, nowMs: number): AsyncGenerator<CertificateRecord> {
  let after: string | undefined
  do {
    const page = await reading.scan(certificates, { prefix: `${name}/`, limit: PAGE, ...(after !== undefined && { after }) })
    for (const { value } of page) if (stateOf(value, nowMs) === 'valid') yield value
    after = page.length < PAGE ? undefined : page.at(-1)!.key
  } while (after !== undefined)
}

async function pageOfCertificates(writing: Writing, before: Reading, name: string, after: string | undefined, nowMs: number) {
  const page = await before.scan(certificates, { prefix: `${name}/`, limit: PAGE, ...(after !== undefined && { after }) })
  let ended = 0
  for (const { key, value } of page) {
    const known = await writing.get(certificates, key)
    if (known && stateOf(known, nowMs) === 'valid' && value.revoked !== undefined) ended++
    // Issued since the back-up, or changed since: as the store knows it that saw both.
    writing.put(certificates, key, known?.revoked !== undefined && value.revoked === undefined ? known : value)
    const revocation = value.revoked ?? known?.revoked
    if (revocation === undefined) enterIndexes(writing, value)
    else {
      writing.put(revokedCertificates, key, { atMs: revocation.atMs, reason: revocation.reason, expiresMs: value.expiresMs })
      leaveIndexes(writing, value)
    }
  }
  return { ended, last: page.length < PAGE ? undefined : page.at(-1)!.key }
}
