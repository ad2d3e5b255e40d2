// What a message of HTTP/1.1 is written to and read from: a socket, or one stream of HTTP/2 that takes a socket's place.

/** The part of a socket that connections of clients use. */
export interface Wire {
  /** Octets that wait to leave. */
  readonly writableLength: number
  /** It keeps what it is given and sends it later: the memory is its own from then on. */
  readonly encrypted?: boolean
  /** It copies what it cannot send at once: the memory stays its giver's. */
  readonly copies?: boolean
  /** Octets that may wait to leave before what they come from is no longer read, where that is not the usual. */
  readonly waitingBytesMax?: number
  /** Its client reads nothing of what it was sent so far: nothing more is begun for it. */
  readonly stalled?: boolean
  write(octets: Uint8Array): unknown
  pause(): unknown
  resume(): unknown
  isPaused(): boolean
  /** Ends our side; `sent` is called once all has left. */
  end(sent?: () => void): unknown
  /** Ends both sides at once: the other side sees it broken off. */
  destroy(): unknown
  /** The same by a reset, which nobody takes for an end in order. Only sockets in clear can. */
  resetAndDestroy?(): unknown
  /** Ends both sides once all has left. */
  destroySoon(): void
  /** What is told behind it, names and values in turn. */
  tellLast?(fields: readonly string[]): void
}

/** And the part that connections to upstreams use. */
export interface UpstreamWire extends Wire {
  readonly destroyed: boolean
  /** Of a socket that stands. */
  readonly remoteAddress?: string | undefined
  /** The end of a response is always told, whatever its head says. */
  readonly marksEnd?: boolean
  /** A further request may be written. */
  readonly writable: boolean
  readonly readableEnded: boolean
}
