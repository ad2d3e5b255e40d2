// Signatures of authorities under certificates, revocation lists and answers about certificates: which algorithms count, and whether one holds.
import { constants, type KeyObject, verify } from 'node:crypto'
import { constructed, type DerCursor, OID, SEQUENCE } from './der.ts'

export interface SignatureAlgorithm {
  /** Undefined: the key's own. */
  readonly hash: string | undefined
  readonly pss: boolean
}
/** RFC 4055, RFC 5758, RFC 8410. SHA-1 is not among them: whoever can make two lists of one digest can take a number off one. */
const SIGNATURES: Readonly<Record<string, SignatureAlgorithm>> = {
  '1.2.840.113549.1.1.11': { hash: 'sha256', pss: false },
  '1.2.840.113549.1.1.12': { hash: 'sha384', pss: false },
  '1.2.840.113549.1.1.13': { hash: 'sha512', pss: false },
  '1.2.840.10045.4.3.2': { hash: 'sha256', pss: false },
  '1.2.840.10045.4.3.3': { hash: 'sha384', pss: false },
  '1.2.840.10045.4.3.4': { hash: 'sha512', pss: false },
  '1.3.101.112': { hash: undefined, pss: false },
  '1.3.101.113': { hash: undefined, pss: false },
}
const PSS_HASHES: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}
/** Of an AlgorithmIdentifier; undefined for one that can be forged, or that is not known. */
export function signatureAlgorithm(identifier: DerCursor): SignatureAlgorithm | undefined {
  const { oid } = identifier.next(OID)
  if (oid !== '1.2.840.113549.1.1.10') return SIGNATURES[oid]
  // RSASSA-PSS (RFC 4055 3.1): without a hash it is SHA-1.
  const parameters = identifier.next(SEQUENCE).inside()
  const named = parameters.optional(constructed(0)) ? PSS_HASHES[parameters.inside().next(SEQUENCE).inside().next(OID).oid] : undefined
  return named === undefined ? undefined : { hash: named, pss: true }
}

export function isSignedBy(signed: Buffer, signature: Buffer, { hash, pss }: SignatureAlgorithm, key: KeyObject): boolean {
  try {
    return verify(hash, signed, pss ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO } : key, signature)
  } catch {
    // Another kind of key than the algorithm's.
    return false
  }
}
