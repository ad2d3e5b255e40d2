// The operations on certificates got by ACME, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { listAcmeCertificates } from './list-acme-certificates.ts'
import { renewAcmeCertificate } from './renew-acme-certificate.ts'
import { revokeAcmeCertificate } from './revoke-acme-certificate.ts'

export const acmeOperations: readonly AnyOperation[] = [listAcmeCertificates, renewAcmeCertificate, revokeAcmeCertificate]
