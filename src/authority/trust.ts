// What others need to check certificates of an authority of this Gatehouse: its certificate and what of it is revoked, by the name that a configuration writes.
import type { Reading } from '../ports/store.ts'
import { getAuthority } from './authorities.ts'
import { readCrl } from './crl.ts'

const REFERENCE = /^ca:([a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?)$/

export interface AuthorityTrust {
  /** PEM. */
  readonly certificate: string
  /** DER (RFC 5280 5), signed by it. */
  readonly crl: Uint8Array
  /** From then on the list is not to be relied on. */
  readonly crlEndsMs: number
}

/** The name of the authority in `ca:NAME`; undefined for what is no such reference. */
export const authorityReferred = (text: string): string | undefined => REFERENCE.exec(text)?.[1]

/** Undefined: there is no such authority, or its list is not signed yet; then nobody is to be believed. */
export async function authorityTrust(reading: Reading, name: string): Promise<AuthorityTrust | undefined> {
  const authority = await getAuthority(reading, name)
  const crl = authority && (await readCrl(reading, name))
  return crl && { certificate: authority.certificate, crl: Buffer.from(crl.der, 'base64'), crlEndsMs: crl.nextUpdateMs }
}

/** The collections of which a change may change what `authorityTrust` answers. */
export const TRUST_COLLECTIONS: readonly string[] = ['ca', 'ca-crl']
