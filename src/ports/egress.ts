// Egress: the one way out for everything that Gatehouse fetches or delivers by itself.

export interface OutboundRequest {
  readonly method: 'GET' | 'POST'
  /** http or https. Refused when its host resolves to an address that is not public, unless the operator allowed that network. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** From the look-up of the name to the last octet of the answer. 1 to 60,000. */
  readonly timeoutMs: number
  /** The longest body that is read; a longer one fails. */
  readonly bytesMax: number
  /** How many redirects are followed, each checked like the first. Default 0: a redirect is an answer like any other. */
  readonly redirects?: number
  /** PEM certificates to trust in place of the system's. */
  readonly trust?: string
}
export interface OutboundResponse {
  readonly status: number
  /** Lower-case names; repeated fields joined by ", ". */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}
export interface Egress {
  /** Rejects with `EgressRefused` for what must not be reached, and with `EgressFailed` for what could not be. */
  fetch(request: OutboundRequest): Promise<OutboundResponse>
}

/** The guard refuses this target. The message is for operators and names the reason, not the address that a name resolved to. */
export class EgressRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'EgressRefused'
  }
}
/** Name not found, connection refused or cut, too slow, too long, TLS not trusted. */
export class EgressFailed extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'EgressFailed'
  }
}
