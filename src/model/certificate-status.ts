// Whether certificates were revoked, as threads ask the main thread about it, which asks whoever answers for their authority.

/** A question about one certificate. Octets are DER. */
export interface StatusQuestion {
  /** Names the certificate: its authority and its number. */
  readonly key: string
  readonly certificate: Uint8Array
  readonly issuer: Uint8Array
  /** The responder that the operator named; undefined: the one that the certificate names. */
  readonly responder: string | undefined
  /** For how long after its end the latest answer counts while there is none newer. */
  readonly stalenessMs: number
}
export interface StatusAnswer {
  readonly key: string
  /** `unknown`: the responder does not know it, or says nothing that could be believed. */
  readonly status: 'good' | 'revoked' | 'unknown'
  /** From then on it is to be asked anew. Milliseconds since the epoch. */
  readonly untilMs: number
}
