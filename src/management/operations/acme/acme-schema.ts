// How a name that a certificate is got for is told: where it stands, and never a key.
import type { CertificateRecord, NameState } from '../../../acme/records.ts'
import { type Infer, integer, object, oneOf, optional, string } from '../../../base/schema.ts'
import { line, moment, momentOf } from '../../texts.ts'

export const acmeName = string({
  pattern: /^[a-z0-9.-]{1,253}$/,
  maxLength: 253,
  means: 'a host name in lower case',
  describe: 'A name that a listener lists under `tls.acme`.',
})

export const acmeCertificateSchema = object({
  name: acmeName,
  state: oneOf(
    ['waiting', 'ordering', 'valid', 'expired'],
    '`waiting`: there is no certificate yet, and listeners show one that nobody believes. `ordering`: the authority is being asked. `valid`, `expired`: of the one that is shown.',
  ),
  directory: optional(line(2048, 'Of the authority that the certificate is of.')),
  issued: optional(moment('When it came.')),
  expires: optional(moment('When it ends.')),
  next: moment('When the authority is asked next, as things are.'),
  failures: integer({ min: 0, max: Number.MAX_SAFE_INTEGER, describe: 'Tries that failed, one after the other.' }),
  failed: optional(moment('When the last try failed.')),
  why: optional(line(1000, 'What came of the last try, when it failed.')),
  heldUntil: optional(moment('Until then the authority asked to be left alone.')),
})

export const isUnderWay = ({ lease }: NameState, nowMs: number): boolean => lease !== undefined && lease.untilMs > nowMs

export function shownName(state: NameState, certificate: CertificateRecord | undefined, nowMs: number): Infer<typeof acmeCertificateSchema> {
  const { name, failures, failedMs, why, heldUntilMs } = state
  const standing = certificate === undefined ? 'waiting' : certificate.expiresMs <= nowMs ? 'expired' : 'valid'
  const nextMs = Math.max(certificate === undefined || state.isWanted ? nowMs : certificate.renewMs, state.nextMs, nowMs)
  return {
    name,
    state: isUnderWay(state, nowMs) ? 'ordering' : standing,
    ...(certificate && { directory: certificate.directory, issued: momentOf(certificate.issuedMs), expires: momentOf(certificate.expiresMs) }),
    next: momentOf(nextMs),
    failures,
    ...(failedMs !== undefined && { failed: momentOf(failedMs) }),
    ...(why !== undefined && { why }),
    ...(heldUntilMs !== undefined && heldUntilMs > nowMs && { heldUntil: momentOf(heldUntilMs) }),
  }
}
