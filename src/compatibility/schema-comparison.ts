// Compares schemas as a graph: each pair of schemas once for each direction, however many operations and circles lead to it.
import { sortedJson } from '../base/canonical-json.ts'
import type { Description, Place } from './description.ts'
import { type Finding, quoted, type Severity } from './finding.ts'
import { type Difference, type Direction, type Effect, judged, ownDifferences, type SchemaKind } from './schema-differences.ts'
import { type Choice, formOf, type Schema, type SchemaForm } from './schema-form.ts'

/** A finding that does not yet know which operations it reaches. */
export type Draft = Omit<Finding, 'operations' | 'operationCount'>

/** One pair of schemas under comparison. */
export interface SchemaPair {
  readonly drafts: Draft[]
  readonly inside: Set<SchemaPair>
}
interface Waiting {
  readonly pair: SchemaPair
  readonly old: Schema
  readonly now: Schema
  readonly direction: Direction
}

const PAIRS_MAX = 200_000
const NESTED_MAX = 24
/** Pairs that are looked at to find out whether alternatives do harm, over the whole comparison. */
const STEPS_MAX = 5_000_000

export class SchemaComparison {
  /** True when there was more to compare than is compared: what was found is not all. */
  incomplete = false
  /** References that led nowhere and were told of. */
  readonly toldLost = new Set<string>()
  private readonly old: Description
  private readonly now: Description
  private readonly pairs = new Map<string, SchemaPair>()
  private readonly forms = [new Map<string, SchemaForm>(), new Map<string, SchemaForm>()] as const
  private waiting: Waiting[] = []
  private nested = 0
  private steps = 0

  constructor(old: Description, now: Description) {
    this.old = old
    this.now = now
  }

  /** The pair, compared to its end. */
  compared(old: Schema, now: Schema, direction: Direction): SchemaPair {
    const pair = this.pair(old, now, direction)
    this.drain()
    return pair
  }

  private drain(): void {
    for (let next = this.waiting.pop(); next; next = this.waiting.pop()) this.compare(next)
  }

  private pair(old: Schema, now: Schema, direction: Direction): SchemaPair {
    const key = `${direction} ${keyOf(old, this.old)} ${keyOf(now, this.now)}`
    const known = this.pairs.get(key)
    if (known) return known
    const pair: SchemaPair = { drafts: [], inside: new Set() }
    this.pairs.set(key, pair)
    if (this.pairs.size > PAIRS_MAX) this.incomplete = true
    else this.waiting.push({ pair, old, now, direction })
    return pair
  }

  private form(side: 0 | 1, schema: Schema): SchemaForm {
    const description = side === 0 ? this.old : this.now
    const key = keyOf(schema, description)
    const forms = this.forms[side]
    const form = forms.get(key) ?? formOf(schema, description)
    forms.set(key, form)
    if (form.isCut) this.incomplete = true
    return form
  }

  private compare({ pair, old: oldSchema, now: newSchema, direction }: Waiting): void {
    const old = this.form(0, oldSchema)
    const now = this.form(1, newSchema)
    const report = (kind: SchemaKind, effect: Effect, sentence: string, oldAt: string = old.at, newAt: string = now.at, severity?: Severity): void => {
      const rule = kind === 'default' ? 'request-default-changed' : `${direction}-${kind}-${effect}`
      pair.drafts.push({ rule, severity: severity ?? judged(kind, effect, direction), old: oldAt, new: newAt, sentence })
    }
    if (this.lost(old, now, pair)) return
    const differences: readonly Difference[] = ownDifferences(old, now, direction)
    for (const { kind, effect, sentence, old: oldAt, new: newAt } of differences) report(kind, effect, sentence, oldAt, newAt)
    if (old.never || now.never || disjoint(old, now)) return
    const inside = (a: Schema, b: Schema): void => void pair.inside.add(this.pair(a, b, direction))
    this.properties(old, now, direction, report, inside)
    additional(old, now, report, inside)
    items(old, now, report, inside)
    this.choices(old, now, oldSchema, newSchema, direction, report, inside)
    discriminators(old, now, report)
  }

  private lost(old: SchemaForm, now: SchemaForm, pair: SchemaPair): boolean {
    if (old.lost.length === 0 && now.lost.length === 0) return false
    for (const reference of [...old.lost, ...now.lost]) this.toldLost.add(reference)
    const same = old.lost.join(' ') === now.lost.join(' ')
    pair.drafts.push({
      rule: 'reference-not-followed',
      severity: same ? 'risky' : 'breaking',
      old: old.at,
      new: now.at,
      sentence: `A reference leads out of the document or to nothing (${quoted((now.lost[0] ?? old.lost[0])!)}): what it stands for is not compared.`,
    })
    return true
  }

  private properties(old: SchemaForm, now: SchemaForm, direction: Direction, report: Report, inside: Inside): void {
    const hidden = (form: SchemaForm, side: 0 | 1, name: string): boolean => {
      const property = form.properties.get(name)
      if (!property) return false
      const { readOnly, writeOnly } = this.form(side, property)
      return direction === 'request' ? readOnly : writeOnly
    }
    for (const name of new Set([...old.properties.keys(), ...now.properties.keys(), ...old.required.keys(), ...now.required.keys()])) {
      const [before, after] = [old.properties.get(name), now.properties.get(name)]
      const [wasHidden, isHidden] = [hidden(old, 0, name), hidden(now, 1, name)]
      if (wasHidden && isHidden) continue
      const property: Property = {
        name,
        before: wasHidden ? undefined : (before ?? (old.required.has(name) || !after ? anything(old) : undefined)),
        after: isHidden ? undefined : (after ?? (now.required.has(name) || !before ? anything(now) : undefined)),
        wasRequired: !wasHidden && old.required.has(name),
        isRequired: !isHidden && now.required.has(name),
        turned: wasHidden !== isHidden,
      }
      compareProperty(property, old, now, direction, report)
      if (property.before && property.after) inside(property.before, property.after)
    }
  }

  private choices(old: SchemaForm, now: SchemaForm, oldSchema: Schema, newSchema: Schema, direction: Direction, report: Report, inside: Inside): void {
    for (const [before, after] of pairsOf(old.choices, now.choices)) {
      if (before && after) this.branches(before, after, direction, report, inside)
      else if (after && !after.branches.some((branch) => this.harmless(oldSchema, branch, 'request')))
        report('choice', 'narrowed', 'The value must now be one of several alternatives.', old.at, after.at)
      else if (before && !before.branches.some((branch) => this.harmless(branch, newSchema, 'response')))
        report('choice', 'widened', 'The value need no longer be one of several alternatives.', before.at, now.at)
    }
  }

  /** Alternatives are the same when they are the same component or text; of the rest, when one does no harm in place of the other. */
  private branches(before: Choice, after: Choice, direction: Direction, report: Report, inside: Inside): void {
    const left = new Map(after.branches.map((branch, i) => [i, branch] as const))
    let unmatched = before.branches.map((branch, i) => [i, branch] as const)
    const match = (fits: (old: Schema, now: Schema, i: number, j: number) => boolean): void => {
      unmatched = unmatched.filter(([i, branch]) => {
        const found = [...left].find(([j, other]) => fits(branch, other, i, j))
        if (!found) return true
        left.delete(found[0])
        inside(branch, found[1])
        return false
      })
    }
    match((a, b) => isReference(a) && keyOf(a, this.old) === keyOf(b, this.now))
    match((a, b) => textOf(a, this.old) === textOf(b, this.now))
    match((a, b, i, j) => i === j && this.harmless(a, b, direction))
    match((a, b) => this.harmless(a, b, direction))
    // As many as before, none of them a component of its own: they are the same alternatives, changed.
    if (unmatched.length === left.size) match((a, b) => !isReference(a) && !isReference(b))
    const name = (branch: Schema): string => quoted(String(this.title(branch)))
    for (const [, branch] of unmatched) report('choice', 'narrowed', `The alternative ${name(branch)} is gone.`, branch[0]!.at, after.at)
    for (const [, branch] of left) report('choice', 'widened', `The alternative ${name(branch)} is new.`, before.at, branch[0]!.at)
  }

  private title([branch]: Schema): unknown {
    const { $ref, title } = branch!.value as { $ref?: unknown; title?: unknown }
    return $ref ?? title ?? branch!.at.slice(branch!.at.lastIndexOf('/') + 1)
  }

  /** True when nothing inside of the pair breaks anyone. A pair that is being compared further up counts as harmless: its own findings tell. */
  private harmless(old: Schema, now: Schema, direction: Direction): boolean {
    if (this.nested >= NESTED_MAX || this.incomplete) return false
    const waiting = this.waiting
    this.waiting = []
    this.nested++
    const pair = this.compared(old, now, direction)
    this.nested--
    this.waiting = waiting
    // Null was compared outside of the alternatives.
    const breaks = (each: SchemaPair): boolean =>
      each.drafts.some(({ severity, rule }) => severity === 'breaking' && !(each === pair && rule.includes('-nullable-')))
    for (const each of reachable(pair)) {
      if (breaks(each)) return false
      if (++this.steps <= STEPS_MAX) continue
      this.incomplete = true
      return false
    }
    return true
  }
}

/** Those at the same place belong together, whatever was written before them; of the others the first, the second and so on. */
function pairsOf(old: readonly Choice[], now: readonly Choice[]): (readonly [before: Choice | undefined, after: Choice | undefined])[] {
  const still = new Map(now.map((choice) => [choice.at, choice]))
  const same = old.flatMap((choice) => (still.has(choice.at) ? [[choice, still.get(choice.at)!] as const] : []))
  const paired = new Set(same.flat())
  const [gone, come] = [old.filter((choice) => !paired.has(choice)), now.filter((choice) => !paired.has(choice))]
  return [...same, ...Array.from({ length: Math.max(gone.length, come.length) }, (_, i) => [gone[i], come[i]] as const)]
}

/** The pair and all that it leads to, each once. */
export function* reachable(pair: SchemaPair): Generator<SchemaPair> {
  const reached = new Set([pair])
  for (const each of reached) {
    yield each
    for (const next of each.inside) reached.add(next)
  }
}

type Report = (kind: SchemaKind, effect: Effect, sentence: string, oldAt?: string, newAt?: string, severity?: Severity) => void
type Inside = (a: Schema, b: Schema) => void

const keyOf = (schema: Schema, description: Description): string => schema.map((place) => placeKey(place, description)).join('&')
/**
 * Beside a reference further keywords may stand (3.1): then the place itself is what is compared. What may be anything for want of a schema is told at the
 * place of the schema around it, and is not that schema.
 */
function placeKey(place: Place, description: Description): string {
  if (place.value === true) return `${place.at} anything`
  return isReference([place]) && Object.keys(place.value as object).length === 1 ? description.settle(place).at : place.at
}
const isReference = ([place]: Schema): boolean => typeof (place?.value as { $ref?: unknown } | undefined)?.$ref === 'string'
const textOf = ([place]: Schema, description: Description): string => sortedJson(description.settle(place!).value)

const disjoint = (old: SchemaForm, now: SchemaForm): boolean =>
  old.types !== undefined && now.types !== undefined && ![...old.types].some((type) => now.types!.has(type))

/** A property that is required and not described may be anything. */
const anything = ({ at }: SchemaForm): Schema => [{ value: true, at }]

interface Property {
  readonly name: string
  readonly before: Schema | undefined
  readonly after: Schema | undefined
  readonly wasRequired: boolean
  readonly isRequired: boolean
  /** readOnly or writeOnly was said or taken back: in this direction the property came or went. */
  readonly turned: boolean
}

function compareProperty(
  { name, before, after, wasRequired, isRequired, turned }: Property,
  old: SchemaForm,
  now: SchemaForm,
  direction: Direction,
  report: Report,
): void {
  const oldAt = before?.[0]?.at ?? old.at
  const newAt = after?.[0]?.at ?? now.at
  const shown = quoted(name)
  if (before && !after) {
    const why = turned ? (direction === 'request' ? ' is read-only now.' : ' is write-only now.') : ' is gone.'
    // An object that is open still admits it, and nobody says any more that it is read.
    const stillAdmitted = direction === 'request' && !turned && now.additional !== false
    report(
      'property-presence',
      direction === 'request' ? 'narrowed' : 'widened',
      `The property ${shown}${why}`,
      oldAt,
      newAt,
      stillAdmitted ? 'risky' : 'breaking',
    )
    return
  }
  if (isRequired && !wasRequired) report('required', 'narrowed', `The property ${shown} is required now.`, oldAt, now.required.get(name) ?? newAt)
  else if (wasRequired && !isRequired) report('required', 'widened', `The property ${shown} is no longer required.`, old.required.get(name) ?? oldAt, newAt)
  if (after && !before && !(direction === 'request' && isRequired)) {
    // A client that was told there is nothing more may refuse what it does not know.
    const severity = direction === 'response' && old.additional === false ? 'risky' : 'compatible'
    report('property-presence', direction === 'request' ? 'widened' : 'narrowed', `The property ${shown} is new.`, oldAt, newAt, severity)
  }
}

function additional(old: SchemaForm, now: SchemaForm, report: Report, inside: Inside): void {
  const [before, after] = [old.additional, now.additional]
  if (before === false && after === false) return
  if (before && after) inside(before, after)
  else if (after === false) report('additional-properties', 'narrowed', 'Properties that are not named are no longer admitted.')
  else if (before === false) report('additional-properties', 'widened', 'Properties that are not named are admitted now.')
  else if (after) report('additional-properties', 'narrowed', 'Properties that are not named must now be of a certain kind.', old.at, after[0]!.at)
  else if (before) report('additional-properties', 'widened', 'Properties that are not named may now be anything.', before[0]!.at, now.at)
}

function items(old: SchemaForm, now: SchemaForm, report: Report, inside: Inside): void {
  for (let i = 0; i < Math.max(old.prefixItems.length, now.prefixItems.length); i++) {
    const [before, after] = [old.prefixItems[i], now.prefixItems[i]]
    if (before && after) inside(before, after)
    else if (after) report('tuple-item', 'narrowed', `Item ${i + 1} must now be of a kind of its own.`, old.at, after[0]!.at)
    else if (before) report('tuple-item', 'widened', `Item ${i + 1} need no longer be of a kind of its own.`, before[0]!.at, now.at)
  }
  const [before, after] = [old.items, now.items]
  if (before === after) return
  if (before && after) inside(before, after)
  else if (after === false || (after && before === undefined)) report('items', 'narrowed', 'Items are limited now.', old.at, after ? after[0]!.at : now.at)
  else report('items', 'widened', 'Items are no longer limited.', before ? before[0]!.at : old.at, after ? after[0]!.at : now.at)
}

function discriminators(old: SchemaForm, now: SchemaForm, report: Report): void {
  const [before, after] = [old.discriminator, now.discriminator]
  if (!before && !after) return
  if (!before || !after || before.property !== after.property) {
    const say = (each: typeof before): string => (each ? quoted(each.property) : 'none')
    report('discriminator', 'changed', `The discriminator was ${say(before)} and is ${say(after)}.`, before?.at ?? old.at, after?.at ?? now.at)
    return
  }
  const gone = [...before.mapping].filter((value) => !after.mapping.has(value))
  const come = [...after.mapping].filter((value) => !before.mapping.has(value))
  for (const value of gone) report('discriminator', 'narrowed', `The discriminator's value ${quoted(value)} is gone.`, before.at, after.at)
  for (const value of come) report('discriminator', 'widened', `The discriminator's value ${quoted(value)} is new.`, before.at, after.at)
}
