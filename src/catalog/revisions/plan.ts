// What applying a text would do to a catalog: a pure comparison, shown before anything is done.
import { visible } from '../../base/visible-text.ts'
import type { ProposedChange } from './commit.ts'
import { differenceText, type ObjectDifference, objectDifference, type PathDifference } from './difference.ts'
import { type CatalogObject, keyOf, type ObjectKey } from './kinds.ts'
import type { Owner } from './records.ts'

export interface PlanItem {
  readonly kind: string
  readonly name: string
  /** `refused`: the file owns it and says otherwise; only an edit of the file changes it. */
  readonly op: 'create' | 'change' | 'remove' | 'unchanged' | 'refused'
  /** Who owns it now; absent for what is new. */
  readonly owner?: Owner
  readonly paths: readonly PathDifference[]
  readonly more: number
}
export interface Plan {
  /** In the order of kinds and names. */
  readonly items: readonly PlanItem[]
  /** True when applying would change something, or is refused. */
  readonly differs: boolean
  readonly refused: boolean
}

/** `prune`: what the console owns and the text does not name is removed; otherwise it stays, and is not in the plan. */
export function planOf(console: readonly CatalogObject[], file: readonly CatalogObject[], wanted: readonly CatalogObject[], prune: boolean): Plan {
  const owned = new Map<ObjectKey, CatalogObject & { readonly owner: Owner }>()
  for (const object of console) owned.set(keyOf(object), { ...object, owner: 'console' })
  for (const object of file) owned.set(keyOf(object), { ...object, owner: 'file' })
  const items = wanted.map((object): PlanItem => {
    const now = owned.get(keyOf(object))
    const difference = objectDifference(object, now?.value, object.value)
    if (!now) return item(difference!, 'create')
    if (!difference) return { kind: object.kind, name: object.name, op: 'unchanged', owner: now.owner, paths: [], more: 0 }
    return { ...item(difference, now.owner === 'file' ? 'refused' : 'change'), owner: now.owner }
  })
  const named = new Set(wanted.map(keyOf))
  for (const object of prune ? console : [])
    if (!named.has(keyOf(object))) items.push({ ...item(objectDifference(object, object.value, undefined)!, 'remove'), owner: 'console' })
  items.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  return { items, differs: items.some(({ op }) => op !== 'unchanged'), refused: items.some(({ op }) => op === 'refused') }
}

const item = ({ kind, name, paths, more }: ObjectDifference, op: PlanItem['op']): PlanItem => ({ kind, name, op, paths, more })

/** The changes of a plan that is not refused, to be published in one go. */
export function changesOfPlan({ items }: Plan, wanted: readonly CatalogObject[]): ProposedChange[] {
  const values = new Map(wanted.map((object) => [keyOf(object), object.value]))
  return items.flatMap(({ kind, name, op }) => {
    if (op === 'remove') return [{ kind, name }]
    return op === 'create' || op === 'change' ? [{ kind, name, value: values.get(keyOf({ kind, name })) }] : []
  })
}

/** For people: what differs, object by object, and a last line that sums up. */
export function planText(plan: Plan): string {
  const lines: string[] = []
  for (const { op, kind, name, paths, more } of plan.items) {
    if (op === 'unchanged') continue
    if (op !== 'refused') lines.push(differenceText([{ kind, name, op, paths, more }]))
    else {
      const [, ...rest] = differenceText([{ kind, name, op: 'change', paths, more }]).split('\n')
      lines.push(visible(`! ${kind}/${name} is owned by the file, which says otherwise: edit the file`), ...rest)
    }
  }
  const counts = (['create', 'change', 'remove', 'refused', 'unchanged'] as const).map(
    (op) => [plan.items.filter((each) => each.op === op).length, op] as const,
  )
  const summary = counts.filter(([count]) => count > 0).map(([count, op]) => `${count} ${WORDS[op]}`)
  return [...lines, summary.length > 0 ? summary.join(', ') : 'nothing to apply'].join('\n')
}
const WORDS = { create: 'to create', change: 'to change', remove: 'to remove', refused: 'refused', unchanged: 'unchanged' } as const

/** The stable form of `--format json`. */
export const planJson = (plan: Plan): string => JSON.stringify(plan, null, 2)
