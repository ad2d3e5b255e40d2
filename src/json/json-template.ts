// A new document made of values of another one: what its paths lead to is collected, within a bound, and put together when the other document is whole.
import { type JsonPath, readPath } from './json-path.ts'
import { type JsonBounds, type JsonFault, JsonReader, type JsonVisitor, LIST } from './json-reader.ts'
import { foldedName, NameTable } from './name-table.ts'
import { type Below, compilePaths, type PathState, TOO_MANY_STATES } from './path-automaton.ts'

type Node =
  | { readonly kind: 'text'; readonly octets: Uint8Array }
  | { readonly kind: 'value'; readonly place: number }
  | { readonly kind: 'object'; readonly members: readonly (readonly [name: Uint8Array, node: Node])[] }
  | { readonly kind: 'list'; readonly items: readonly Node[] }

interface CollectState {
  readonly places: readonly number[]
  readonly below: CollectBelow
}
interface CollectBelow {
  readonly leads: boolean
  readonly names: NameTable<CollectState>
  readonly otherName: CollectState
  readonly indexes: ReadonlyMap<number, CollectState>
  readonly otherIndex: CollectState
}
export interface TemplatePlan {
  readonly root: Node
  readonly start: CollectState
  /** By place: a path that may lead to several values makes a list of them. */
  readonly many: readonly boolean[]
}

/**
 * `template` is a JSON value; a text in it that begins with `$` is a path, `$$` a text that begins with one `$`. A member whose path leads nowhere is left
 * out, an item is null. A text says what is wrong.
 */
export function compileTemplate(template: unknown, ignoreCase = false): TemplatePlan | string {
  const paths: JsonPath[] = []
  const places = new Map<string, number>()
  const node = (value: unknown): Node | string => {
    if (typeof value === 'string' && value.startsWith('$') && !value.startsWith('$$')) {
      const path = readPath(value)
      if (typeof path === 'string') return path
      if (!places.has(value)) {
        places.set(value, paths.length)
        paths.push(ignoreCase ? path.map(({ deep, to }) => ({ deep, to: to !== 'any' && 'name' in to ? { name: foldedName(to.name) } : to })) : path)
      }
      return { kind: 'value', place: places.get(value)! }
    }
    if (Array.isArray(value)) {
      const items = value.map(node)
      return items.find((item) => typeof item === 'string') ?? { kind: 'list', items: items as Node[] }
    }
    if (typeof value === 'object' && value !== null) {
      const members: (readonly [Uint8Array, Node])[] = []
      for (const [name, each] of Object.entries(value)) {
        const member = node(each)
        if (typeof member === 'string') return member
        members.push([Buffer.from(`${JSON.stringify(name)}:`), member])
      }
      return { kind: 'object', members }
    }
    return { kind: 'text', octets: Buffer.from(JSON.stringify(typeof value === 'string' && value.startsWith('$$') ? value.slice(1) : value)) }
  }
  const root = node(template)
  if (typeof root === 'string') return root
  const pathStates: PathState[] = []
  const start = compilePaths(paths, pathStates)
  if (start === undefined) return TOO_MANY_STATES
  const states = new Map<PathState, CollectState>()
  const belows = new Map<Below, CollectBelow>()
  for (const state of pathStates) {
    // Filled in once all states are there: they lead to each other.
    if (!belows.has(state.below)) belows.set(state.below, {} as CollectBelow)
    states.set(state, { places: state.ended, below: belows.get(state.below)! })
  }
  const of = (state: PathState): CollectState => states.get(state)!
  for (const [below, made] of belows) {
    Object.assign(made, {
      leads: below.open.length > 0,
      names: new NameTable(
        [...below.names].map(([name, state]) => [name, of(state)] as const),
        ignoreCase,
      ),
      otherName: of(below.otherName),
      indexes: new Map([...below.indexes].map(([index, state]) => [index, of(state)])),
      otherIndex: of(below.otherIndex),
    } satisfies CollectBelow)
  }
  return { root, start: states.get(start)!, many: paths.map((path) => path.some(({ deep, to }) => deep || to === 'any')) }
}

/** What one collected value costs besides its octets. */
const VALUE_BYTES = 16
const NULL_WORD = Buffer.from('null')
const COMMA = Buffer.from(',')
const MARKS = Buffer.from('{}[]')

type Put = (octets: Uint8Array, start: number, end: number) => void

export class JsonCollector implements JsonVisitor {
  private readonly plan: TemplatePlan
  private readonly bytesMax: number
  private readonly reader: JsonReader
  private readonly frames: { below: CollectBelow; isList: boolean; index: number }[] = []
  private octets: Uint8Array = NULL_WORD
  private mark = 0
  private next: CollectState
  /** Octets of all values that are collected, those within others once. */
  private collected: Buffer = Buffer.alloc(0)
  private size = 0
  private cost = 0
  /** Values that are under way, the innermost last. */
  private readonly open: { readonly places: readonly number[]; readonly from: number; readonly depth: number }[] = []
  /** By place: where values begin and end in `collected`. */
  private readonly found: number[][]

  /** `bytesMax`: of what is collected, and of the document that is made. */
  constructor(plan: TemplatePlan, bounds: JsonBounds, bytesMax: number) {
    this.plan = plan
    this.bytesMax = bytesMax
    this.next = plan.start
    this.found = plan.many.map(() => [])
    this.reader = new JsonReader(this, bounds)
  }

  put(octets: Uint8Array, start: number, end: number): JsonFault | undefined {
    this.octets = octets
    this.mark = start
    if (this.reader.put(octets, start, end)) this.settle(end)
    return this.reader.fault
  }
  /** Puts out the new document, or says why there is none. */
  finish(put: Put): JsonFault | undefined {
    this.mark = 0
    if (!this.reader.finish()) return this.reader.fault
    let length = 0
    this.write(this.plan.root, (_octets, start, end) => void (length += end - start))
    if (length > this.bytesMax) return 'too-large'
    this.write(this.plan.root, put)
    return undefined
  }

  begin(kind: number, at: number): void {
    const { reader } = this
    const parent = this.frames[reader.depth - 1]
    let state: CollectState
    if (parent === undefined) state = this.plan.start
    else if (parent.isList) state = parent.below.indexes.get(++parent.index) ?? parent.below.otherIndex
    else state = this.next
    this.settle(at)
    if (state.places.length > 0) this.open.push({ places: state.places, from: this.size, depth: reader.depth })
    if (kind > LIST) return
    if (state.below.leads) this.frames[reader.depth] = { below: state.below, isList: kind === LIST, index: -1 }
    else reader.pass()
  }
  close(): void {}
  end(at: number): void {
    const innermost = this.open.at(-1)
    if (innermost?.depth !== this.reader.depth) return
    this.settle(at)
    this.open.pop()
    for (const place of innermost.places) {
      const ranges = this.found[place]!
      // Two members of one name: nobody is to guess which one was meant.
      if (ranges.length > 0 && !this.plan.many[place]) this.reader.fault ??= 'repeated-name'
      ranges.push(innermost.from, this.size)
      this.pay(VALUE_BYTES)
    }
  }
  name(): void {}
  named(): void {
    const { below } = this.frames[this.reader.depth - 1]!
    this.next = below.names.find(this.reader.name, this.reader.nameLength) ?? below.otherName
  }
  comma(): void {}

  /** Keeps the octets before `at` where a value is collected. */
  private settle(at: number): void {
    const { mark } = this
    this.mark = at
    if (this.open.length === 0 || at <= mark || !this.pay(at - mark)) return
    const size = this.size + at - mark
    if (size > this.collected.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.bytesMax, Math.max(size, 1024, this.collected.length * 2)))
      this.collected.copy(grown, 0, 0, this.size)
      this.collected = grown
    }
    this.collected.set(this.octets.subarray(mark, at), this.size)
    this.size = size
  }
  private pay(bytes: number): boolean {
    this.cost += bytes
    if (this.cost <= this.bytesMax) return true
    this.reader.fault ??= 'too-large'
    return false
  }

  private write(node: Node, put: Put): void {
    switch (node.kind) {
      case 'text':
        put(node.octets, 0, node.octets.length)
        return
      case 'value':
        this.writeValue(node.place, put)
        return
      case 'list':
        put(MARKS, 2, 3)
        node.items.forEach((item, i) => {
          if (i > 0) put(COMMA, 0, 1)
          this.write(item, put)
        })
        put(MARKS, 3, 4)
        return
      case 'object': {
        put(MARKS, 0, 1)
        let begun = false
        for (const [name, member] of node.members) {
          if (member.kind === 'value' && !this.plan.many[member.place] && this.found[member.place]!.length === 0) continue
          if (begun) put(COMMA, 0, 1)
          begun = true
          put(name, 0, name.length)
          this.write(member, put)
        }
        put(MARKS, 1, 2)
      }
    }
  }
  private writeValue(place: number, put: Put): void {
    const ranges = this.found[place]!
    if (!this.plan.many[place]) {
      if (ranges.length === 0) put(NULL_WORD, 0, NULL_WORD.length)
      else put(this.collected, ranges[0]!, ranges[1]!)
      return
    }
    put(MARKS, 2, 3)
    for (let i = 0; i < ranges.length; i += 2) {
      if (i > 0) put(COMMA, 0, 1)
      put(this.collected, ranges[i]!, ranges[i + 1]!)
    }
    put(MARKS, 3, 4)
  }
}
