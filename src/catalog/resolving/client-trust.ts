// Makes whom a listener believes about clients out of files and trust stores, and says where something is wrong with them.
import { createHash, hash } from 'node:crypto'
import type { Fault, Path } from '../../base/fault.ts'
import { type Certificate, readX509 } from '../../certificates/certificate.ts'
import { readCertificate } from '../../certificates/pem.ts'
import { type RevocationReading, readRevocationLists, staleLists } from '../../certificates/revocation-list.ts'
import { readTrustStore } from '../../certificates/trust-store.ts'
import type { ClientTrust, RevocationList } from '../../model/snapshot.ts'
import type { ClientTrustSection } from '../sections/client-trust.ts'
import type { SharedObjects } from './shared-objects.ts'

export interface TrustMeans {
  /** Of files that could be read, by absolute path, an octet a character; the others were reported when they were read. */
  readonly texts: ReadonlyMap<string, string>
  readonly fileBeside: (path: string) => string
  readonly shared: Pick<SharedObjects, 'trustStores' | 'missing'>
  readonly nowMs: number
}
export interface TrustReading {
  /** Undefined when there are faults that leave nothing to believe. */
  readonly trust: ClientTrust | undefined
  readonly faults: readonly Fault[]
  readonly notices: readonly Fault[]
}

export function readClientTrust(section: ClientTrustSection, at: Path, { texts, fileBeside, shared, nowMs }: TrustMeans): TrustReading {
  const faults: Fault[] = []
  const notices: Fault[] = []
  const { ca, trust: store, crl, ocsp, staleness = 0 } = section
  let authorities: readonly string[] = []
  if (store !== undefined) {
    const missing = shared.missing('trustStores', store, [...at, 'trust'])
    if (missing) faults.push(missing)
    authorities = shared.trustStores.get(store) ?? []
  } else {
    const text = texts.get(fileBeside(ca!))
    const reading = text === undefined ? undefined : readTrustStore(text, nowMs)
    for (const fault of reading?.faults ?? []) faults.push({ ...fault, path: [...at, 'ca'] })
    for (const message of reading?.expired ?? []) notices.push({ code: 'expired-certificate', path: [...at, 'ca'], message })
    authorities = reading?.certificates ?? []
  }
  const read = authorities.map(readAuthority)
  for (const [i, certificate] of read.entries())
    if (certificate === undefined)
      faults.push({
        code: 'bad-certificate',
        path: [...at, store === undefined ? 'ca' : 'trust'],
        message: `certificate ${i + 1} is not of version 3, or not DER`,
      })
  const known = read.filter((certificate) => certificate !== undefined)
  const digest = createHash('sha256').update(JSON.stringify([known.map(({ thumbprint }) => thumbprint), staleness, ocsp]))
  let knownLists: readonly RevocationList[] | undefined
  if (crl !== undefined) {
    const all: RevocationList[] = []
    for (const [i, file] of crl.entries()) {
      const text = texts.get(fileBeside(file))
      if (text === undefined) continue
      const path: Path = [...at, 'crl', i]
      const reading = readLists(text, known)
      for (const fault of reading.faults) faults.push({ ...fault, path })
      for (const message of staleLists(reading.lists, nowMs)) notices.push({ code: 'outdated-revocation-list', path, message })
      all.push(...reading.lists)
      digest.update(hash('sha256', text))
    }
    knownLists = all
    if (faults.length === 0 && ocsp === undefined) notices.push(...withoutList(known, all, [...at, 'crl']))
  }
  const stores = storesOf(known, shared.trustStores)
  digest.update(JSON.stringify(stores))
  // Whatever the reason: a listener that was to ask clients must not go on without asking.
  if (known.length === 0 && faults.length === 0) faults.push({ code: 'no-certificate', path: at, message: 'nobody would be believed about clients' })
  if (known.length === 0) return { trust: undefined, faults, notices }
  const trust: ClientTrust = {
    id: digest.digest('hex'),
    authorities: known.map(({ x509 }) => x509.toString()),
    stores,
    ...(knownLists !== undefined && { revocation: { lists: knownLists, stalenessMs: staleness } }),
    ...(ocsp && {
      online: { ...(ocsp.responder !== undefined && { responder: ocsp.responder }), takesUnknown: ocsp.whenUnknown === 'accept', stalenessMs: staleness },
    }),
  }
  return { trust, faults, notices }
}

/** Read once: the same few stand in every publication. */
const READ_MAX = 2000
const read = new Map<string, Certificate | undefined>()
function readAuthority(pem: string): Certificate | undefined {
  if (read.has(pem)) return read.get(pem)
  const x509 = readCertificate(pem)
  const certificate = x509 && readX509(x509.raw)
  if (read.size >= READ_MAX) read.clear()
  read.set(pem, certificate)
  return certificate
}

/** A long list takes a while: it is read when it or the authorities change, and not with every publication. */
const LISTS_MAX = 200
const lists = new Map<string, RevocationReading>()
function readLists(text: string, authorities: readonly Certificate[]): RevocationReading {
  const key = hash('sha256', JSON.stringify([hash('sha256', text), ...authorities.map(({ thumbprint }) => thumbprint)]))
  const known = lists.get(key)
  const reading = known ?? readRevocationLists(text, authorities)
  // The one that was used last is forgotten last.
  lists.delete(key)
  lists.set(key, reading)
  if (lists.size > LISTS_MAX) lists.delete(lists.keys().next().value!)
  return reading
}

const withoutList = (authorities: readonly Certificate[], lists: readonly RevocationList[], path: Path): Fault[] =>
  authorities
    .filter(({ authority }) => !lists.some((list) => list.authority === authority))
    .map(({ subject }) => ({
      code: 'authority-without-list',
      path,
      message: `no revocation list is of ${subject.slice(0, 120)}: clients that it issued certificates to are refused`,
    }))

/** The names of trust stores by authority. */
function storesOf(authorities: readonly Certificate[], stores: ReadonlyMap<string, readonly string[]>): ClientTrust['stores'] {
  const wanted = new Set(authorities.map(({ thumbprint }) => thumbprint))
  const found: { [thumbprint: string]: string[] } = {}
  for (const [name, certificates] of [...stores].sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const pem of certificates) {
      const thumbprint = readAuthority(pem)?.thumbprint
      if (thumbprint !== undefined && wanted.has(thumbprint)) (found[thumbprint] ??= []).push(name)
    }
  return found
}
