// The online statuses that one gateway thread knows, and how it comes to know others: by asking the main thread, and waiting only for the first answer.
import type { StatusAnswer, StatusQuestion } from '../model/certificate-status.ts'

/** Past so many the oldest is forgotten, and asked for again when it is needed. */
const KNOWN_MAX = 50_000
/** How long a request waits for an answer; then the status counts as unknown. The main thread gives up sooner. */
const WAIT_MS = 5000
/** For how long an answer that must be renewed goes on counting meanwhile: nobody waits twice. */
const RENEWAL_MS = 10_000

export class KnownStatuses {
  private readonly known = new Map<string, StatusAnswer>()
  private readonly asked = new Map<string, Promise<void>>()
  private readonly answered = new Map<string, () => void>()
  private readonly send: (question: StatusQuestion) => void
  /** What the judgement under way has to wait for. */
  private waiting: Promise<void>[] = []

  constructor(send: (question: StatusQuestion) => void) {
    this.send = send
  }

  /** What is known now; undefined: it is being asked. */
  find(key: string, nowMs: number, question: () => StatusQuestion): StatusAnswer | undefined {
    const known = this.known.get(key)
    if (known !== undefined && nowMs < known.untilMs) return known
    const asked = this.ask(key, question)
    if (known !== undefined && nowMs < known.untilMs + RENEWAL_MS) return known
    this.waiting.push(asked)
    return undefined
  }

  private ask(key: string, question: () => StatusQuestion): Promise<void> {
    const before = this.asked.get(key)
    if (before !== undefined) return before
    const asked = new Promise<void>((resolve) => {
      const over = (): void => {
        clearTimeout(late)
        this.asked.delete(key)
        this.answered.delete(key)
        resolve()
      }
      const late = setTimeout(over, WAIT_MS)
      this.answered.set(key, over)
    })
    this.asked.set(key, asked)
    this.send(question())
    return asked
  }

  /** The main thread's answer. */
  learn(answer: StatusAnswer): void {
    this.known.delete(answer.key)
    this.known.set(answer.key, answer)
    if (this.known.size > KNOWN_MAX) this.known.delete(this.known.keys().next().value!)
    this.answered.get(answer.key)?.()
  }

  /** What the latest judgement has to wait for, once; undefined: nothing. */
  takeWaiting(): Promise<unknown> | undefined {
    if (this.waiting.length === 0) return undefined
    const waiting = Promise.all(this.waiting)
    this.waiting = []
    return waiting
  }
}
