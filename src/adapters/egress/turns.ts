// Bounds how many fetches are under way, in all and to one host: who comes too many waits in line, and the line is bounded too.

export interface TurnLimits {
  readonly perHost: number
  readonly total: number
  /** Waiting in line, over all hosts. */
  readonly waiting: number
}

interface Waiting {
  readonly host: string
  readonly begin: () => void
}

export class Turns {
  private readonly limits: TurnLimits
  private readonly busy = new Map<string, number>()
  private readonly line: Waiting[] = []
  private total = 0

  constructor(limits: TurnLimits) {
    this.limits = limits
  }

  /** Resolves to how to end the turn, to be called once; undefined when the line is full or the signal came first. */
  take(host: string, signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return Promise.resolve(undefined)
    if (this.isFree(host)) return Promise.resolve(this.begin(host))
    if (this.line.length >= this.limits.waiting) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const waiting: Waiting = {
        host,
        begin: () => {
          signal.removeEventListener('abort', leave)
          resolve(this.begin(host))
        },
      }
      const leave = (): void => {
        this.line.splice(this.line.indexOf(waiting), 1)
        resolve(undefined)
      }
      signal.addEventListener('abort', leave, { once: true })
      this.line.push(waiting)
    })
  }

  private isFree(host: string): boolean {
    return this.total < this.limits.total && (this.busy.get(host) ?? 0) < this.limits.perHost
  }

  private begin(host: string): () => void {
    this.total++
    this.busy.set(host, (this.busy.get(host) ?? 0) + 1)
    return () => {
      this.total--
      const left = this.busy.get(host)! - 1
      if (left === 0) this.busy.delete(host)
      else this.busy.set(host, left)
      // First come, first served, but a host that is busy holds up no other.
      const next = this.line.findIndex((waiting) => this.isFree(waiting.host))
      if (next >= 0) this.line.splice(next, 1)[0]!.begin()
    }
  }
}
