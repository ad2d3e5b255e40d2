// How the chain itself says no, beside the policies' own denials: for the refusals, and for their pages.
import type { Refusal, ResponseField } from './contract.ts'

/** What a code's page says; `<policy>.broken` stands for the code of every policy. */
export interface ChainDenial {
  readonly status: number
  readonly says: string
  readonly ref: string
  readonly mend: string
}

export const chainDenials = {
  'identify.throttled': {
    status: 429,
    says: 'Too many wrong credentials came from your address.',
    ref: 'OWASP API2:2023',
    mend: 'Wait as long as `Retry-After` says, and mend the credential. Callers behind one address share the limit: `gateway.authenticationFailures` sets it.',
  },
  'identify.mismatch': {
    status: 403,
    says: 'The credentials shown do not belong together.',
    ref: 'OWASP API2:2023',
    mend: 'With `authenticate: all`, every credential must be the same consumer’s.',
  },
  '<policy>.broken': {
    status: 500,
    says: 'The request could not be checked.',
    ref: 'OWASP ASVS v5.0.0-16.5.3',
    mend: 'A policy failed or took too long, and the request was refused rather than let through: look at the log entry of this request id.',
  },
  '<policy>.quarantined': {
    status: 503,
    says: 'The request cannot be checked at the moment.',
    ref: 'OWASP ASVS v5.0.0-16.5.3',
    mend: 'A policy that the operator wrote held up the gateway several times and is not run any more: it is run again when its file changes. The log says which.',
  },
} as const satisfies Record<string, ChainDenial>

export function chainRefusal(code: 'identify.throttled' | 'identify.mismatch', fields: readonly ResponseField[] = []): Refusal {
  const { status, says } = chainDenials[code]
  return { kind: 'refusal', code, status, says, absent: false, fields }
}

export const brokenRefusal = (policy: string): Refusal => {
  const { status, says } = chainDenials['<policy>.broken']
  return { kind: 'refusal', code: `${policy}.broken`, status, says, absent: false, fields: [] }
}

/** A policy of an operator that is not run any more, because it held up threads. */
export const quarantinedRefusal = (policy: string): Refusal => {
  const { status, says } = chainDenials['<policy>.quarantined']
  return { kind: 'refusal', code: `${policy}.quarantined`, status, says, absent: false, fields: [['Retry-After', '60']] }
}
