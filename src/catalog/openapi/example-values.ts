// Makes a small value that fits a schema of an OpenAPI document: its own examples first, else what its keywords leave.
import { dirname } from 'node:path'
import { type DocumentReader, follow, type Place } from '../reading/reference.ts'

/** Steps into a schema: one that needs itself has no value. */
const DEPTH_MAX = 16
/** Below this, members that are not required are left out. */
const DEPTH_WHOLE = 4
/** Schemas looked at for one value. */
const LOOKED_AT_MAX = 5000
const TEXT_MAX = 1000

/** Undefined: none could be made. */
export function exampleValue(schema: Place, read: DocumentReader): unknown {
  return new Sampler(read, dirname(schema.document.file)).value(schema, 0)
}

type Members = { readonly [key: string]: unknown }
const membersOf = (value: unknown): Members | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined

class Sampler {
  private readonly read: DocumentReader
  private readonly root: string
  private left = LOOKED_AT_MAX

  constructor(read: DocumentReader, root: string) {
    this.read = read
    this.root = root
  }

  value(from: Place, depth: number): unknown {
    if (depth > DEPTH_MAX || --this.left < 0) return undefined
    const place = follow(from, this.root, this.read)
    if ('code' in place) return undefined
    const schema = membersOf(place.value)
    if (schema === undefined) return place.value === true ? {} : undefined
    return said(schema) ?? this.combined(schema, place, depth) ?? this.byType(schema, place, depth)
  }

  private combined(schema: Members, place: Place, depth: number): unknown {
    const { allOf, oneOf, anyOf } = schema
    for (const [key, all] of [
      ['oneOf', oneOf],
      ['anyOf', anyOf],
    ] as const) {
      if (!Array.isArray(all)) continue
      for (const [i] of all.entries()) {
        const value = this.value(under(place, key, i), depth + 1)
        if (value !== undefined) return value
      }
    }
    if (!Array.isArray(allOf)) return undefined
    const values = allOf.map((_, i) => this.value(under(place, 'allOf', i), depth + 1))
    const own = membersOf(schema['properties']) ? this.object(schema, place, depth) : undefined
    const objects = [...values, own].flatMap((value) => (membersOf(value) ? [value as Members] : []))
    return objects.length > 0 ? Object.fromEntries(objects.flatMap((value) => Object.entries(value))) : values.find((value) => value !== undefined)
  }

  private byType(schema: Members, place: Place, depth: number): unknown {
    const { type } = schema
    const known = Array.isArray(type) ? (type.find((each) => each !== 'null') ?? 'null') : type
    switch (known ?? (membersOf(schema['properties']) ? 'object' : schema['items'] === undefined ? undefined : 'array')) {
      case 'object':
        return this.object(schema, place, depth)
      case 'array':
        return this.array(schema, place, depth)
      case 'string':
        return textOf(schema)
      case 'integer':
      case 'number':
        return numberOf(schema, known === 'integer')
      case 'boolean':
        return true
      case 'null':
        return null
      default:
        return undefined
    }
  }

  /** The members that are required; of one that requires nothing, all. Undefined when one that is required cannot be made. */
  private object(schema: Members, place: Place, depth: number): unknown {
    const properties = membersOf(schema['properties']) ?? {}
    const required = Array.isArray(schema['required']) ? schema['required'].filter((name): name is string => typeof name === 'string') : []
    const names = required.length > 0 || depth >= DEPTH_WHOLE ? required : Object.keys(properties)
    const members: [string, unknown][] = []
    for (const name of names) {
      if (!Object.hasOwn(properties, name)) {
        if (required.includes(name)) members.push([name, {}])
        continue
      }
      if (membersOf(properties[name])?.['writeOnly'] === true) continue
      const value = this.value(under(place, 'properties', name), depth + 1)
      if (value !== undefined) members.push([name, value])
      else if (required.includes(name)) return undefined
    }
    return Object.fromEntries(members)
  }

  private array(schema: Members, place: Place, depth: number): unknown {
    const least = countOf(schema['minItems']) ?? 0
    const wanted = Math.min(Math.max(least, 1), countOf(schema['maxItems']) ?? 100, 100)
    if (wanted < least) return undefined
    const item = schema['items'] === undefined || wanted === 0 ? undefined : this.value(under(place, 'items'), depth + 1)
    if (item === undefined) return least === 0 ? [] : undefined
    return Array.from({ length: wanted }, () => item)
  }
}

const under = ({ document, path, value }: Place, ...keys: readonly (string | number)[]): Place => ({
  document,
  path: [...path, ...keys],
  value: keys.reduce<unknown>((from, key) => (from as Members)[key], value),
})

/** What the author of the schema wrote down. */
function said({ example, examples, const: constant, default: usual, enum: words }: Members): unknown {
  return example ?? (Array.isArray(examples) ? examples[0] : undefined) ?? constant ?? usual ?? (Array.isArray(words) ? words[0] : undefined)
}
const countOf = (value: unknown): number | undefined => (typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined)

const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  time: '12:00:00Z',
  duration: 'P1D',
  uuid: '019b1d3a-0000-7000-8000-000000000000',
  email: 'someone@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  'uri-reference': '/',
  byte: 'dGV4dA==',
}
function textOf({ format, minLength, maxLength }: Members): string | undefined {
  const least = countOf(minLength) ?? 0
  if (least > TEXT_MAX) return undefined
  const text = typeof format === 'string' && Object.hasOwn(FORMATS, format) ? FORMATS[format]! : 'text'
  return text.padEnd(least, 'x').slice(0, countOf(maxLength) ?? TEXT_MAX)
}

function numberOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: Members, whole: boolean): number | undefined {
  const number = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)
  // OpenAPI 3.0 has them as true beside the bound, 3.1 as numbers.
  const above = number(exclusiveMinimum) ?? (exclusiveMinimum === true ? number(minimum) : undefined)
  const below = number(exclusiveMaximum) ?? (exclusiveMaximum === true ? number(maximum) : undefined)
  const step = number(multipleOf) ?? 1
  if (step <= 0) return undefined
  const least = above === undefined ? (number(minimum) ?? Math.min(0, number(maximum) ?? (below === undefined ? 0 : below - step))) : above + (whole ? 1 : step)
  const value = Math.ceil(least / step) * step
  const fits = (number(maximum) ?? value) >= value && (below === undefined || value < below) && (above === undefined || value > above)
  return fits && (!whole || Number.isInteger(value)) ? value : undefined
}
