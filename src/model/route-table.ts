// The operations of one API as numbers in shared memory: built once by the main thread, read by all gateway threads, and no object made of it until a request asks.

/**
 * `numbers` begins with a header of offsets into itself (`AT_*`); behind it stand nodes of the tree of path segments, a hash table of all its literal
 * branches, and the lists that nodes point into. `text` holds all characters. Both are memory that threads share.
 */
export interface RouteTableMemory {
  readonly numbers: Int32Array
  readonly text: Uint16Array
  readonly methods: readonly string[]
}

export const AT_NODES = 0
export const AT_LITERALS = 1
/** One less than the number of slots, which is a power of two. */
export const LITERALS_MASK = 2
export const AT_PATTERNS = 3
export const AT_PIECES = 4
export const AT_SERVED = 5
export const AT_ROUTES = 6
export const ROUTES = 7
export const AT_NAMES = 8
export const NAMES_MASK = 9
export const HEADER_LENGTH = 10

/** [node of the segment that is one whole parameter or -1, first pattern, patterns, first served, served]; node 0 is the root. */
export const NODE_LENGTH = 5
/** A slot of the hash table: [node or -1, text, characters, child]. */
export const LITERAL_LENGTH = 4
/** [first piece, pieces, child]; a node's patterns stand with the longer literal first. */
export const PATTERN_LENGTH = 3
/** [text, characters] */
export const PIECE_LENGTH = 2
/** [method, route] */
export const SERVED_LENGTH = 2
/** [text of the operation's name, characters, policy set] */
export const ROUTE_LENGTH = 3

const DOT = 0x2e

/** Matching follows OpenAPI 3.1 4.8.8.2: concrete before templated, at each segment from the left. */
export class RouteTable {
  readonly size: number
  private readonly numbers: Int32Array
  private readonly text: Uint16Array
  private readonly methods: readonly string[]

  constructor({ numbers, text, methods }: RouteTableMemory) {
    this.numbers = numbers
    this.text = text
    this.methods = methods
    this.size = numbers[ROUTES]!
  }

  /** The route of a path, which begins with "/", or -1. HEAD is answered by GET where it is not declared itself (RFC 9110 9.3.2). */
  find(path: string, method: string): number {
    const wanted = this.methods.indexOf(method)
    const instead = method === 'HEAD' ? this.methods.indexOf('GET') : -1
    return wanted < 0 && instead < 0 ? -1 : this.descend(0, path, 1, wanted, instead, undefined)
  }

  /** The methods that some template of this path has; undefined when none fits. */
  allowed(path: string): readonly string[] | undefined {
    const allow = new Set<string>()
    this.descend(0, path, 1, -1, -1, allow)
    if (allow.size === 0) return undefined
    if (allow.has('GET')) allow.add('HEAD')
    return [...allow].sort()
  }

  operation(route: number): string {
    const at = this.numbers[AT_ROUTES]! + route * ROUTE_LENGTH
    const from = this.numbers[at]!
    return String.fromCharCode(...this.text.subarray(from, from + this.numbers[at + 1]!))
  }
  policySet(route: number): number {
    return this.numbers[this.numbers[AT_ROUTES]! + route * ROUTE_LENGTH + 2]!
  }
  /** The route of that operation, or -1. */
  indexOf(operation: string): number {
    const { numbers } = this
    const mask = numbers[NAMES_MASK]!
    for (let slot = segmentHash(0, operation, 0, operation.length) & mask; ; slot = (slot + 1) & mask) {
      const route = numbers[numbers[AT_NAMES]! + slot]!
      if (route < 0) return -1
      const at = numbers[AT_ROUTES]! + route * ROUTE_LENGTH
      if (numbers[at + 1] === operation.length && this.stands(operation, 0, numbers[at]!, operation.length)) return route
    }
  }

  /** `at` is where the next segment begins. Steps back out of a literal branch that leads nowhere; the tree's depth bounds it. */
  private descend(node: number, path: string, at: number, wanted: number, instead: number, allow: Set<string> | undefined): number {
    const { numbers } = this
    const record = numbers[AT_NODES]! + node * NODE_LENGTH
    if (at > path.length) return this.served(record, wanted, instead, allow)
    const slash = path.indexOf('/', at)
    const end = slash < 0 ? path.length : slash
    const literal = this.literal(node, path, at, end)
    if (literal >= 0) {
      const route = this.descend(literal, path, end + 1, wanted, instead, allow)
      if (route >= 0) return route
    }
    // hardening.md: a parameter never takes an empty or a dot segment.
    if (end === at || (path.charCodeAt(at) === DOT && (end === at + 1 || (end === at + 2 && path.charCodeAt(at + 1) === DOT)))) return -1
    const patterns = numbers[record + 2]!
    for (let i = 0; i < patterns; i++) {
      const pattern = numbers[AT_PATTERNS]! + (numbers[record + 1]! + i) * PATTERN_LENGTH
      if (!this.fits(pattern, path, at, end)) continue
      const route = this.descend(numbers[pattern + 2]!, path, end + 1, wanted, instead, allow)
      if (route >= 0) return route
    }
    const any = numbers[record]!
    return any < 0 ? -1 : this.descend(any, path, end + 1, wanted, instead, allow)
  }

  private served(record: number, wanted: number, instead: number, allow: Set<string> | undefined): number {
    const { numbers } = this
    const from = numbers[AT_SERVED]! + numbers[record + 3]! * SERVED_LENGTH
    const to = from + numbers[record + 4]! * SERVED_LENGTH
    let second = -1
    for (let at = from; at < to; at += SERVED_LENGTH) {
      const method = numbers[at]!
      if (method === wanted) return numbers[at + 1]!
      if (method === instead) second = numbers[at + 1]!
      allow?.add(this.methods[method]!)
    }
    return second
  }

  /** The child of a node by the literal `path[from, to)`, or -1. */
  private literal(node: number, path: string, from: number, to: number): number {
    const { numbers } = this
    const mask = numbers[LITERALS_MASK]!
    const first = numbers[AT_LITERALS]!
    for (let slot = segmentHash(node, path, from, to) & mask; ; slot = (slot + 1) & mask) {
      const at = first + slot * LITERAL_LENGTH
      const owner = numbers[at]!
      if (owner < 0) return -1
      if (owner === node && numbers[at + 2] === to - from && this.stands(path, from, numbers[at + 1]!, to - from)) return numbers[at + 3]!
    }
  }

  /** True when the pattern's literal pieces stand in this order in `path[from, to)`, with at least one character for each parameter between them. */
  private fits(pattern: number, path: string, from: number, to: number): boolean {
    const { numbers } = this
    const first = numbers[AT_PIECES]! + numbers[pattern]! * PIECE_LENGTH
    const last = first + (numbers[pattern + 1]! - 1) * PIECE_LENGTH
    let at = from + numbers[first + 1]!
    const end = to - numbers[last + 1]!
    if (at >= end || !this.stands(path, from, numbers[first]!, numbers[first + 1]!) || !this.stands(path, end, numbers[last]!, numbers[last + 1]!)) return false
    for (let piece = first + PIECE_LENGTH; piece < last; piece += PIECE_LENGTH) {
      const length = numbers[piece + 1]!
      at++
      while (at + length < end && !this.stands(path, at, numbers[piece]!, length)) at++
      if (at + length >= end) return false
      at += length
    }
    return true
  }

  private stands(path: string, at: number, from: number, length: number): boolean {
    const { text } = this
    for (let i = 0; i < length; i++) if (path.charCodeAt(at + i) !== text[from + i]) return false
    return true
  }
}

/** The hash of `text[from, to)` below a node. The tables hold only what the configuration says: whoever sends requests cannot crowd them. */
export function segmentHash(node: number, text: string, from: number, to: number): number {
  let hash = Math.imul(node + 1, 0x9e3779b1)
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  return hash ^ (hash >>> 12)
}
