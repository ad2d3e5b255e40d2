// Builds a route table: the operations of one API as a tree of path segments first, then laid out as numbers in shared memory.
import * as T from './route-table.ts'
import type { Route } from './snapshot.ts'

interface Node {
  readonly id: number
  readonly literals: Map<string, Node>
  /** Segments with a literal part around parameters: `{base}...{head}`, `report.{format}`. */
  readonly patterns: { readonly pieces: readonly string[]; readonly node: Node }[]
  /** The segment that is one whole parameter. */
  any: Node | undefined
  readonly served: Map<string, number>
}

/** Of two routes that no request can tell apart the first is served; names of operations are unique. */
export function buildRouteTable(routes: readonly Route[]): T.RouteTableMemory {
  const nodes: Node[] = []
  const root = addNode(nodes)
  for (const [index, { template, method }] of routes.entries()) {
    let node = root
    // `/books/{id}` as segments; a parameter's name does not matter for matching.
    for (const segment of template.split('/').slice(1)) node = child(nodes, node, segment)
    if (!node.served.has(method)) node.served.set(method, index)
  }
  return layOut(nodes, routes)
}

function addNode(nodes: Node[]): Node {
  const node: Node = { id: nodes.length, literals: new Map(), patterns: [], any: undefined, served: new Map() }
  nodes.push(node)
  return node
}

function child(nodes: Node[], node: Node, segment: string): Node {
  const pieces = segment.includes('{') ? segment.split(/\{[^{}]*\}/) : [segment]
  if (pieces.length === 1) {
    let next = node.literals.get(segment)
    if (!next) node.literals.set(segment, (next = addNode(nodes)))
    return next
  }
  if (pieces.length === 2 && pieces[0] === '' && pieces[1] === '') return (node.any ??= addNode(nodes))
  const key = pieces.join('\0')
  const known = node.patterns.find((pattern) => pattern.pieces.join('\0') === key)
  if (known) return known.node
  const made = { pieces, node: addNode(nodes) }
  node.patterns.push(made)
  return made.node
}

function layOut(nodes: readonly Node[], routes: readonly Route[]): T.RouteTableMemory {
  const text = new Texts()
  const methods = [...new Set(routes.map(({ method }) => method))]
  const literals: [node: number, text: number, length: number, child: number, hash: number][] = []
  const records: number[] = []
  const patterns: number[] = []
  const pieces: number[] = []
  const served: number[] = []
  for (const node of nodes) {
    for (const [segment, { id }] of node.literals)
      literals.push([node.id, text.add(segment), segment.length, id, T.segmentHash(node.id, segment, 0, segment.length)])
    const longestFirst = node.patterns.toSorted((a, b) => b.pieces.join('').length - a.pieces.join('').length)
    records.push(node.any?.id ?? -1, patterns.length / T.PATTERN_LENGTH, longestFirst.length, served.length / T.SERVED_LENGTH, node.served.size)
    for (const pattern of longestFirst) {
      patterns.push(pieces.length / T.PIECE_LENGTH, pattern.pieces.length, pattern.node.id)
      for (const piece of pattern.pieces) pieces.push(text.add(piece), piece.length)
    }
    for (const [method, route] of node.served) served.push(methods.indexOf(method), route)
  }
  const named = routes.flatMap(({ operation, policySet }) => [text.add(operation), operation.length, policySet])

  const literalSlots = slotsFor(literals.length)
  const nameSlots = slotsFor(routes.length)
  const sections = [records, new Array(literalSlots * T.LITERAL_LENGTH).fill(-1), patterns, pieces, served, named, new Array(nameSlots).fill(-1)]
  const starts: number[] = []
  let length = T.HEADER_LENGTH
  for (const section of sections) {
    starts.push(length)
    length += section.length
  }
  const numbers = new Int32Array(new SharedArrayBuffer(length * 4))
  for (const [i, section] of sections.entries()) numbers.set(section, starts[i])
  const [atNodes, atLiterals, atPatterns, atPieces, atServed, atRoutes, atNames] = starts as [number, number, number, number, number, number, number]
  numbers[T.AT_NODES] = atNodes
  numbers[T.AT_LITERALS] = atLiterals
  numbers[T.LITERALS_MASK] = literalSlots - 1
  numbers[T.AT_PATTERNS] = atPatterns
  numbers[T.AT_PIECES] = atPieces
  numbers[T.AT_SERVED] = atServed
  numbers[T.AT_ROUTES] = atRoutes
  numbers[T.ROUTES] = routes.length
  numbers[T.AT_NAMES] = atNames
  numbers[T.NAMES_MASK] = nameSlots - 1
  for (const [node, at, characters, next, hash] of literals) {
    const slot = freeSlot(numbers, atLiterals, literalSlots, T.LITERAL_LENGTH, hash)
    numbers.set([node, at, characters, next], atLiterals + slot * T.LITERAL_LENGTH)
  }
  for (const [index, { operation }] of routes.entries()) {
    const slot = freeSlot(numbers, atNames, nameSlots, 1, T.segmentHash(0, operation, 0, operation.length))
    numbers[atNames + slot] = index
  }
  return { numbers, text: text.shared(), methods }
}

/** A power of two, so that at most half of the slots are taken: a search always ends at a free one. */
const slotsFor = (entries: number): number => 2 ** Math.ceil(Math.log2(Math.max(2, entries * 2)))

function freeSlot(numbers: Int32Array, from: number, slots: number, length: number, hash: number): number {
  let slot = hash & (slots - 1)
  while (numbers[from + slot * length]! >= 0) slot = (slot + 1) & (slots - 1)
  return slot
}

/** All characters of a table; equal texts stand there once. */
class Texts {
  private readonly known = new Map<string, number>()
  private readonly parts: string[] = []
  private length = 0

  /** Where the text begins. */
  add(text: string): number {
    const known = this.known.get(text)
    if (known !== undefined) return known
    const at = this.length
    this.known.set(text, at)
    this.parts.push(text)
    this.length += text.length
    return at
  }
  shared(): Uint16Array {
    const memory = new Uint16Array(new SharedArrayBuffer(this.length * 2))
    let at = 0
    for (const part of this.parts) for (let i = 0; i < part.length; i++) memory[at++] = part.charCodeAt(i)
    return memory
  }
}
