// The rules of the house as a function: source files in, broken rules out. test/architecture.test.ts runs it over the tree.
import { posix } from 'node:path'
import { type ScannedSource, scanSource } from './source-scan.ts'

/** tools/floors.json: the rules that are data. */
export interface Floors {
  readonly floors: Readonly<Record<string, number>>
  /** `from` is a room, or one file of it. */
  readonly exceptions: readonly { readonly from: string; readonly to: string; readonly why: string }[]
  readonly onlyIn: readonly OnlyIn[]
  readonly forbiddenNames: readonly string[]
  readonly linesMax: number
  readonly policyFiles: readonly string[]
}

/** Something that only some places may use: matched in code, as a module imported, or as a name taken from a module. */
export interface OnlyIn {
  readonly what: string
  readonly code?: string
  readonly modules?: readonly string[]
  readonly names?: Readonly<Record<string, readonly string[]>>
  readonly alsoTests?: boolean
  /** Files, or folders with a slash at the end. */
  readonly places: readonly string[]
  readonly why: string
}

/** A tree: paths below the repository, with forward slashes, and their texts. */
export type Tree = ReadonlyMap<string, string>
export interface Breach {
  readonly file: string
  readonly line: number
  readonly rule: 'floor' | 'cycle' | 'policy' | 'only-in' | 'name' | 'length' | 'first-line'
  readonly says: string
}
/** What was looked at, so that a run that looked at nothing shows. */
export interface Survey {
  readonly breaches: readonly Breach[]
  readonly files: number
  readonly imports: number
  readonly exceptionsUsed: ReadonlySet<string>
}

const isTest = (file: string): boolean => file.endsWith('.test.ts')
const roomOf = (file: string): string | undefined => /^src\/([^/]+)\//.exec(file)?.[1]
const policyOf = (file: string): string | undefined => /^src\/policies\/([^/]+)\//.exec(file)?.[1]

/** Looks at every rule; never stops at the first breach. */
export function survey(tree: Tree, rules: Floors): Survey {
  const sources = [...tree.keys()].filter((file) => file.endsWith('.ts')).sort()
  const scans = new Map(sources.map((file) => [file, scanSource(tree.get(file)!)]))
  const edges = new Map(sources.map((file) => [file, importsOf(file, scans.get(file)!, tree)]))
  const exceptionsUsed = new Set<string>()
  const breaches: Breach[] = []
  const add = (file: string, line: number, rule: Breach['rule'], says: string): void => void breaches.push({ file, line, rule, says })

  for (const file of sources) {
    shapeBreaches(file, tree.get(file)!, rules, add)
    if (!file.startsWith('src/')) continue
    const room = roomOf(file)
    if (room === undefined || rules.floors[room] === undefined) add(file, 1, 'floor', 'stands in no room of tools/floors.json')
    for (const edge of edges.get(file)!) floorBreach(file, edge, rules, exceptionsUsed, add)
    onlyInBreaches(file, scans.get(file)!, rules, add)
    if (roomOf(file) === 'gateway' && !isTest(file)) policyNameBreaches(file, scans.get(file)!, tree, add)
  }
  for (const cycle of cyclesIn(edges)) add(cycle[0]!, 1, 'cycle', `imports itself by way of ${[...cycle.slice(1), cycle[0]].join(' -> ')}`)
  policyFolderBreaches(tree, rules, add)
  return { breaches, files: sources.length, imports: [...edges.values()].flat().length, exceptionsUsed }
}

type Add = (file: string, line: number, rule: Breach['rule'], says: string) => void
interface Edge {
  readonly line: number
  readonly specifier: string
  readonly typeOnly: boolean
  /** The file imported, when the name is relative. */
  readonly file?: string
}

function importsOf(file: string, scan: ScannedSource, tree: Tree): Edge[] {
  return scan.imports.map(({ specifier, line, clause }) => {
    const typeOnly = /^type\b(?!\s*,)/.test(clause)
    if (!specifier.startsWith('.')) return { line, specifier, typeOnly }
    const target = posix.join(posix.dirname(file), specifier)
    // A worker's file is named by what is emitted or by what is run: both mean the source.
    return { line, specifier, typeOnly, file: tree.has(target) ? target : tree.has(target.replace(/\.js$/, '.ts')) ? target.replace(/\.js$/, '.ts') : target }
  })
}

function shapeBreaches(file: string, text: string, rules: Floors, add: Add): void {
  const lines = text.split('\n')
  const name = file.split('/').find((part) => rules.forbiddenNames.includes(part.replace(/(\.test)?\.ts$/, '')))
  if (name !== undefined) add(file, 1, 'name', `'${name}' says nothing: name it after what it holds`)
  const count = text.endsWith('\n') ? lines.length - 1 : lines.length
  if (count > rules.linesMax && !file.includes('/data/')) add(file, count, 'length', `${count} lines, the most is ${rules.linesMax}`)
  const first = lines[0]!.startsWith('#!') ? lines[1] : lines[0]
  if (!/^\/\/ \S.*[.!?:]\)?$/.test(first ?? '')) add(file, 1, 'first-line', 'the first line must be a // comment: one sentence, what the file is for')
}

function floorBreach(file: string, edge: Edge, rules: Floors, used: Set<string>, add: Add): void {
  if (edge.file === undefined) return
  const from = roomOf(file) ?? ''
  const to = roomOf(edge.file) ?? ''
  const fromFloor = rules.floors[from]
  const toFloor = rules.floors[to]
  // Tests beside the code may use what test/support offers; the program itself stands on nothing outside src/.
  const ofTestSupport = isTest(file) && edge.file.startsWith('test/')
  const exception = rules.exceptions.find((each) => (each.from === from || each.from === file) && each.to === to)
  if (fromFloor === undefined || toFloor === undefined) {
    if (!ofTestSupport) add(file, edge.line, 'floor', `imports ${edge.file}, which stands in no room of src/`)
  } else if (from === to) {
    const [own, other] = [policyOf(file), policyOf(edge.file)]
    if (own !== undefined && other !== undefined && own !== other) add(file, edge.line, 'policy', `policy '${own}' imports policy '${other}'`)
  } else if (exception !== undefined) used.add(`${exception.from}->${to}`)
  else if (toFloor >= fromFloor) add(file, edge.line, 'floor', `${from} (floor ${fromFloor}) imports ${edge.file} (floor ${toFloor}): imports go down`)
}

function onlyInBreaches(file: string, scan: ScannedSource, rules: Floors, add: Add): void {
  for (const { what, code, modules, names, places, why, alsoTests } of rules.onlyIn) {
    if (places.some((place) => file === place || (place.endsWith('/') && file.startsWith(place)))) continue
    // Tests drive the code from outside: they open sockets and measure. What is marked `alsoTests` stays closed to them as well.
    if (isTest(file) && !alsoTests) continue
    const says = `uses ${what}, allowed only in ${places.join(', ')}: ${why}`
    if (code !== undefined) for (const match of scan.code.matchAll(new RegExp(code, 'g'))) add(file, lineOf(scan.code, match.index), 'only-in', says)
    for (const { specifier, line, clause } of scan.imports) {
      const module = /^(?:node:)?([a-z0-9_]+)$/.exec(specifier)?.[1]
      if (module === undefined) continue
      const named = names?.[module]?.find((name) => new RegExp(`\\b${name}\\b`).test(clause))
      if (modules?.includes(module) || named !== undefined) add(file, line, 'only-in', says)
    }
  }
}
const lineOf = (code: string, offset: number): number => code.slice(0, offset).split('\n').length

/** The gateway runs chains; what is in them is none of its business. */
function policyNameBreaches(file: string, scan: ScannedSource, tree: Tree, add: Add): void {
  const policies = new Set([...tree.keys()].flatMap((each) => policyOf(each) ?? []))
  for (const { text, line } of scan.strings) {
    const name = text.split('.')[0]!
    if (policies.has(name)) add(file, line, 'policy', `names the policy '${name}'`)
  }
}

function policyFolderBreaches(tree: Tree, rules: Floors, add: Add): void {
  const folders = new Set([...tree.keys()].flatMap((each) => policyOf(each) ?? []))
  const index = tree.get('src/policies/index.ts') ?? ''
  const listed = new Set(scanSource(index).imports.map(({ specifier }) => specifier))
  for (const folder of folders) {
    for (const file of rules.policyFiles) if (!tree.has(`src/policies/${folder}/${file}`)) add(`src/policies/${folder}`, 1, 'policy', `has no ${file}`)
    if (!listed.has(`./${folder}/policy.ts`)) add('src/policies/index.ts', 1, 'policy', `does not list '${folder}'`)
  }
}

/**
 * Circles among relative imports, each once. An `import type` makes none: it is gone when the code runs, and two files of one room may name each
 * other's types. (Between rooms the floors already keep types from going up.)
 */
function cyclesIn(edges: ReadonlyMap<string, readonly Edge[]>): string[][] {
  const cycles: string[][] = []
  const done = new Set<string>()
  const visit = (file: string, trail: string[]): void => {
    const at = trail.indexOf(file)
    if (at !== -1) return void cycles.push(trail.slice(at))
    if (done.has(file)) return
    for (const edge of edges.get(file) ?? []) if (edge.file !== undefined && !edge.typeOnly && edges.has(edge.file)) visit(edge.file, [...trail, file])
    done.add(file)
  }
  for (const file of edges.keys()) visit(file, [])
  return cycles
}
