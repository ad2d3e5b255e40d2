// A crowd of slow clients in a thread of its own: each holds a connection as long as it can, and says how long that was.
import { connect } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

export const SLOW_KINDS = (process.env['KINDS']?.split(',') ?? ['silent', 'head', 'body', 'chunked-body', 'idle', 'unread']) as ('silent' | 'head' | 'body' | 'chunked-body' | 'idle' | 'unread')[]
export type SlowKind = (typeof SLOW_KINDS)[number]

/** By kind: how many connections the server ended, and how long the longest of them stood, in milliseconds. */
export type SlowTimes = Readonly<Record<SlowKind, { readonly ended: number; readonly longestMs: number }>>

export interface SlowCrowd {
  /** No connection is made anew from now on; resolves when the server has ended all of them. */
  disperse(): Promise<SlowTimes>
}

/** So many connections, the kinds in turn; each that the server ends is made anew. Resolves when all stand. `largePath` answers more than socket buffers hold. */
export async function gatherCrowd(port: number, count: number, largePath: string): Promise<SlowCrowd> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { port, count, largePath } })
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
  }
}

function crowd(port: number, count: number, largePath: string): void {
  const times = Object.fromEntries(SLOW_KINDS.map((kind) => [kind, { ended: 0, longestMs: 0 }])) as Record<SlowKind, { ended: number; longestMs: number }>
  let standing = 0
  let ready = false
  let dispersing = false
  // One octet each fifth of a second: far below any honest rate, and never silent for long.
  const dribblers = new Set<() => void>()
  const ticking = setInterval(() => {
    for (const dribble of dribblers) dribble()
  }, 200)

  const join = (kind: SlowKind): void => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
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
      if (kind === 'head' || kind === 'body' || kind === 'chunked-body') dribblers.add(dribble)
      if (!ready && standing === count) {
        ready = true
        parentPort!.postMessage('gathered')
      }
    })
    if (kind !== 'unread') socket.resume()
    // The crowd ignores that the server ends its side: only a connection that is gone is gone. One that does not read sees that when it writes.
    const probing = kind === 'unread' ? setInterval(() => socket.write('\r\n'), 100) : undefined
    socket.on('error', () => {})
    socket.on('close', () => {
      dribblers.delete(dribble)
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
  for (let i = 0; i < count; i++) join(SLOW_KINDS[i % SLOW_KINDS.length]!)
}

if (!isMainThread && workerData?.largePath !== undefined) crowd(workerData.port, workerData.count, workerData.largePath)
