// What differs between two schemas themselves, without what is inside of them: types, values, limits.
import { listed, quoted, type Severity } from './finding.ts'
import { LEAST, MOST, type SchemaForm, tightness } from './schema-form.ts'

/** Who reads what the schema describes: the server (what a client sends) or the client. */
export type Direction = 'request' | 'response'

/** `narrowed`: less is admitted than before; `widened`: more; `changed`: neither is certain. */
export type Effect = 'narrowed' | 'widened' | 'changed'

export interface Difference {
  readonly kind: SchemaKind
  readonly effect: Effect
  readonly sentence: string
  /** Below the schema's own place, when not the schema itself. */
  readonly old?: string | undefined
  readonly new?: string | undefined
}

/** Each kind of difference, and the kinds of judgement that are not the general one. */
const JUDGEMENTS = {
  type: {},
  nullable: {},
  enum: {},
  format: {},
  pattern: { changed: 'risky' },
  minimum: {},
  maximum: {},
  'multiple-of': {},
  length: {},
  items: {},
  'property-count': {},
  'unique-items': {},
  'tuple-item': {},
  // A property more than a client knows of is passed over by most.
  'additional-properties': { 'response-widened': 'risky' },
  choice: {},
  discriminator: { 'response-widened': 'risky' },
  condition: { changed: 'risky' },
  'property-presence': {},
  required: {},
  default: { changed: 'risky', narrowed: 'compatible', widened: 'risky' },
  nothing: {},
} as const satisfies Record<string, { readonly [effect: string]: Severity }>
export type SchemaKind = keyof typeof JUDGEMENTS

/** Requests may only widen, responses may only narrow; what cannot be told breaks both. */
export function judged(kind: SchemaKind, effect: Effect, direction: Direction): Severity {
  const own: { readonly [effect: string]: Severity } = JUDGEMENTS[kind]
  const exception = own[`${direction}-${effect}`] ?? own[effect]
  if (exception) return exception
  return effect === (direction === 'request' ? 'widened' : 'narrowed') ? 'compatible' : 'breaking'
}

/** Differences of the schemas' own keywords. */
export function ownDifferences(old: SchemaForm, now: SchemaForm, direction: Direction): Difference[] {
  if (old.never !== now.never) {
    const [effect, sentence] = now.never ? (['narrowed', 'Nothing is admitted any more.'] as const) : (['widened', 'Something is admitted now.'] as const)
    return [{ kind: 'nothing', effect, sentence }]
  }
  const out: Difference[] = []
  if (old.never) return out
  const typesOfThemselves = types(old, now, out)
  if (!typesOfThemselves) return out
  enumeration(old, now, out)
  format(old, now, out)
  patterns(old, now, out)
  limits(old, now, out)
  conditions(old, now, out)
  if (direction === 'request') fallback(old, now, out)
  return out
}

const namesOf = (types: ReadonlySet<string> | undefined): string =>
  types ? [...types].filter((type) => type !== 'integer' || !types.has('number')).join(' or ') || 'nothing' : 'any type'

/** False when the schemas have no type in common: what else they say cannot be compared. */
function types(old: SchemaForm, now: SchemaForm, out: Difference[]): boolean {
  // Any type is null too: that is told with the type.
  if (old.nullable !== now.nullable && (old.types || old.enumeration || old.saysNull) && (now.types || now.enumeration || now.saysNull)) {
    out.push(
      now.nullable
        ? { kind: 'nullable', effect: 'widened', sentence: 'The value may be null now.' }
        : { kind: 'nullable', effect: 'narrowed', sentence: 'The value may no longer be null.' },
    )
  }
  if (!old.types && !now.types) return true
  const gone = old.types ? [...old.types].some((type) => now.types && !now.types.has(type)) : true
  const come = now.types ? [...now.types].some((type) => old.types && !old.types.has(type)) : true
  if (!gone && !come) return true
  const sentence = `The type was ${namesOf(old.types)} and is ${namesOf(now.types)}.`
  out.push({ kind: 'type', effect: gone && come ? 'changed' : gone ? 'narrowed' : 'widened', sentence })
  return !old.types || !now.types || [...old.types].some((type) => now.types?.has(type))
}

function enumeration(old: SchemaForm, now: SchemaForm, out: Difference[]): void {
  const [before, after] = [old.enumeration, now.enumeration]
  if (!before && !after) return
  if (!before) out.push({ kind: 'enum', effect: 'narrowed', sentence: `Any value was admitted, and now only ${listed([...after!.values()])}.` })
  else if (!after) out.push({ kind: 'enum', effect: 'widened', sentence: `Only ${listed([...before.values()])} were admitted, and now any value is.` })
  else {
    const gone = [...before].filter(([key]) => !after.has(key)).map(([, value]) => value)
    const come = [...after].filter(([key]) => !before.has(key)).map(([, value]) => value)
    if (gone.length > 0) out.push({ kind: 'enum', effect: 'narrowed', sentence: `No longer among the values: ${listed(gone)}.` })
    if (come.length > 0) out.push({ kind: 'enum', effect: 'widened', sentence: `New among the values: ${listed(come)}.` })
  }
}

/** The formats of OpenAPI that hold one another. */
const WIDER: { readonly [format: string]: string } = { int32: 'int64', float: 'double' }

/** Several formats, patterns or multiples hold at once where `allOf` brings them. `holds(a, b)`: whatever `b` admits, `a` does. */
function effectOf<T>(old: ReadonlySet<T>, now: ReadonlySet<T>, holds: (a: T, b: T) => boolean): Effect | undefined {
  const within = (wide: ReadonlySet<T>, narrow: ReadonlySet<T>): boolean => [...wide].every((a) => [...narrow].some((b) => a === b || holds(a, b)))
  const [narrowed, widened] = [within(old, now), within(now, old)]
  if (narrowed && widened) return undefined
  return narrowed ? 'narrowed' : widened ? 'widened' : 'changed'
}

const said = (values: ReadonlySet<unknown>): string => (values.size === 0 ? 'any' : listed([...values]))

function format({ formats: before }: SchemaForm, { formats: after }: SchemaForm, out: Difference[]): void {
  const effect = effectOf(before, after, (a, b) => WIDER[b] === a)
  if (effect) out.push({ kind: 'format', effect, sentence: `The format was ${said(before)} and is ${said(after)}.` })
}

/** Whether one pattern admits what another does is not decided here: people must look. */
function patterns({ patterns: before }: SchemaForm, { patterns: after }: SchemaForm, out: Difference[]): void {
  const effect = effectOf(before, after, () => false)
  if (effect) out.push({ kind: 'pattern', effect, sentence: `The pattern was ${said(before)} and is ${said(after)}.` })
}

const KIND_OF: { readonly [keyword: string]: SchemaKind } = {
  minLength: 'length',
  maxLength: 'length',
  minItems: 'items',
  maxItems: 'items',
  minContains: 'items',
  maxContains: 'items',
  minProperties: 'property-count',
  maxProperties: 'property-count',
}

function limits(old: SchemaForm, now: SchemaForm, out: Difference[]): void {
  for (const [keyword, sense] of [
    ['minimum', 1],
    ['maximum', -1],
  ] as const) {
    const [before, after] = [old[keyword], now[keyword]]
    const order = before && after ? tightness(after, before, sense) : Number(after !== undefined) - Number(before !== undefined)
    if (order === 0) continue
    const say = (bound: typeof before): string => (bound ? `${bound.value}${bound.exclusive ? ' (not itself)' : ''}` : 'nothing')
    out.push({ kind: keyword, effect: order > 0 ? 'narrowed' : 'widened', sentence: `'${keyword}' was ${say(before)} and is ${say(after)}.` })
  }
  for (const keyword of [...LEAST, ...MOST]) {
    const [before, after] = [old.sizes.get(keyword), now.sizes.get(keyword)]
    if (before === after) continue
    const isMost = keyword.startsWith('max')
    const narrowed = after !== undefined && (before === undefined || (isMost ? after < before : after > before))
    const sentence = `'${keyword}' was ${before ?? 'nothing'} and is ${after ?? 'nothing'}.`
    out.push({ kind: KIND_OF[keyword]!, effect: narrowed ? 'narrowed' : 'widened', sentence })
  }
  multiples(old, now, out)
  if (old.uniqueItems !== now.uniqueItems) {
    const sentence = now.uniqueItems ? 'Items must all be different now.' : 'Items need no longer be different.'
    out.push({ kind: 'unique-items', effect: now.uniqueItems ? 'narrowed' : 'widened', sentence })
  }
}

function multiples({ multiples: before }: SchemaForm, { multiples: after }: SchemaForm, out: Difference[]): void {
  const effect = effectOf(before, after, (a, b) => Number.isInteger(Number((b / a).toPrecision(12))))
  if (effect) out.push({ kind: 'multiple-of', effect, sentence: `'multipleOf' was ${said(before)} and is ${said(after)}.` })
}

function conditions(old: SchemaForm, now: SchemaForm, out: Difference[]): void {
  for (const keyword of new Set([...old.conditions.keys(), ...now.conditions.keys()])) {
    if (old.conditions.get(keyword) === now.conditions.get(keyword)) continue
    out.push({ kind: 'condition', effect: 'changed', sentence: `The condition '${keyword}' differs: what it now admits is not decided here.` })
  }
}

function fallback(old: SchemaForm, now: SchemaForm, out: Difference[]): void {
  const [before, after] = [old.fallback, now.fallback]
  if (JSON.stringify(before?.value) === JSON.stringify(after?.value)) return
  const effect = before === undefined ? 'narrowed' : after === undefined ? 'widened' : 'changed'
  const say = (value: typeof before): string => (value ? quoted(value.value) : 'not stated')
  out.push({
    kind: 'default',
    effect,
    sentence: `What stands for a value that is left out was ${say(before)} and is ${say(after)}.`,
    old: before?.at,
    new: after?.at,
  })
}
