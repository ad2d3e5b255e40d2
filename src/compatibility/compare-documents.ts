// Compares two OpenAPI documents: what a client that did right by the old one would run into with the new one.
import { compareOperations, compareWebhooks, sunsetOf } from './compare-operations.ts'
import { below, Description, isObject, member } from './description.ts'
import { bySeverity, type Finding, OPERATIONS_MAX, quoted, type Severity } from './finding.ts'
import { basePathOf, type Operation, operationsOf, shapeOf } from './path-shapes.ts'
import { type Draft, reachable, SchemaComparison } from './schema-comparison.ts'
import { Sides } from './sides.ts'

export interface CompareOptions {
  /** Milliseconds since the epoch: an operation that was to be there until an earlier date (`x-sunset`) may go. Left out: no date has passed. */
  readonly nowMs?: number
  /** The paths of `servers` are not compared: for a new version that is reached elsewhere. */
  readonly ignoreServers?: boolean
}

export interface Comparison {
  /** The worst of the findings; `none` when there is none. */
  readonly verdict: Severity | 'none'
  /** Worst first, then in the order of the old document. */
  readonly findings: readonly Finding[]
  /** Operations that both documents have: with none, nothing was compared. */
  readonly operationsCompared: number
}

const FINDINGS_MAX = 20_000
/** Pairs of schemas that are looked at for the operations that lead to them, over the whole comparison. */
const WALKED_MAX = 20_000_000

/**
 * Both documents as plain data (OpenAPI 3.0 or 3.1), references inside of each document unfollowed. Never throws for what they hold and always ends:
 * what is too large to be compared whole is itself a breaking finding.
 */
export function compareDocuments(oldDocument: unknown, newDocument: unknown, options: CompareOptions = {}): Comparison {
  const comparing = new Comparing(new Description(oldDocument), new Description(newDocument), options)
  comparing.all()
  const findings = bySeverity(comparing.findings())
  return { verdict: findings[0]?.severity ?? 'none', findings, operationsCompared: comparing.operationsCompared }
}

interface Reached {
  readonly draft: Draft
  readonly operations: string[]
  count: number
  /** The operation that was counted last: each is counted once. */
  last: string | undefined
}

class Comparing {
  operationsCompared = 0
  private readonly old: Description
  private readonly now: Description
  private readonly options: CompareOptions
  private readonly schemas: SchemaComparison
  private readonly reached = new Map<string, Reached>()
  private walked = 0

  constructor(old: Description, now: Description, options: CompareOptions) {
    this.old = old
    this.now = now
    this.options = options
    this.schemas = new SchemaComparison(old, now)
  }

  findings(): Finding[] {
    const all = [...this.reached.values()].map(({ draft, operations, count }) => ({ ...draft, operations, operationCount: count }))
    const isCut = all.length > FINDINGS_MAX || this.schemas.incomplete
    const cut: Finding = {
      rule: 'comparison-cut-short',
      severity: 'breaking',
      operations: [],
      operationCount: 0,
      sentence: 'The documents are too large to be compared whole.',
    }
    return isCut ? [cut, ...bySeverity(all).slice(0, FINDINGS_MAX)] : all
  }

  all(): void {
    this.documents()
    const before = operationsOf(this.old)
    const after = operationsOf(this.now)
    const [oldBase, newBase] = [basePathOf(below(this.old.root, 'servers')), basePathOf(below(this.now.root, 'servers'))]
    const base = this.prefixes(before, after, oldBase, newBase)
    const byShape = Map.groupBy([...after.values()].flat(), ({ template }) => shapeOf(base.new + template))
    const matched = new Set<Operation>()
    for (const [template, operations] of before) {
      const same = byShape.get(shapeOf(base.old + template))
      for (const operation of operations) {
        // Two templates of one shape may share a document when their methods or hosts differ: the same text is meant first.
        const alike = same?.filter(({ method }) => method === operation.method)
        const counterpart = alike?.find((other) => base.new + other.template === base.old + template) ?? alike?.find((other) => !matched.has(other))
        if (counterpart) matched.add(counterpart)
        this.operation(operation, counterpart, same === undefined)
      }
    }
    for (const operation of [...after.values()].flat()) {
      if (!matched.has(operation))
        this.add([operation.name], { rule: 'operation-added', severity: 'compatible', new: operation.place.at, sentence: `${quoted(operation.name)} is new.` })
    }
    const sides = new Sides(this.old, this.now, this.schemas)
    compareWebhooks(sides, this.old, this.now)
    this.take([], sides)
    this.lostReferences()
  }

  /** What a reference stands for that leads to another file, or to nothing, was not compared: that must not pass in silence. */
  private lostReferences(): void {
    for (const reference of new Set([...this.old.lost.keys(), ...this.now.lost.keys()])) {
      if (this.schemas.toldLost.has(reference)) continue
      const [old, now] = [this.old.lost.get(reference), this.now.lost.get(reference)]
      this.add([], {
        rule: 'reference-not-followed',
        severity: old !== undefined && now !== undefined ? 'risky' : 'breaking',
        ...(old !== undefined && { old }),
        ...(now !== undefined && { new: now }),
        sentence: `${quoted(reference)} leads out of the document or to nothing: what it stands for is not compared.`,
      })
    }
  }

  private documents(): void {
    for (const [side, description] of [
      ['old', this.old],
      ['new', this.now],
    ] as const) {
      const version = member(description.root.value, 'openapi')
      const isReadable = /^3\.[01]\./.test(String(version)) && isObject(member(description.root.value, 'paths'))
      if (!isReadable)
        this.add([], { rule: 'not-openapi', severity: 'breaking', [side]: '', sentence: `The ${side} document is not of OpenAPI 3.0 or 3.1, or has no paths.` })
    }
  }

  /** What stands in front of paths so that the most of them meet: a base path that moved into the paths changes nothing. */
  private prefixes(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>, oldBase: string, newBase: string): { old: string; new: string } {
    if (oldBase === newBase) return { old: '', new: '' }
    const met = (a: string, b: string): number => {
      const shapes = new Set([...after.keys()].map((template) => shapeOf(b + template)))
      return [...before.keys()].filter((template) => shapes.has(shapeOf(a + template))).length
    }
    const whole = met(oldBase, newBase)
    if (whole > 0 && whole >= met('', '')) return { old: oldBase, new: newBase }
    if (!this.options.ignoreServers) {
      const sentence = `The path in front of every operation was ${quoted(oldBase || '/')} and is ${quoted(newBase || '/')}.`
      this.add([], { rule: 'server-path-changed', severity: 'breaking', old: '/servers', new: '/servers', sentence })
    }
    return { old: '', new: '' }
  }

  private operation(old: Operation, now: Operation | undefined, pathIsGone: boolean): void {
    if (!now) {
      const sunset = sunsetOf(old.place)
      const isOver = sunset !== undefined && Date.parse(sunset) <= (this.options.nowMs ?? Number.NEGATIVE_INFINITY)
      const sentence = `${quoted(old.name)} is gone${isOver ? `, as was announced for ${quoted(sunset)}` : ''}.`
      this.add([old.name], {
        rule: isOver ? 'operation-retired' : pathIsGone ? 'path-removed' : 'method-removed',
        severity: isOver ? 'compatible' : 'breaking',
        old: old.place.at,
        sentence,
      })
      return
    }
    this.operationsCompared++
    const sides = new Sides(this.old, this.now, this.schemas)
    compareOperations(sides, old, now)
    this.take([old.name], sides)
  }

  private take(operations: readonly string[], { drafts, pairs }: Sides): void {
    for (const draft of drafts) this.add(operations, draft)
    const seen = new Set<Draft>()
    const visited = new Set<object>()
    for (const root of pairs) {
      if (visited.has(root)) continue
      for (const pair of reachable(root)) {
        // Each operation may lead to all schemas: whatever is not looked at any more is told as cut short.
        if (++this.walked > WALKED_MAX) {
          this.schemas.incomplete = true
          break
        }
        visited.add(pair)
        for (const draft of pair.drafts) seen.add(draft)
      }
    }
    for (const draft of seen) this.add(operations, draft)
  }

  private add(operations: readonly string[], draft: Draft): void {
    // The same difference at the same places may be met on several ways: it is one.
    const key = `${draft.rule}\n${draft.old ?? ''}\n${draft.new ?? ''}\n${draft.sentence}`
    const known = this.reached.get(key) ?? { draft, operations: [], count: 0, last: undefined }
    this.reached.set(key, known)
    for (const operation of operations) {
      if (known.last === operation) continue
      known.last = operation
      known.count++
      if (known.operations.length < OPERATIONS_MAX) known.operations.push(operation)
    }
  }
}
