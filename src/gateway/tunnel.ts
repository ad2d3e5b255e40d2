// An open WebSocket between two sides, whatever carries them: a socket, or a stream of HTTP/2.

/** Octets that may wait for a side before the other one is no longer read. */
const WAITING_BYTES_MAX = 256 * 1024

/** One side of a tunnel. */
export interface TunnelSide {
  /** Takes octets that hold only until it returns; they leave with the next `flush`. */
  put(bytes: Buffer, start: number, end: number): void
  /** Sends what was put. Answers how many octets still wait to leave. */
  flush(): number
  /** Whether the side is read. */
  pause(): void
  resume(): void
}

/** Whose tunnel it is. */
export interface TunnelOwner {
  /** When the sweep ends it, on the gateway's coarse clock. */
  deadlineMs: number
}

export class Tunnel {
  private readonly owner: TunnelOwner
  private readonly client: TunnelSide
  private readonly upstream: TunnelSide
  private readonly clock: { readonly coarseMs: number }
  private readonly idleMs: number
  private clientPaused = false
  private upstreamPaused = false

  constructor(owner: TunnelOwner, client: TunnelSide, upstream: TunnelSide, clock: { readonly coarseMs: number }, idleMs: number) {
    this.owner = owner
    this.client = client
    this.upstream = upstream
    this.clock = clock
    this.idleMs = idleMs
    this.touch()
  }

  /** Octets from the client, which hold only until it returns. */
  fromClient(bytes: Buffer, start: number, end: number): void {
    this.touch()
    this.upstream.put(bytes, start, end)
    if (this.upstream.flush() <= WAITING_BYTES_MAX || this.clientPaused) return
    this.clientPaused = true
    this.client.pause()
  }
  /** Octets from the upstream, which hold only until it returns; they leave with `flushClient`. */
  fromUpstream(bytes: Buffer, start: number, end: number): void {
    this.touch()
    this.client.put(bytes, start, end)
  }
  /** The upstream was read as far as there was something. */
  flushClient(): void {
    if (this.client.flush() <= WAITING_BYTES_MAX || this.upstreamPaused) return
    this.upstreamPaused = true
    this.upstream.pause()
  }

  clientDrained(): void {
    if (!this.upstreamPaused) return
    this.upstreamPaused = false
    this.upstream.resume()
  }
  upstreamDrained(): void {
    if (!this.clientPaused) return
    this.clientPaused = false
    this.client.resume()
  }

  private touch(): void {
    this.owner.deadlineMs = this.clock.coarseMs + this.idleMs
  }
}
