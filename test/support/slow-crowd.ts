// A crowd of slow clients in a thread of its own: each holds a connection as long as it can, and says how long that was.
import { connect } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

export const SLOW_KINDS = ['silent', 'head', 'body', 'chunked-body', 'idle', 'unread'] as const
export type SlowKind = (typeof SLOW_KINDS)[number]

/** One in fifty reads nothing: each of these moves megabytes before it stalls, and many would measure the machine's memory instead. */
const kindOf = (i: number): SlowKind => (i % 50 === 0 ? 'unread' : SLOW_KINDS[i % (SLOW_KINDS.length - 1)]!)
/** How many of `count` are of a kind. */
export const countOfKind = (count: number, kind: SlowKind): number => Array.from({ length: count }, (_, i) => kindOf(i)).filter((each) => each === kind).length

/** By kind: how many connections the server ended, and how long the longest of them stood, in milliseconds. */
export type SlowTimes = Readonly<Record<SlowKind, { readonly ended: number; readonly longestMs: number }>>

export interface SlowCrowd {
  /** No connection is made anew from now on; resolves when the server has ended all of them. */
  disperse(): Promise<SlowTimes>
  /** Drops everything at once. */
  stop(): Promise<void>
}

/**
 * So many connections, of one kind or of all kinds in turn; each that the server ends is made anew. Resolves when all stand. `largePath` answers more than
 * socket buffers hold.
 */
export async function gatherCrowd(port: number, count: number, largePath: string, only?: SlowKind): Promise<SlowCrowd> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { port, count, largePath, only } })
  const told = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  await told()
  return {
    async disperse() {
      worker.postMessage('disperse')
      return (await told()) as SlowTimes
    },
    async stop() {
      await worker.terminate()
    },
  }
}

function crowd(port: number, count: number, largePath: string, only: SlowKind | undefined): void {
  const times = Object.fromEntries(SLOW_KINDS.map((kind) => [kind, { ended: 0, longestMs: 0 }])) as Record<SlowKind, { ended: number; longestMs: number }>
  let standing = 0
  let joined = 0
  let greeted = 0
  let ready = false
  let dispersing = false
  // One octet each fifth of a second, not all at the same time: far below any honest rate, and never silent for long.
  const dribblers = Array.from({ length: 20 }, () => new Set<() => void>())
  let tick = 0
  const ticking = setInterval(() => {
    for (const dribble of dribblers[tick++ % dribblers.length]!) dribble()
  }, 10)

  const join = (kind: SlowKind): void => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    const turn = dribblers[joined++ % dribblers.length]!
    let since = 0
    let sent = 0
    const endless = `GET / HTTP/1.1\r\nHost: a\r\nX-Pad: ${'x'.repeat(4000)}`
    const dribble = (): void => {
      if (socket.writable) socket.write(kind === 'head' ? endless[sent++]! : kind === 'chunked-body' ? '1\r\nx\r\n' : 'x')
    }
    socket.on('connect', () => {
      since = performance.now()
      standing++
      if (kind === 'body') socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n')
      if (kind === 'chunked-body') socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
      if (kind === 'idle') socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      if (kind === 'unread') socket.pause().write(`GET ${largePath} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(8))
      if (kind === 'head' || kind === 'body' || kind === 'chunked-body') turn.add(dribble)
      if (!ready && ++greeted === count) {
        ready = true
        parentPort!.postMessage('gathered')
      }
    })
    if (kind !== 'unread') socket.resume()
    // The crowd ignores that the server ends its side: only a connection that is gone is gone. One that does not read sees that when it writes.
    const probing = kind === 'unread' ? setInterval(() => socket.write('\r\n'), 100) : undefined
    socket.on('error', () => {})
    // Who never writes again would not learn that the connection is gone; the others go on writing.
    if (kind === 'silent' || kind === 'idle') socket.on('end', () => socket.end())
    socket.on('close', () => {
      turn.delete(dribble)
      clearInterval(probing)
      if (since > 0) standing--
      const of = times[kind]
      of.ended++
      of.longestMs = Math.max(of.longestMs, performance.now() - since)
      if (!dispersing) join(kind)
      else if (standing === 0) {
        clearInterval(ticking)
        parentPort!.postMessage(times)
        parentPort!.close()
      }
    })
  }
  parentPort!.on('message', () => (dispersing = true))
  // One a millisecond: a crowd that arrives in one instant measures how fast connections are accepted.
  let came = 0
  const arriving = setInterval(() => {
    join(only ?? kindOf(came))
    if (++came === count) clearInterval(arriving)
  }, 1)
}

if (!isMainThread && workerData?.largePath !== undefined) crowd(workerData.port, workerData.count, workerData.largePath, workerData.only)
