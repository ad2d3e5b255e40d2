// Finds the operation of a path among the templates of one API: a tree of segments, literal before template, built once.

/** Everything is made when first needed: most nodes of a large document are leaves, and what a publish allocates is what it stalls the thread for. */
interface Node<T> {
  literals: Map<string, Node<T>> | undefined
  /** Segments with a literal part around parameters: `{base}...{head}`, `report.{format}`; the longer literal first. */
  patterns: { readonly pieces: readonly string[]; readonly node: Node<T> }[] | undefined
  /** The segment that is one whole parameter. */
  any: Node<T> | undefined
  /** A chain, not a map: there are seven methods at the most, and mostly one. */
  served: Served<T> | undefined
}
interface Served<T> {
  readonly method: string
  readonly value: T
  readonly next: Served<T> | undefined
}
const emptyNode = <T>(): Node<T> => ({ literals: undefined, patterns: undefined, any: undefined, served: undefined })

/** `/books/{id}` as segments; a parameter's name does not matter for matching. */
export const templateSegments = (template: string): readonly string[] => template.split('/').slice(1)

/** Templates by segment. Matching follows OpenAPI 3.1 4.8.8.2: concrete before templated, at each segment from the left. */
export class PathTree<T> {
  private readonly root: Node<T> = emptyNode()
  size = 0

  /** Adds one operation; false when the same method of an indistinguishable template is there already. */
  add(template: string, method: string, value: T): boolean {
    let node = this.root
    for (const segment of templateSegments(template)) node = child(node, segment)
    if (servedBy(node.served, method) !== undefined) return false
    node.served = { method, value, next: node.served }
    this.size++
    return true
  }

  /** The operation; or the methods that are served there; or nothing. `path` begins with "/". HEAD is answered by GET where it is not declared itself (RFC 9110 9.3.2). */
  find(path: string, method: string): T | readonly string[] | undefined {
    const value = descend(this.root, path, 1, method, undefined)
    if (value !== undefined) return value
    return this.allowed(path)
  }

  /** The methods that some template of this path has; undefined when none fits. */
  private allowed(path: string): readonly string[] | undefined {
    const allow = new Set<string>()
    descend(this.root, path, 1, '', allow)
    if (allow.size === 0) return undefined
    if (allow.has('GET')) allow.add('HEAD')
    return [...allow].sort()
  }
}

function servedBy<T>(served: Served<T> | undefined, method: string): T | undefined {
  for (let each = served; each !== undefined; each = each.next) if (each.method === method) return each.value
  return undefined
}

function child<T>(node: Node<T>, segment: string): Node<T> {
  const pieces = segment.includes('{') ? segment.split(/\{[^{}]*\}/) : [segment]
  if (pieces.length === 1) {
    node.literals ??= new Map()
    let next = node.literals.get(segment)
    if (!next) node.literals.set(segment, (next = emptyNode()))
    return next
  }
  if (pieces.length === 2 && pieces[0] === '' && pieces[1] === '') return (node.any ??= emptyNode())
  const key = pieces.join('\0')
  node.patterns ??= []
  const known = node.patterns.find((pattern) => pattern.pieces.join('\0') === key)
  if (known) return known.node
  const made = { pieces, node: emptyNode<T>() }
  node.patterns.push(made)
  node.patterns.sort((a, b) => b.pieces.join('').length - a.pieces.join('').length)
  return made.node
}

/** `at` is where the next segment begins. Steps back out of a literal branch that leads nowhere; the tree's depth bounds it. */
function descend<T>(node: Node<T>, path: string, at: number, method: string, allow: Set<string> | undefined): T | undefined {
  if (at > path.length) {
    if (allow !== undefined) for (let served = node.served; served !== undefined; served = served.next) allow.add(served.method)
    return servedBy(node.served, method) ?? (method === 'HEAD' ? servedBy(node.served, 'GET') : undefined)
  }
  const slash = path.indexOf('/', at)
  const end = slash < 0 ? path.length : slash
  const segment = path.slice(at, end)
  const literal = node.literals?.get(segment)
  if (literal !== undefined) {
    const value = descend(literal, path, end + 1, method, allow)
    if (value !== undefined) return value
  }
  // hardening.md: a parameter never takes an empty or a dot segment.
  if (segment === '' || segment === '.' || segment === '..') return undefined
  const { patterns } = node
  for (let i = 0; patterns !== undefined && i < patterns.length; i++) {
    const pattern = patterns[i]!
    if (!fits(segment, pattern.pieces)) continue
    const value = descend(pattern.node, path, end + 1, method, allow)
    if (value !== undefined) return value
  }
  return node.any === undefined ? undefined : descend(node.any, path, end + 1, method, allow)
}

/** True when the literal pieces stand in this order with at least one character for each parameter between them. Linear in the segment. */
function fits(segment: string, pieces: readonly string[]): boolean {
  const last = pieces[pieces.length - 1]!
  if (!segment.startsWith(pieces[0]!) || !segment.endsWith(last)) return false
  let at = pieces[0]!.length
  for (let i = 1; i < pieces.length - 1; i++) {
    const found = segment.indexOf(pieces[i]!, at + 1)
    if (found < 0) return false
    at = found + pieces[i]!.length
  }
  return segment.length - last.length > at
}
