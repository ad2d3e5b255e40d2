// Many paths as one automaton: with each value of a document it stands in one state, and a state knows all paths that end at the value or go on below it.
import type { JsonPath, PathStep } from './json-path.ts'

/** Where a value stands with respect to all paths. */
export interface PathState {
  /** Paths that end at this very value, by their place in the list. */
  readonly ended: readonly number[]
  /** Steps of paths that may follow below: pairs of path and step. */
  readonly open: readonly (readonly [path: number, step: number])[]
  /** By name, those that some path speaks of. */
  readonly names: ReadonlyMap<string, PathState>
  readonly otherName: PathState
  readonly indexes: ReadonlyMap<number, PathState>
  readonly otherIndex: PathState
}

/** Paths with `..` can multiply each other's states; nobody needs so many. */
export const PATH_STATES_MAX = 2000

type Child = { readonly name: string } | { readonly index: number } | 'name' | 'index'
interface Building extends PathState {
  names: Map<string, PathState>
  otherName: PathState
  indexes: Map<number, PathState>
  otherIndex: PathState
}

/** The state of the document itself; undefined when there would be more than `PATH_STATES_MAX`. Every state that can be reached is in `states`. */
export function compilePaths(paths: readonly JsonPath[], states: PathState[] = []): PathState | undefined {
  const known = new Map<string, Building>()
  const pending: Building[] = []
  const stateOf = (ended: readonly number[], open: PathState['open']): Building => {
    const key = `${ended.join()}|${open.map(([path, step]) => `${path}.${step}`).join()}`
    let state = known.get(key)
    if (state === undefined) {
      state = { ended, open, names: new Map(), indexes: new Map() } as unknown as Building
      known.set(key, state)
      pending.push(state)
      states.push(state)
    }
    return state
  }
  const below = ({ open }: PathState, child: Child): Building => {
    const ended = new Set<number>()
    const next = new Map<string, readonly [number, number]>()
    for (const [path, at] of open) {
      const step = paths[path]![at]!
      if (step.deep) next.set(`${path}.${at}`, [path, at])
      if (!leadsTo(step, child)) continue
      if (at + 1 === paths[path]!.length) ended.add(path)
      else next.set(`${path}.${at + 1}`, [path, at + 1])
    }
    const sorted = [...next.values()].sort(([a, i], [b, j]) => a - b || i - j)
    return stateOf(
      [...ended].sort((a, b) => a - b),
      sorted,
    )
  }
  const whole = paths.flatMap((path, i) => (path.length === 0 ? [i] : []))
  const start = stateOf(
    whole,
    paths.flatMap((path, i) => (path.length === 0 ? [] : [[i, 0] as const])),
  )
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    for (const [path, at] of state.open) {
      const { to } = paths[path]![at]!
      if (to === 'any') continue
      if ('name' in to) state.names.set(to.name, below(state, to))
      else state.indexes.set(to.index, below(state, to))
    }
    state.otherName = below(state, 'name')
    state.otherIndex = below(state, 'index')
    if (known.size > PATH_STATES_MAX) return undefined
  }
  return start
}

function leadsTo({ to }: PathStep, child: Child): boolean {
  if (to === 'any') return true
  if (typeof child === 'string') return false
  return 'name' in to ? 'name' in child && to.name === child.name : 'index' in child && to.index === child.index
}
