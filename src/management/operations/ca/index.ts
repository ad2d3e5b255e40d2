// The operations on certificate authorities and what they issue, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { createAuthority } from './create-authority.ts'
import { getAuthority } from './get-authority.ts'
import { getCertificate } from './get-certificate.ts'
import { issueCertificate } from './issue-certificate.ts'
import { listAuthorities } from './list-authorities.ts'
import { listCertificates } from './list-certificates.ts'
import { removeAuthority } from './remove-authority.ts'
import { revokeCertificate } from './revoke-certificate.ts'

export const caOperations: readonly AnyOperation[] = [
  createAuthority,
  getAuthority,
  getCertificate,
  issueCertificate,
  listAuthorities,
  listCertificates,
  removeAuthority,
  revokeCertificate,
]
