// What is answered to an ACME server that looks whether this Gatehouse holds a name (RFC 8555 8, RFC 8737), as it is handed to the gateway threads.

/** HTTP-01 (RFC 8555 8.3): one document on listeners in clear, for one host alone. */
export interface HttpChallenge {
  /** The host that is being proved, in lower case. */
  readonly host: string
  readonly token: string
  /** The key authorization: the token, a dot, and the thumbprint of the account's key. */
  readonly authorization: string
}
/** TLS-ALPN-01 (RFC 8737 3): one certificate for one server name, shown to whoever offers `acme-tls/1` and nothing else. */
export interface TlsChallenge {
  readonly host: string
  /** PEM. It certifies itself, and its key proves nothing elsewhere. */
  readonly certificate: string
  readonly key: string
}
/** Everything that is pending at once. */
export interface AcmeChallenges {
  readonly http: readonly HttpChallenge[]
  readonly tls: readonly TlsChallenge[]
}

export const NO_CHALLENGES: AcmeChallenges = { http: [], tls: [] }
/** RFC 8737 6.2: the protocol that the challenge is spoken in. */
export const ACME_TLS = 'acme-tls/1'
/** RFC 8555 8.3. */
export const ACME_HTTP = '/.well-known/acme-challenge/'
