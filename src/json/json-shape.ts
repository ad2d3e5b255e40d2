// What is to be changed in a document, compiled: for every state of the paths, what is done with the value that stands there and which names matter below it.
import { type Mask, narrower } from './json-mask.ts'
import type { JsonPath } from './json-path.ts'
import { foldedName, NameTable } from './name-table.ts'
import { type Below, compilePaths, type PathState, TOO_MANY_STATES } from './path-automaton.ts'

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
  readonly below: ShapeBelow
}
/** What is done below a value; states from which the same may follow share one. */
export interface ShapeBelow {
  readonly leadsToPick: boolean
  /** Something other than picking may be done. */
  readonly leads: boolean
  readonly names: NameTable<NameEntry>
  readonly otherName: ShapeState
  readonly indexes: ReadonlyMap<number, ShapeState>
  readonly otherIndex: ShapeState
  /** How many names are counted. */
  readonly watched: number
  /** Members that an object gets which lacks them: `"name":value`. */
  readonly additions: readonly { readonly id: number; readonly octets: Uint8Array }[]
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
  if (start === undefined) return TOO_MANY_STATES

  const states = new Map<PathState, ShapeState>()
  const belows = new Map<Below, ShapeBelow>()
  for (const state of pathStates) {
    const here = state.ended.map((i) => all[i]!)
    const names = new Set(here.flatMap((each) => (each.kind === 'rename' ? [each.to] : [])))
    if (names.size > 1) return `one member cannot be called ${[...names].join(' and ')}`
    const constants = here.flatMap((each) => (each.kind === 'set' ? [each.octets] : []))
    if (constants.some((octets) => !octets.equals(constants[0]!))) return `one value cannot be set to ${constants.join(' and to ')}`
    const masks = here.flatMap((each) => (each.kind === 'mask' ? [each.mask] : []))
    const [newName] = names
    // Filled in once all states are there: they lead to each other.
    if (!belows.has(state.below)) belows.set(state.below, {} as ShapeBelow)
    states.set(state, {
      drop: here.some(({ kind }) => kind === 'drop'),
      constant: constants[0],
      mask: masks.length === 0 ? undefined : masks.reduce(narrower),
      newName: newName === undefined ? undefined : Buffer.from(JSON.stringify(newName)),
      picked: here.some(({ kind }) => kind === 'pick'),
      below: belows.get(state.below)!,
    })
  }
  for (const [below, made] of belows)
    Object.assign(
      made,
      shapeBelow(below, all, (state) => states.get(state)!, ignoreCase),
    )
  return { start: states.get(start)!, picks: pick !== undefined }
}

type Operation =
  | { readonly kind: 'pick' | 'drop' | 'rename' | 'mask'; readonly path: JsonPath }
  | { readonly kind: 'set'; readonly path: JsonPath; readonly spelled: JsonPath; readonly octets: Buffer }

function shapeBelow(below: Below, all: readonly Operation[], of: (state: PathState) => ShapeState, ignoreCase: boolean): ShapeBelow {
  const ids = new Map<string, number>()
  const idOf = (written: string): number => {
    const name = ignoreCase ? foldedName(written) : written
    if (!ids.has(name)) ids.set(name, ids.size)
    return ids.get(name)!
  }
  const otherName = of(below.otherName)
  const entries = new Map<string, NameEntry>()
  for (const [name, state] of below.names) {
    const { newName } = of(state)
    entries.set(name, { state: of(state), id: idOf(newName === undefined ? name : JSON.parse(String(newName))) })
  }
  // A member that already has the name another one gets.
  for (const name of [...ids.keys()]) if (!entries.has(name)) entries.set(name, { state: otherName, id: idOf(name) })
  const additions = new Map<number, Buffer>()
  for (const [i, at] of below.open) {
    const each = all[i]!
    if (each.kind !== 'set' || at + 1 !== each.path.length || each.path[at]!.deep) continue
    const { to } = each.path[at]!
    if (to === 'any' || !('name' in to)) continue
    const { state, id } = entries.get(to.name)!
    const written = each.spelled[at]!.to as { readonly name: string }
    if (!state.drop) additions.set(id, Buffer.concat([state.newName ?? Buffer.from(JSON.stringify(written.name)), Buffer.from(':'), each.octets]))
  }
  return {
    leadsToPick: below.open.some(([i]) => all[i]!.kind === 'pick'),
    leads: below.open.some(([i]) => all[i]!.kind !== 'pick'),
    names: new NameTable(entries, ignoreCase),
    otherName,
    indexes: new Map([...below.indexes].map(([index, state]) => [index, of(state)])),
    otherIndex: of(below.otherIndex),
    watched: ids.size,
    additions: [...additions].map(([id, octets]) => ({ id, octets })),
  }
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
