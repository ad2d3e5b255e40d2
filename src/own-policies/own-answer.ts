// The upstream's final answer as a policy of an operator sees it: what it may read and change, and no framing.
import type { Answer } from '../pipeline/answer.ts'
import type { MakeBodyFilter } from '../pipeline/body-filter.ts'
import { prepared, told } from './own-exchange.ts'

/** Good for as long as the hook runs that was given it. */
export class OwnAnswer {
  #answer: Answer | undefined
  readonly #marked: (make: MakeBodyFilter) => MakeBodyFilter

  constructor(answer: Answer, marked: (make: MakeBodyFilter) => MakeBodyFilter) {
    this.#answer = answer
    this.#marked = marked
  }

  get #open(): Answer {
    if (this.#answer === undefined) throw new TypeError('this answer is over: nothing of it may be kept beyond the hook that was given it')
    return this.#answer
  }

  get status(): number {
    return this.#open.status
  }
  /** 200 to 599; one with a body stays one with a body. */
  set status(status: number) {
    this.#open.status = status
  }
  /** The first value of a field, an octet a character; case does not matter. */
  header(name: string): string | undefined {
    return this.#open.get(prepared(name))
  }
  headers(name: string): readonly string[] {
    return this.#open.all(prepared(name))
  }
  /** Fields from end to end, as they would go out. */
  fields(): readonly (readonly [name: string, value: string])[] {
    return this.#open.fields()
  }
  drop(name: string): void {
    this.#open.drop(told(name, ''))
  }
  /** In the place of what is there. Throws on what is the gateway's to say. */
  set(name: string, value: string): void {
    told(name, value)
    this.#open.set(name, value)
  }
  add(name: string, value: string): void {
    told(name, value)
    this.#open.add(name, value)
  }
  /** False to HEAD, and for 204 and 304. */
  get hasBody(): boolean {
    return this.#open.hasBody
  }
  /** Octets that were declared, -1 when none were. */
  get length(): number {
    return this.#open.length
  }
  /** Changes the body on its way: its length is no longer declared. */
  transform(make: MakeBodyFilter): void {
    this.#open.transform(this.#marked(make))
  }

  /** The hook is over. */
  static close(own: OwnAnswer): void {
    own.#answer = undefined
  }
}
