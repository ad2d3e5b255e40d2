// The time a hook may take: a promise that does not settle in time is given up, through a timer that tests move by hand.

/** How the chain waits. The system's is the default; tests bring one that fires when told to. */
export interface Timer {
  /** Calls `call` once after `ms`, unless the function it answers was called before. */
  after(ms: number, call: () => void): () => void
}

export const systemTimer: Timer = {
  after(ms, call) {
    const handle = setTimeout(call, ms)
    return () => clearTimeout(handle)
  },
}

/** What a hook that is late is refused with; the promise itself may still settle, and nobody listens. */
export class DeadlinePassed extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`)
  }
}

/** The promise's outcome, or a rejection with `DeadlinePassed` when it takes longer than `ms`. */
export function within<T>(promise: Promise<T>, ms: number, timer: Timer): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = timer.after(ms, () => reject(new DeadlinePassed(ms)))
    promise.then(
      (value) => {
        cancel()
        resolve(value)
      },
      (cause: unknown) => {
        cancel()
        reject(cause)
      },
    )
  })
}
