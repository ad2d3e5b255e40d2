// What is to be changed in a document, compiled: for every state of the paths, what is done with the value that stands there and which names matter below it.
import { type Mask, narrower } from './json-mask.ts'
import type { JsonPath } from './json-path.ts'
import { foldedName, NameTable } from './name-table.ts'
import { compilePaths, PATH_STATES_MAX, type PathState } from './path-automaton.ts'

/**
 * Operations on a document, each where its paths lead. Where several meet at one value, dropping goes before setting, setting before picking, picking before
 * masking; a member that is renamed may be set or masked as well. Paths go by the names of the document as it comes.
 */
export interface ShapeOperations {
  /** Only what these lead to, and the objects and lists on the way there. Undefined: everything. */
  readonly pick?: readonly JsonPath[]
  readonly drop?: readonly JsonPath[]
  readonly rename?: readonly { readonly path: JsonPath; readonly to: string }[]
  /** Strings, numbers, booleans, and objects and lists as a whole; null stays. */
  readonly mask?: readonly { readonly path: JsonPath; readonly mask: Mask }[]
  /** What is there is replaced; where the last step is a plain name, the member is added to objects that lack it. */
  readonly set?: readonly { readonly path: JsonPath; readonly value: unknown }[]
  /** Names match whatever their case. */
  readonly ignoreCase?: boolean
}

export interface NameEntry {
  readonly state: ShapeState
  /** Which of the names that the changed object must not have twice; -1: none. */
  readonly id: number
}
export interface ShapeState {
  readonly drop: boolean
  /** JSON in place of the value. */
  readonly constant: Uint8Array | undefined
  readonly mask: Mask | undefined
  /** The member's new name, in quotes. */
  readonly newName: Uint8Array | undefined
  readonly picked: boolean
  readonly leadsToPick: boolean
  /** Something other than picking may be done below. */
  readonly leads: boolean
  names: NameTable<NameEntry>
  otherName: ShapeState
  indexes: ReadonlyMap<number, ShapeState>
  otherIndex: ShapeState
  /** How many names are counted here. */
  watched: number
  /** Members that an object gets which lacks them: `"name":value`. */
  additions: readonly { readonly id: number; readonly octets: Uint8Array }[]
}
export interface ShapePlan {
  readonly start: ShapeState
  readonly picks: boolean
}

/** A text says what contradicts what. */
export function compileShape(operations: ShapeOperations): ShapePlan | string {
  const { pick, drop = [], rename = [], mask = [], set = [], ignoreCase = false } = operations
  const wrong = impossible(operations)
  if (wrong !== undefined) return wrong
  const fold = (path: JsonPath): JsonPath => (ignoreCase ? path.map(({ deep, to }) => ({ deep, to: foldedStep(to) })) : path)
  const all = [
    ...(pick ?? []).map((path) => ({ kind: 'pick' as const, path: fold(path) })),
    ...drop.map((path) => ({ kind: 'drop' as const, path: fold(path) })),
    ...rename.map(({ path, to }) => ({ kind: 'rename' as const, path: fold(path), to })),
    ...mask.map((each) => ({ kind: 'mask' as const, path: fold(each.path), mask: each.mask })),
    ...set.map(({ path, value }) => ({ kind: 'set' as const, path: fold(path), spelled: path, octets: Buffer.from(JSON.stringify(value)) })),
  ]
  const pathStates: PathState[] = []
  const start = compilePaths(
    all.map(({ path }) => path),
    pathStates,
  )
  if (start === undefined) return `these paths can stand in more than ${PATH_STATES_MAX} ways to each other: use fewer with '..'`

  const states = new Map<PathState, ShapeState>()
  for (const state of pathStates) {
    const here = state.ended.map((i) => all[i]!)
    const names = new Set(here.flatMap((each) => (each.kind === 'rename' ? [each.to] : [])))
    if (names.size > 1) return `one member cannot be called ${[...names].join(' and ')}`
    const constants = here.flatMap((each) => (each.kind === 'set' ? [each.octets] : []))
    if (constants.some((octets) => !octets.equals(constants[0]!))) return `one value cannot be set to ${constants.join(' and to ')}`
    const masks = here.flatMap((each) => (each.kind === 'mask' ? [each.mask] : []))
    const [newName] = names
    states.set(state, {
      drop: here.some(({ kind }) => kind === 'drop'),
      constant: constants[0],
      mask: masks.length === 0 ? undefined : masks.reduce(narrower),
      newName: newName === undefined ? undefined : Buffer.from(JSON.stringify(newName)),
      picked: here.some(({ kind }) => kind === 'pick'),
      leadsToPick: state.open.some(([i]) => all[i]!.kind === 'pick'),
      leads: state.open.some(([i]) => all[i]!.kind !== 'pick'),
      names: new NameTable([], false),
      otherName: undefined as unknown as ShapeState,
      indexes: new Map(),
      otherIndex: undefined as unknown as ShapeState,
      watched: 0,
      additions: [],
    })
  }
  const nameOf = (written: string): string => (ignoreCase ? foldedName(written) : written)
  for (const [state, shape] of states) {
    const of = (other: PathState): ShapeState => states.get(other)!
    shape.otherName = of(state.otherName)
    shape.otherIndex = of(state.otherIndex)
    shape.indexes = new Map([...state.indexes].map(([index, below]) => [index, of(below)]))
    const ids = new Map<string, number>()
    const idOf = (name: string): number => {
      if (!ids.has(name)) ids.set(name, ids.size)
      return ids.get(name)!
    }
    const entries = new Map<string, NameEntry>()
    for (const [name, below] of state.names) {
      const { newName } = of(below)
      entries.set(name, { state: of(below), id: idOf(newName === undefined ? name : nameOf(JSON.parse(String(newName)))) })
    }
    // A member that already has the name another one gets.
    for (const name of [...ids.keys()]) if (!entries.has(name)) entries.set(name, { state: shape.otherName, id: idOf(name) })
    const additions = new Map<number, Buffer>()
    for (const [i, at] of state.open) {
      const each = all[i]!
      if (each.kind !== 'set' || at + 1 !== each.path.length || each.path[at]!.deep) continue
      const { to } = each.path[at]!
      if (to === 'any' || !('name' in to)) continue
      const { state: below, id } = entries.get(to.name)!
      const written = each.spelled[at]!.to as { readonly name: string }
      if (!below.drop) additions.set(id, Buffer.concat([below.newName ?? Buffer.from(JSON.stringify(written.name)), Buffer.from(':'), each.octets]))
    }
    shape.names = new NameTable(entries, ignoreCase)
    shape.watched = ids.size
    shape.additions = [...additions].map(([id, octets]) => ({ id, octets }))
  }
  return { start: states.get(start)!, picks: pick !== undefined }
}

const foldedStep = (to: JsonPath[number]['to']): JsonPath[number]['to'] => (to !== 'any' && 'name' in to ? { name: foldedName(to.name) } : to)

function impossible({ drop = [], rename = [], set = [] }: ShapeOperations): string | undefined {
  if (drop.some((path) => path.length === 0)) return "'$' is the whole document: nothing would be left of it"
  if (set.some(({ path }) => path.length === 0)) return "'$' is the whole document: only what is in it can be set"
  for (const { path } of rename) {
    const last = path.at(-1)?.to
    if (last === undefined || last === 'any' || !('name' in last)) return 'only a member that its path names can be renamed: not items, not the document'
  }
  return undefined
}
