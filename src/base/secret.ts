// A secret in memory: it is handed on, and never shows itself to whoever prints what holds it.
import { timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'

/** What stands in the place of a secret wherever it is printed. */
const HIDDEN = '[secret]'

/** Holds text or octets that must not reach a log, a dump or an error. Printing, JSON, spreading and cloning an object that holds it show nothing. */
export class Secret {
  readonly #octets: Uint8Array

  /** Text is kept as its UTF-8; octets are copied, so that the giver may wipe its own. */
  constructor(value: string | Uint8Array) {
    this.#octets = Uint8Array.from(typeof value === 'string' ? Buffer.from(value, 'utf8') : value)
  }

  /** The secret as text. Call it where it is used, and keep the result nowhere. */
  reveal(): string {
    return Buffer.from(this.#octets).toString('utf8')
  }

  /** The secret as octets of the caller's own. */
  octets(): Uint8Array {
    return this.#octets.slice()
  }

  get length(): number {
    return this.#octets.length
  }

  /** In a time that does not tell how much is alike. */
  equals(other: Secret): boolean {
    return this.#octets.length === other.#octets.length && timingSafeEqual(this.#octets, other.#octets)
  }

  toString(): string {
    return HIDDEN
  }
  toJSON(): string {
    return HIDDEN
  }
  [Symbol.toPrimitive](): string {
    return HIDDEN
  }
  [inspect.custom](): string {
    return HIDDEN
  }
}
