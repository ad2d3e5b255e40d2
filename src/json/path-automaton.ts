// Many paths as one automaton: with each value of a document it stands in one state, and a state knows all paths that end at the value or go on below it.
import type { JsonPath, PathStep } from './json-path.ts'

/** Steps of paths that may follow: pairs of path and step, in order. */
type Open = readonly (readonly [path: number, step: number])[]

/** Where a value stands with respect to all paths. */
export interface PathState {
  /** Paths that end at this very value, by their place in the list. */
  readonly ended: readonly number[]
  /** States from which the same may follow share one. */
  readonly below: Below
}
/** What may follow below a value. */
export interface Below {
  readonly open: Open
  /** By name, those that some path speaks of. */
  readonly names: ReadonlyMap<string, PathState>
  readonly otherName: PathState
  readonly indexes: ReadonlyMap<number, PathState>
  readonly otherIndex: PathState
}

/** Paths with `..` can multiply each other's states; nobody needs so many, and whoever wants them must not hold up others. */
const PATH_STATES_MAX = 5000
export const TOO_MANY_STATES = "these paths can stand in too many ways to each other: use fewer with '..'"
/** Steps that are looked at altogether: some hundred milliseconds. */
const WORK_MAX = 400_000

type Child = { readonly name: string } | { readonly index: number } | 'name' | 'index'
type Growing<T> = { -readonly [K in keyof T]: T[K] }

class TooManyStates extends Error {}

/** The state of the document itself; undefined when there would be too many. Every state that can be reached is in `states`. */
export function compilePaths(paths: readonly JsonPath[], states: PathState[] = []): PathState | undefined {
  const building = new Building(paths, states)
  try {
    return building.all()
  } catch (cause) {
    if (cause instanceof TooManyStates) return undefined
    throw cause
  }
}

class Building {
  private readonly paths: readonly JsonPath[]
  private readonly states: PathState[]
  private readonly known = new Map<string, PathState>()
  private readonly belows = new Map<string, Growing<Below>>()
  private readonly pending: Growing<Below>[] = []
  private work = 0

  constructor(paths: readonly JsonPath[], states: PathState[]) {
    this.paths = paths
    this.states = states
  }

  all(): PathState {
    const whole = this.paths.flatMap((path, i) => (path.length === 0 ? [i] : []))
    const start = this.state(
      whole,
      this.paths.flatMap((path, i) => (path.length === 0 ? [] : [[i, 0] as const])),
    )
    for (let below = this.pending.pop(); below !== undefined; below = this.pending.pop()) this.complete(below)
    return start
  }

  private complete(below: Growing<Below>): void {
    // What follows any child, and what follows the one of a name or a place besides.
    const general = below.open.filter(([path, at]) => this.step(path, at).deep || this.step(path, at).to === 'any')
    const particular = new Map<string | number, (readonly [number, number])[]>()
    for (const open of below.open) {
      const { to } = this.step(...open)
      if (to === 'any') continue
      const key = 'name' in to ? to.name : to.index
      const same = particular.get(key)
      if (same) same.push(open)
      else particular.set(key, [open])
    }
    const names = new Map<string, PathState>()
    const indexes = new Map<number, PathState>()
    for (const [key, steps] of particular) {
      if (typeof key === 'string') names.set(key, this.follow([...general, ...steps], { name: key }))
      else indexes.set(key, this.follow([...general, ...steps], { index: key }))
    }
    below.names = names
    below.indexes = indexes
    below.otherName = this.follow(general, 'name')
    below.otherIndex = this.follow(general, 'index')
  }
  private step(path: number, at: number): PathStep {
    return this.paths[path]![at]!
  }

  private follow(open: Open, child: Child): PathState {
    this.work += open.length + 1
    if (this.work > WORK_MAX) throw new TooManyStates()
    const ended = new Set<number>()
    const next = new Map<number, readonly [number, number]>()
    for (const [path, at] of open) {
      const step = this.step(path, at)
      if (step.deep) next.set(keyOf(path, at), [path, at])
      if (!leadsTo(step, child)) continue
      if (at + 1 === this.paths[path]!.length) ended.add(path)
      else next.set(keyOf(path, at + 1), [path, at + 1])
    }
    const inOrder = [...next].sort(([a], [b]) => a - b).map(([, pair]) => pair)
    return this.state(
      [...ended].sort((a, b) => a - b),
      inOrder,
    )
  }

  private state(ended: readonly number[], open: Open): PathState {
    const openKey = open.map(([path, step]) => keyOf(path, step)).join()
    const key = `${ended.join()}|${openKey}`
    let state = this.known.get(key)
    if (state !== undefined) return state
    let below = this.belows.get(openKey)
    if (below === undefined) {
      below = { open } as Growing<Below>
      this.belows.set(openKey, below)
      this.pending.push(below)
    }
    state = { ended, below }
    this.known.set(key, state)
    this.states.push(state)
    if (this.known.size > PATH_STATES_MAX) throw new TooManyStates()
    return state
  }
}

/** Paths have at most 64 steps. */
const keyOf = (path: number, step: number): number => path * 64 + step

function leadsTo({ to }: PathStep, child: Child): boolean {
  if (to === 'any') return true
  if (typeof child === 'string') return false
  return 'name' in to ? 'name' in child && to.name === child.name : 'index' in child && to.index === child.index
}
