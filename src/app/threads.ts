// The gateway threads, seen from the main thread: started, told what to serve, asked what they counted, started again when they die.
import { createServer } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { counterMemory, recoverCounters } from '../adapters/shared-memory/counters.ts'
import type { DirectoryMemory } from '../adapters/shared-memory/shared-directory.ts'
import { systemClock, wallOffsetUs } from '../base/clock.ts'
import { randomSecret } from '../base/ids.ts'
import { epochMemory, markPurge } from '../caching/epochs.ts'
import { CrashSuspects, crashMemory } from '../gateway/crash-suspects.ts'
import { ConnectionCaps, capsMemory } from '../gateway/doors/connection-caps.ts'
import type { DrainedTarget } from '../gateway/upstreams/drained-targets.ts'
import { type AcmeChallenges, NO_CHALLENGES } from '../model/acme.ts'
import type { StatusAnswer, StatusQuestion } from '../model/certificate-status.ts'
import type { Listener } from '../model/snapshot.ts'
import type { Purge, Purged } from '../ports/responses.ts'
import type { ThreadMeasures } from '../telemetry/measures.ts'
import type { Use } from '../telemetry/usage.ts'
import { HealthChecks } from './health-checks.ts'
import { HeldThreads } from './held-threads.ts'
import type { FromThread, Publication, ThreadStart, ToThread } from './thread-messages.ts'

/** Entries of the limit table: 40 bytes each. */
const COUNTER_ENTRIES = 262_144
/**
 * The young generation of a thread. What lives on, such as thousands of connections opened at once, is moved in one pause when it is full: a third of the
 * default moves a third, and costs requests nothing that can be measured, since they leave nothing behind to move.
 */
const YOUNG_GENERATION_MB = 12
/** How long a thread that died waits before it is started again; doubled each time, reset after a minute of life. */
const RESTART_MS = 100
const RESTART_MS_MAX = 10_000
/** How long sessions of TLS can be resumed at most. */
const TICKET_KEYS_MS = 12 * 60 * 60 * 1000
/** How long a thread may take to answer a question. */
const ANSWER_MS = 2000

interface Thread {
  readonly index: number
  worker: Worker
  generation: number
  listening: boolean
  backOffMs: number
  /** Why it was ended by us. */
  endedFor?: string | undefined
}
type Waiter = { readonly generation: number; readonly waiting: Set<number>; resolve(): void; reject(cause: Error): void }

export interface ThreadListeners {
  /** A line for the operator's log. */
  report(text: string): void
  /** Who called what, as each thread tells every few seconds. */
  used?(uses: readonly Use[]): void
  /** The online status of a certificate that a client shows. Never rejects. Absent: nothing is known. */
  statusOf?(question: StatusQuestion): Promise<StatusAnswer>
  /** The name of a policy's revision, by its number. */
  nameOf?(revision: number): string | undefined
}

const unknownStatus = ({ key }: StatusQuestion): Promise<StatusAnswer> => Promise.resolve({ key, status: 'unknown', untilMs: Number.POSITIVE_INFINITY })

export class GatewayThreads {
  restarts = 0
  readonly counters = counterMemory(COUNTER_ENTRIES)
  ports: readonly number[] = []
  private readonly counterSecret = randomSecret(16)
  private ticketKeys = randomSecret(48)
  private renewing: NodeJS.Timeout | undefined
  private readonly epochs = epochMemory()
  private readonly caps: SharedArrayBuffer
  private readonly crashes: SharedArrayBuffer
  private readonly health: HealthChecks
  readonly held: HeldThreads
  private readonly offsetUs = wallOffsetUs()
  private readonly clock = systemClock(this.offsetUs)
  private readonly threads: Thread[] = []
  private readonly waiters = new Set<Waiter>()
  private readonly answers = new Map<number, (message: Extract<FromThread, { kind: 'answer' }>) => void>()
  private asked = 0
  private stopping = false
  private publication: Publication
  private readonly listen: readonly Listener[]
  private readonly report: (text: string) => void
  private readonly statusOf: (question: StatusQuestion) => Promise<StatusAnswer>
  private readonly used: (uses: readonly Use[]) => void
  private directory: DirectoryMemory
  private challenges: AcmeChallenges = NO_CHALLENGES
  private drained: readonly DrainedTarget[] = []

  constructor(
    first: Publication,
    directory: DirectoryMemory,
    { report, used = () => {}, statusOf = unknownStatus, nameOf: named = () => undefined }: ThreadListeners,
  ) {
    this.health = new HealthChecks(() => this.clock.nowUs() / 1000, report)
    this.publication = this.withChecks(first)
    this.directory = directory
    this.used = used
    this.statusOf = statusOf
    this.listen = first.pieces.gateway.listen
    this.caps = capsMemory(first.pieces.gateway.threads)
    this.crashes = crashMemory(first.pieces.gateway.threads)
    this.report = report
    this.held = new HeldThreads({
      ...{ threads: first.pieces.gateway.threads, report, named },
      nowMs: () => this.clock.nowUs() / 1000,
      end: (index, why) => this.end(index, why),
    })
    if (first.ownPolicies.length > 0) this.held.watch()
  }

  get count(): number {
    return this.publication.pieces.gateway.threads
  }

  /** Starts all threads; resolves when every one of them serves. Rejects when a port is taken or the first snapshot does not load. */
  async start(): Promise<void> {
    for (const { host, port } of this.listen) if (port !== 0) await probe(host, port)
    await this.startOne(0)
    // A port that the system picked is known from now on: the other threads share it.
    for (let index = 1; index < this.count; index++) await this.startOne(index)
    // RFC 9325 3.4 (with RFC 5077 5.5): keys that seal tickets are renewed regularly, and never kept.
    this.renewing = setInterval(() => this.renewTicketKeys(), TICKET_KEYS_MS).unref()
  }

  private startOne(index: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const thread: Thread = { index, worker: this.spawn(index), generation: this.publication.generation, listening: false, backOffMs: RESTART_MS }
      this.threads[index] = thread
      this.attach(
        thread,
        (ports) => {
          if (this.ports.length === 0) this.ports = ports
          resolve()
        },
        reject,
      )
    })
  }

  private spawn(index: number): Worker {
    const start: ThreadStart = {
      index,
      threads: this.count,
      wallOffsetUs: this.offsetUs,
      counters: this.counters,
      counterSecret: this.counterSecret,
      epochs: this.epochs,
      caps: this.caps,
      crashes: this.crashes,
      health: this.health.memory,
      watched: this.held.memory,
      ticketKeys: this.ticketKeys,
      sharedPort: this.count > 1,
      listen: this.listen,
      ports: this.listen.map(({ port }, i) => this.ports[i] ?? port),
      publication: this.publication,
      challenges: this.challenges,
      drained: this.drained,
      directory: this.directory,
    }
    const own = import.meta.url
    return new Worker(new URL(`./gateway-thread${own.endsWith('.ts') ? '.ts' : '.js'}`, own), {
      workerData: start,
      name: `gateway-${index}`,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    })
  }

  private attach(thread: Thread, listening: (ports: readonly number[]) => void, failed: (cause: Error) => void): void {
    const { worker } = thread
    // Gone when the worker is: read it while it lives.
    const { threadId } = worker
    let fault: Error | undefined
    worker.on('message', (message: FromThread) => {
      switch (message.kind) {
        case 'listening':
          thread.listening = true
          setTimeout(() => (thread.backOffMs = RESTART_MS), 60_000).unref()
          listening(message.ports)
          break
        case 'live':
          thread.generation = message.generation
          this.settle(thread.index, message.generation)
          break
        case 'refused':
          this.fail(message.generation, new Error(message.message))
          if (!thread.listening) failed(new Error(message.message))
          break
        case 'answer':
          this.answers.get(message.ask)?.(message)
          break
        case 'used':
          this.used(message.uses)
          break
        case 'status':
          void this.statusOf(message.question).then((answer) => worker.postMessage({ kind: 'status', answer } satisfies ToThread))
          break
        case 'report':
          this.report(`gateway thread ${thread.index}: ${message.text}`)
          break
      }
    })
    worker.on('error', (cause) => (fault = cause as Error))
    worker.on('exit', (code) => {
      if (this.stopping) return
      const wasListening = thread.listening
      thread.listening = false
      // What it held is nobody's: its connections are closed, its half-made counter entries are freed.
      new ConnectionCaps(this.caps, thread.index, this.count).wipe()
      recoverCounters(this.counters, threadId)
      const { endedFor } = thread
      const whose = this.held.gone(thread.index, endedFor !== undefined)
      thread.endedFor = undefined
      const suspects = new CrashSuspects(this.crashes, thread.index)
      // What held the thread up is known: the request that was in hand may have been any.
      if (endedFor !== undefined || whose !== undefined) suspects.hold(0)
      const crashes = suspects.blame(this.clock.nowUs() / 1000)
      if (!wasListening && this.ports.length === 0) {
        failed(fault ?? new Error(endedFor === undefined ? `a gateway thread ended with code ${code}` : `a gateway thread was ended: ${endedFor}`))
        return
      }
      const blamed =
        whose !== undefined
          ? `, while the policy '${whose}' ran`
          : crashes === 0
            ? ''
            : `; a request was in hand, for the ${crashes === 1 ? 'first' : `${crashes}.`} time`
      this.report(
        `gateway thread ${thread.index} ${endedFor === undefined ? `died (${fault?.stack ?? `code ${code}`})` : `was ended (${endedFor}), and its connections with it`}${blamed}; it is started again in ${thread.backOffMs} ms`,
      )
      void this.restart(thread)
    })
  }

  private async restart(thread: Thread): Promise<void> {
    await after(thread.backOffMs, undefined, { ref: false })
    if (this.stopping) return
    this.restarts++
    thread.backOffMs = Math.min(RESTART_MS_MAX, thread.backOffMs * 2)
    thread.worker = this.spawn(thread.index)
    this.attach(
      thread,
      () => this.settle(thread.index, thread.generation),
      () => {},
    )
  }

  private end(index: number, why: string): void {
    const thread = this.threads[index]
    if (thread === undefined || this.stopping) return
    thread.endedFor = why
    void thread.worker.terminate()
  }

  private renewTicketKeys(): void {
    this.ticketKeys = randomSecret(48)
    this.post({ kind: 'ticket-keys', keys: this.ticketKeys })
  }

  /** Makes a snapshot live on every thread. Rejects when a thread refuses it: then it serves what it served. */
  publish(given: Publication): Promise<void> {
    const publication = (this.publication = this.withChecks(given))
    if (publication.ownPolicies.length > 0) this.held.watch()
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { generation: publication.generation, waiting: new Set(this.threads.map((thread) => thread.index)), resolve, reject }
      this.waiters.add(waiter)
      this.post({ kind: 'publish', publication })
    })
  }
  /** What is to be checked is checked from now on, once for all threads. */
  private withChecks(publication: Publication): Publication {
    return { ...publication, checks: this.health.watch(publication.checked ?? [], publication.pieces) }
  }
  private settle(index: number, generation: number): void {
    for (const waiter of this.waiters) {
      if (waiter.generation > generation) continue
      waiter.waiting.delete(index)
      if (waiter.waiting.size > 0) continue
      this.waiters.delete(waiter)
      waiter.resolve()
    }
  }
  private fail(generation: number, cause: Error): void {
    for (const waiter of this.waiters) {
      if (waiter.generation !== generation) continue
      this.waiters.delete(waiter)
      waiter.reject(cause)
    }
  }

  /** Hands the memory of the store's directory to every thread; resolves when none uses the one before it. A thread that dies meanwhile starts with the new one. */
  async handOver(memory: DirectoryMemory): Promise<void> {
    this.directory = memory
    // A thread that is busy for long is asked again: until it has answered, what is revoked is written to both.
    await this.askAll((ask) => ({ kind: 'directory', memory, ask }))
  }

  /** Resolves when every thread answers ACME servers so; a thread that dies meanwhile starts with it. */
  async challenge(challenges: AcmeChallenges): Promise<void> {
    this.challenges = challenges
    await this.askAll((ask) => ({ kind: 'challenges', challenges, ask }))
  }

  /** Resolves when no thread sends a further request to these targets, and all to the others; a thread that dies meanwhile starts with it. */
  async drainTargets(drained: readonly DrainedTarget[]): Promise<void> {
    this.drained = drained
    await this.askAll((ask) => ({ kind: 'drain-targets', drained, ask }))
  }

  private async askAll(question: (ask: number) => ToThread): Promise<readonly (Extract<FromThread, { kind: 'answer' }> | undefined)[]> {
    return Promise.all(
      this.threads.map(async (thread) => {
        const { worker } = thread
        const isWaitedFor = (): boolean => thread.worker === worker && !this.stopping
        let answer: Extract<FromThread, { kind: 'answer' }> | undefined
        while (isWaitedFor() && (answer = await this.ask(thread, question)) === undefined);
        return answer
      }),
    )
  }

  /** Takes stored responses away on every thread; resolves when none has them any more. What is being fetched meanwhile is not stored. */
  async purge(purge: Purge): Promise<Purged> {
    markPurge(this.epochs)
    const answers = await this.askAll((ask) => ({ kind: 'purge', purge, ask }))
    const purged = answers.flatMap((answer) => answer?.purged ?? [])
    return { responses: purged.reduce((sum, each) => sum + each.responses, 0), octets: purged.reduce((sum, each) => sum + each.octets, 0) }
  }

  /** What the threads counted; one that does not answer in time is left out. */
  async measures(): Promise<readonly ThreadMeasures[]> {
    const answers = await Promise.all(this.threads.map((thread) => this.ask(thread, (ask) => ({ kind: 'measure', ask }))))
    return answers.flatMap((answer) => answer?.measures ?? [])
  }
  private ask(thread: Thread, question: (ask: number) => ToThread): Promise<Extract<FromThread, { kind: 'answer' }> | undefined> {
    const ask = ++this.asked
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(undefined), ANSWER_MS)
      const done = (message: Extract<FromThread, { kind: 'answer' }> | undefined) => {
        clearTimeout(timer)
        this.answers.delete(ask)
        resolve(message)
      }
      this.answers.set(ask, done)
      thread.worker.postMessage(question(ask))
    })
  }

  /** True when every thread serves. */
  get ready(): boolean {
    return !this.stopping && this.threads.length === this.count && this.threads.every((thread) => thread.listening)
  }

  /** Drains every thread and ends it. */
  async drain(): Promise<void> {
    this.stopping = true
    // One that has ended already, such as one that waits to be started again, has no number any more and says no goodbye.
    const living = this.threads.filter(({ worker }) => worker.threadId !== -1)
    const ended = living.map(({ worker }) => new Promise<void>((resolve) => worker.once('exit', () => resolve())))
    clearInterval(this.renewing)
    this.held.close()
    this.health.stop()
    this.post({ kind: 'drain' })
    await Promise.race([Promise.all(ended), after(this.publication.pieces.gateway.timeouts.drainMs + 2000, undefined, { ref: false })])
    await Promise.all(this.threads.map((thread) => thread.worker.terminate()))
  }
  private post(message: ToThread): void {
    for (const thread of this.threads) thread.worker.postMessage(message)
  }
}

/** Shared ports would let a second gateway slip in beside the first unnoticed: ask for the port alone once. Rejects with a sentence for the operator. */
export function probe(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(new Error(cause.code === 'EADDRINUSE' ? `${host}:${port} is in use` : `cannot listen on ${host}:${port}: ${cause.message}`)),
    )
    server.listen({ host, port }, () => server.close(() => resolve()))
  })
}
