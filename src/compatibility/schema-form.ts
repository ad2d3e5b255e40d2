// A schema in one form, whichever version of OpenAPI wrote it: `allOf` folded in, `null` apart, bounds as numbers, members as schemas with places.
import { sortedJson } from '../base/canonical-json.ts'
import { below, type Description, isObject, member, membersOf, type Place } from './description.ts'

const TYPES = ['boolean', 'integer', 'number', 'string', 'array', 'object'] as const
export type SchemaType = (typeof TYPES)[number]

/** Several schemas that all hold at once; none: anything at all. */
export type Schema = readonly Place[]
export interface Bound {
  readonly value: number
  readonly exclusive: boolean
}
/** Alternatives of one `oneOf` or `anyOf`. */
export interface Choice {
  readonly at: string
  readonly branches: readonly Schema[]
}

/** What a schema admits; what is absent bounds nothing. */
export interface SchemaForm {
  /** Where it stands: the place that was asked for, after its references. */
  at: string
  /** More schemas hold at once than are folded: what the rest says is not here. */
  isCut: boolean
  /** Nothing is admitted: the schema `false`. */
  never: boolean
  /** References that lead nowhere in the document. */
  readonly lost: string[]
  types?: ReadonlySet<SchemaType>
  nullable: boolean
  /** Null is named, in whatever way. */
  saysNull: boolean
  /** The types of all branches of a choice, for each choice whose branches all say their own. */
  readonly branchTypes: (readonly unknown[])[]
  enumeration?: ReadonlyMap<string, unknown>
  readonly formats: Set<string>
  readonly patterns: Set<string>
  minimum?: Bound | undefined
  maximum?: Bound | undefined
  readonly multiples: Set<number>
  /** minLength, maxItems and their like, by keyword. */
  readonly sizes: Map<string, number>
  uniqueItems: boolean
  readonly properties: Map<string, Place[]>
  readonly required: Map<string, string>
  /** Schema of properties that are not named; `false`: there may be none; absent: anything. */
  additional?: Place[] | false | undefined
  readonly prefixItems: Place[][]
  items?: Place[] | false | undefined
  readonly choices: Choice[]
  discriminator?: { readonly property: string; readonly mapping: ReadonlySet<string>; readonly at: string }
  readOnly: boolean
  writeOnly: boolean
  deprecated: boolean
  fallback?: { readonly value: unknown; readonly at: string }
  /** Conditions that cannot be set in order, by keyword, in canonical JSON. */
  readonly conditions: Map<string, string>
}

export const LEAST = ['minLength', 'minItems', 'minProperties', 'minContains'] as const
export const MOST = ['maxLength', 'maxItems', 'maxProperties', 'maxContains'] as const
const CONDITIONS =
  'not if then else contains propertyNames patternProperties dependentRequired dependentSchemas unevaluatedItems contentMediaType contentEncoding contentSchema'.split(
    ' ',
  )

const PARTS_MAX = 500

export function formOf(schema: Schema, description: Description): SchemaForm {
  const form: SchemaForm = {
    at: schema[0]?.at ?? '',
    isCut: false,
    never: false,
    lost: [],
    nullable: true,
    saysNull: false,
    branchTypes: [],
    formats: new Set(),
    patterns: new Set(),
    multiples: new Set(),
    sizes: new Map(),
    uniqueItems: false,
    properties: new Map(),
    required: new Map(),
    prefixItems: [],
    choices: [],
    readOnly: false,
    writeOnly: false,
    deprecated: false,
    conditions: new Map(),
  }
  const seen = new Set<unknown>()
  const waiting: Part[] = schema.map((place) => ({ place, orNull: false }))
  if (schema.length === 1) form.at = description.settle(schema[0]!).at
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const { place: part, orNull } = next
    const place = description.settle(part)
    if (place.lost !== undefined) form.lost.push(place.lost)
    // OpenAPI 3.0: what stands beside $ref is ignored; 3.1: it holds as well (JSON Schema 2020-12 8.2.3.1).
    if (place.value !== part.value && !description.is30 && isObject(part.value) && Object.keys(part.value).length > 1)
      waiting.push({ place: { value: withoutReference(part.value), at: part.at }, orNull })
    if (place.value === false) form.never = true
    if (!isObject(place.value) || seen.has(place.value)) continue
    if (seen.size >= PARTS_MAX) {
      form.isCut = true
      break
    }
    seen.add(place.value)
    const all = below(place, 'allOf')
    if (Array.isArray(all.value)) for (const i of all.value.keys()) waiting.push({ place: below(all, i), orNull })
    const { nullable } = form
    for (const branch of fold(form, place, description)) waiting.push({ place: branch, orNull: true })
    if (orNull) form.nullable = nullable
  }
  settleTypes(form)
  return form
}

/** `orNull`: null is admitted beside what this part says. */
interface Part {
  readonly place: Place
  readonly orNull: boolean
}

const withoutReference = ({ $ref: _left, ...rest }: { readonly [name: string]: unknown }): unknown => rest
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)

/** What another schema that holds as well takes away from a form; answers further schemas that hold, or else null. */
function fold(form: SchemaForm, place: Place, description: Description): Place[] {
  const schema = membersOf(place.value)
  const own = (name: string): unknown => member(schema, name)
  foldTypes(form, own('type'), own('nullable') === true)
  foldEnumeration(form, own)
  if (typeof own('format') === 'string') form.formats.add(own('format') as string)
  if (typeof own('pattern') === 'string') form.patterns.add(own('pattern') as string)
  form.minimum = tighter(form.minimum, boundOf(own('minimum'), own('exclusiveMinimum'), 1), 1)
  form.maximum = tighter(form.maximum, boundOf(own('maximum'), own('exclusiveMaximum'), -1), -1)
  const step = numberOf(own('multipleOf'))
  if (step !== undefined && step > 0) form.multiples.add(step)
  for (const keyword of LEAST) foldSize(form, keyword, numberOf(own(keyword)), Math.max)
  for (const keyword of MOST) foldSize(form, keyword, numberOf(own(keyword)), Math.min)
  form.uniqueItems ||= own('uniqueItems') === true
  form.readOnly ||= own('readOnly') === true
  form.writeOnly ||= own('writeOnly') === true
  form.deprecated ||= own('deprecated') === true
  if (own('default') !== undefined) form.fallback = { value: own('default'), at: `${place.at}/default` }
  foldMembers(form, place, own)
  const also: Place[] = []
  for (const keyword of ['oneOf', 'anyOf']) {
    const all = below(place, keyword)
    const branch = Array.isArray(all.value) && all.value.length > 0 ? foldChoice(form, all, description) : undefined
    if (branch) also.push(branch)
  }
  const chooser = membersOf(own('discriminator'))
  if (typeof chooser['propertyName'] === 'string')
    form.discriminator = {
      property: chooser['propertyName'],
      mapping: new Set(Object.keys(membersOf(chooser['mapping']))),
      at: `${place.at}/discriminator`,
    }
  for (const keyword of CONDITIONS) {
    if (own(keyword) === undefined) continue
    const known = form.conditions.get(keyword)
    form.conditions.set(keyword, `${known === undefined ? '' : `${known} `}${withReferences(own(keyword), description)}`)
  }
  return also
}

/** A condition is compared by its text; where the text is one reference, by what that leads to. */
function withReferences(value: unknown, description: Description): string {
  const target = description.settle({ value, at: '' })
  return sortedJson(target.lost === undefined ? target.value : value)
}

function foldTypes(form: SchemaForm, written: unknown, nullable: boolean): void {
  if (nullable) form.saysNull = true
  if (written === undefined) return
  const names = new Set(Array.isArray(written) ? written : [written])
  if (!names.has('null') && !nullable) form.nullable = false
  const types = new Set(TYPES.filter((type) => names.has(type) || (type === 'integer' && names.has('number'))))
  const before = form.types
  form.types = before ? new Set([...types].filter((type) => before.has(type))) : types
}

function foldEnumeration(form: SchemaForm, own: (name: string) => unknown): void {
  for (const values of [own('enum'), own('const') === undefined ? undefined : [own('const')]]) {
    if (!Array.isArray(values)) continue
    const before = form.enumeration
    const kept = new Map(values.filter((value) => value !== null).map((value) => [sortedJson(value), value] as const))
    form.enumeration = before ? new Map([...kept].filter(([key]) => before.has(key))) : kept
    // OpenAPI 3.0.3 wants null among the values too; documents that say only `nullable: true` mean it, and `type` decides.
    if (!values.includes(null) && form.types === undefined) form.nullable = false
  }
}

/** Booleans in 3.0, numbers of their own in 3.1. `sense`: 1 for minima, -1 for maxima. */
function boundOf(plain: unknown, exclusive: unknown, sense: 1 | -1): Bound | undefined {
  const value = numberOf(plain)
  const inclusive = value === undefined ? undefined : { value, exclusive: exclusive === true }
  const other = numberOf(exclusive)
  return tighter(inclusive, other === undefined ? undefined : { value: other, exclusive: true }, sense)
}

/** Positive when `a` admits less than `b`. */
export function tightness(a: Bound, b: Bound, sense: 1 | -1): number {
  return (a.value - b.value) * sense || Number(a.exclusive) - Number(b.exclusive)
}
const tighter = (a: Bound | undefined, b: Bound | undefined, sense: 1 | -1): Bound | undefined => (a && b ? (tightness(a, b, sense) >= 0 ? a : b) : (a ?? b))

function foldSize(form: SchemaForm, keyword: string, value: number | undefined, choose: (a: number, b: number) => number): void {
  // A least size of nothing bounds nothing.
  if (value === undefined || (value <= 0 && choose === Math.max)) return
  form.sizes.set(keyword, choose(value, form.sizes.get(keyword) ?? value))
}

function foldMembers(form: SchemaForm, place: Place, own: (name: string) => unknown): void {
  const properties = below(place, 'properties')
  for (const name of Object.keys(membersOf(properties.value))) {
    const known = form.properties.get(name)
    if (known) known.push(below(properties, name))
    else form.properties.set(name, [below(properties, name)])
  }
  const required = own('required')
  if (Array.isArray(required)) for (const [i, name] of required.entries()) if (typeof name === 'string') form.required.set(name, `${place.at}/required/${i}`)
  const rest = own('additionalProperties') === undefined ? 'unevaluatedProperties' : 'additionalProperties'
  form.additional = both(form.additional, own(rest), below(place, rest))
  const first = own('prefixItems')
  if (Array.isArray(first)) {
    for (const i of first.keys()) {
      const known = form.prefixItems[i]
      const here = below(place, 'prefixItems', i)
      if (known) known.push(here)
      else form.prefixItems[i] = [here]
    }
  }
  form.items = both(form.items, own('items'), below(place, 'items'))
}

function both(before: Place[] | false | undefined, written: unknown, place: Place): Place[] | false | undefined {
  if (before === false || written === false) return false
  return isObject(written) && Object.keys(written).length > 0 ? [...(before ?? []), place] : before
}

/**
 * Alternatives as types where they are no more than that; `anyOf: [X, {type: null}]`, which is how 3.1 writes `nullable`, as X that may be null. Answers
 * the branch that thereby holds as if it stood in `allOf`.
 */
function foldChoice(form: SchemaForm, choice: Place, description: Description): Place | undefined {
  const branches = (choice.value as readonly unknown[]).map((_, i) => below(choice, i))
  const settled = branches.map((branch) => description.settle(branch).value)
  const bare = settled.every((branch) => isObject(branch) && 'type' in branch && Object.keys(branch).every((key) => BARE.has(key)))
  if (bare) {
    const types = settled.flatMap((branch) => typesIn(branch) ?? [])
    foldTypes(form, types, settled.some(mayBeNull))
    return undefined
  }
  const kept = branches.filter((_, i) => !isNull(settled[i]))
  if (!settled.some(mayBeNull)) form.nullable = false
  else form.saysNull = true
  if (kept.length === 1 && branches.length > 1) return kept[0]!
  const known = settled.filter((branch) => !isNull(branch)).map(typesIn)
  if (known.every((types) => types !== undefined)) form.branchTypes.push(known.flat())
  form.choices.push({ at: choice.at, branches: kept.map((branch) => [branch]) })
  return undefined
}

const BARE = new Set(['type', 'nullable', 'title', 'description', 'deprecated', 'example', 'examples'])
const isNull = (schema: unknown): boolean => {
  const types = typesIn(schema)
  return types !== undefined && types.length > 0 && types.every((type) => type === 'null')
}
const mayBeNull = (schema: unknown): boolean =>
  schema === true || member(schema, 'nullable') === true || typesIn(schema)?.includes('null') === true || (isObject(schema) && Object.keys(schema).length === 0)

/** The types that a schema says at first sight; undefined when it does not say. */
function typesIn(schema: unknown): readonly unknown[] | undefined {
  const type = member(schema, 'type')
  if (type !== undefined) return Array.isArray(type) ? type : [type]
  return isObject(member(schema, 'properties')) ? ['object'] : undefined
}

/** A schema with `properties` and no `type` means an object, whatever JSON Schema would let pass; where no type is left, nothing is admitted. */
function settleTypes(form: SchemaForm): void {
  const isObjectLike = form.properties.size > 0 || form.additional
  const meant: SchemaType | undefined = isObjectLike ? 'object' : form.items || form.prefixItems.length > 0 ? 'array' : undefined
  const { saysNull, nullable } = form
  if (!form.types && meant) foldTypes(form, meant, saysNull)
  for (const types of form.branchTypes) {
    const isFirst = !form.types
    foldTypes(form, types, saysNull)
    if (!isFirst) form.nullable = nullable
  }
  if (form.types?.size === 0 && !form.nullable) form.never = true
}
