// Versions, cipher suites and groups that listeners and upstream connections may use, by the name of a profile (RFC 9325).

import type { TlsProfileName } from '../model/snapshot.ts'

export interface TlsProfile {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** As OpenSSL spells them, the preferred ones first. */
  readonly ciphers: string
  readonly groups: string
  readonly signatures: string
}

/** RFC 8446 B.4, without the suites of CCM for small devices. */
const SUITES_1_3 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
/** RFC 9325 4.2: forward secrecy and authenticated encryption, and nothing else. */
const SUITES_1_2 = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]
/** RFC 9325 4.4, with the hybrid of ML-KEM in front: what is recorded today stays closed to the quantum computers of later. */
const GROUPS = ['X25519MLKEM768', 'X25519', 'P-256', 'P-384']
/** RFC 9325 4.5 and 7.4: no SHA-1, no MD5; RSA with PSS first. */
const SIGNATURES = [
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp521r1_sha512',
  'ed25519',
  'rsa_pss_rsae_sha256',
  'rsa_pss_rsae_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha256',
  'rsa_pkcs1_sha384',
  'rsa_pkcs1_sha512',
]

/** `modern`: TLS 1.3 alone. `intermediate`: TLS 1.2 too, for clients of before 2018 (RFC 9325 3.1.1: nothing older is ever spoken). */
export const tlsProfiles: { readonly [name in TlsProfileName]: TlsProfile } = {
  modern: { minVersion: 'TLSv1.3', ciphers: SUITES_1_3.join(':'), groups: GROUPS.join(':'), signatures: SIGNATURES.join(':') },
  intermediate: { minVersion: 'TLSv1.2', ciphers: [...SUITES_1_3, ...SUITES_1_2].join(':'), groups: GROUPS.join(':'), signatures: SIGNATURES.join(':') },
}
