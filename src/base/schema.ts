// Schemas: one declaration that checks a value, types it, and describes itself as JSON Schema.
import { type Fault, type Path, shownName, suggestion } from './fault.ts'

/** A JSON Schema (draft 2020-12) as plain data. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/**
 * Reads an untrusted plain value (as YAML or JSON gives it) into `T`. Strict: what it does not know is a fault. `read` never throws and never
 * stops early: it adds every fault to `faults` and returns a value that must not be used when any was added.
 */
export interface Schema<T> {
  readonly json: JsonSchema
  read(value: unknown, path: Path, faults: Fault[]): T
  /** True when the value is of this schema's kind, though perhaps not valid: `either` chooses by it. */
  fits(value: unknown): boolean
}
export type Infer<S> = S extends Schema<infer T> ? T : never

/** A field of an object that may be left out; `fallback`, when given, is what then stands for it. */
export interface Optional<T> extends Schema<T> {
  readonly optional: true
  readonly fallback?: () => T
}
type Shape = { readonly [key: string]: Schema<unknown> }
type AbsentKeys<S extends Shape> = { [K in keyof S]: undefined extends Infer<S[K]> ? K : never }[keyof S]
/** The value that an object schema of shape `S` reads; optional fields without a fallback may be undefined or not there. */
export type ObjectOf<S extends Shape> = { readonly [K in Exclude<keyof S, AbsentKeys<S>>]: Infer<S[K]> } & { readonly [K in AbsentKeys<S>]?: Infer<S[K]> }

/** How a value is named in a fault: its kind, and its text when that is short and cannot be a secret. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'number') return `the number ${value}`
  if (typeof value === 'boolean') return `${value}`
  return 'text'
}

const wrongType = (value: unknown, wanted: string, path: Path, faults: Fault[]): void => {
  faults.push({ code: 'wrong-type', path, message: `${nameOf(path)} must be ${wanted}, found ${kindOf(value)}` })
}
function nameOf(path: Path): string {
  const last = path.at(-1)
  if (last === undefined) return 'the document'
  return typeof last === 'number' ? `item ${last + 1} of ${nameOf(path.slice(0, -1))}` : `'${shownName(last)}'`
}
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Text. `pattern` must be anchored by the caller; `means` completes the sentence "must be ..." in a fault. */
export function string(options: { pattern?: RegExp; means?: string; maxLength?: number; describe?: string } = {}): Schema<string> {
  const maxLength = options.maxLength ?? 4096
  return {
    json: {
      type: 'string',
      maxLength,
      ...(options.pattern && { pattern: options.pattern.source }),
      ...(options.describe && { description: options.describe }),
    },
    fits: (value) => typeof value === 'string',
    read(value, path, faults) {
      if (typeof value !== 'string') wrongType(value, options.means ?? 'text', path, faults)
      else if (value.length > maxLength) faults.push({ code: 'too-long', path, message: `${nameOf(path)} is longer than ${maxLength} characters` })
      else if (options.pattern && !options.pattern.test(value))
        faults.push({ code: 'bad-value', path, message: `${nameOf(path)} must be ${options.means ?? `text that matches ${options.pattern.source}`}` })
      return value as string
    },
  }
}

/** A whole number within stated bounds. */
export function integer(options: { min: number; max: number; describe?: string }): Schema<number> {
  const { min, max } = options
  return {
    json: { type: 'integer', minimum: min, maximum: max, ...(options.describe && { description: options.describe }) },
    fits: (value) => typeof value === 'number',
    read(value, path, faults) {
      if (typeof value !== 'number' || !Number.isInteger(value)) wrongType(value, 'a whole number', path, faults)
      else if (value < min || value > max)
        faults.push({ code: 'out-of-range', path, message: `${nameOf(path)} must be between ${min} and ${max}, found ${value}` })
      return value as number
    },
  }
}

export const boolean = (describe?: string): Schema<boolean> => ({
  json: { type: 'boolean', ...(describe && { description: describe }) },
  fits: (value) => typeof value === 'boolean',
  read(value, path, faults) {
    if (typeof value !== 'boolean') wrongType(value, 'true or false', path, faults)
    return value as boolean
  },
})

/** One of a few fixed words (or fixed numbers, or `false`). */
export function oneOf<const T extends string | number | boolean>(words: readonly T[], describe?: string): Schema<T> {
  return {
    json: { enum: words, ...(describe && { description: describe }) },
    fits: (value) => (words as readonly unknown[]).includes(value) || (typeof value === 'string' && words.some((word) => typeof word === 'string')),
    read(value, path, faults) {
      if (!(words as readonly unknown[]).includes(value)) {
        const hint = typeof value === 'string' ? suggestion(value, words.map(String)) : ''
        faults.push({
          code: 'unknown-word',
          path,
          message: `${nameOf(path)} must be ${words.length === 1 ? '' : 'one of '}${words.join(', ')}${hint.startsWith('; did') ? hint : ''}`,
        })
      }
      return value as T
    },
  }
}

const DURATION = /^(\d{1,12})(ms|s|m|h|d)$/
const DURATION_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** A span of time written `500ms 30s 1m 24h 30d`; read as whole milliseconds within the bounds. */
export function duration(options: { minMs?: number; maxMs?: number; describe?: string } = {}): Schema<number> {
  return unit(
    DURATION,
    DURATION_MS,
    options.minMs ?? 1,
    options.maxMs ?? 400 * DURATION_MS.d,
    'a duration such as 500ms, 30s, 1m, 24h or 30d',
    'ms',
    options.describe,
  )
}

const SIZE = /^(\d{1,12})(B|KiB|MiB|GiB)$/
const SIZE_BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }
/** An amount of bytes written `512B 64KiB 1MiB 2GiB`; read as bytes within the bounds. */
export function size(options: { minBytes?: number; maxBytes?: number; describe?: string } = {}): Schema<number> {
  return unit(SIZE, SIZE_BYTES, options.minBytes ?? 0, options.maxBytes ?? 1024 ** 4, 'a size such as 512B, 64KiB or 1MiB', 'bytes', options.describe)
}

function unit(form: RegExp, factors: Record<string, number>, min: number, max: number, means: string, base: string, describe?: string): Schema<number> {
  return {
    json: { type: 'string', pattern: form.source, ...(describe && { description: describe }) },
    fits: (value) => typeof value === 'string' || typeof value === 'number',
    read(value, path, faults) {
      const parts = typeof value === 'string' ? form.exec(value) : null
      if (!parts) {
        faults.push({
          code: 'bad-value',
          path,
          message: `${nameOf(path)} must be ${means}, found ${typeof value === 'string' ? `'${value.slice(0, 40)}'` : kindOf(value)}`,
        })
        return min
      }
      const amount = Number(parts[1]) * factors[parts[2]!]!
      if (amount < min || amount > max)
        faults.push({ code: 'out-of-range', path, message: `${nameOf(path)} must be between ${min} and ${max} ${base}, found ${amount}` })
      return amount
    },
  }
}

/** A list of at least `min` (default 0) and at most `max` (default 10,000) items. */
export function list<T>(item: Schema<T>, options: { min?: number; max?: number; describe?: string } = {}): Schema<readonly T[]> {
  const { min = 0, max = 10_000 } = options
  return {
    json: { type: 'array', items: item.json, ...(min > 0 && { minItems: min }), maxItems: max, ...(options.describe && { description: options.describe }) },
    fits: Array.isArray,
    read(value, path, faults) {
      if (!Array.isArray(value)) {
        wrongType(value, 'a list', path, faults)
        return []
      }
      if (value.length < min) faults.push({ code: 'empty', path, message: `${nameOf(path)} must have at least ${min} ${min === 1 ? 'item' : 'items'}` })
      if (value.length > max) faults.push({ code: 'too-long', path, message: `${nameOf(path)} has ${value.length} items, the most is ${max}` })
      return value.slice(0, max).map((each, i) => item.read(each, [...path, i], faults))
    },
  }
}

/** An object with exactly these keys; an unknown key is a fault that names the nearest known one. */
export function object<S extends Shape>(shape: S, describe?: string): Schema<ObjectOf<S>> {
  const keys = Object.keys(shape)
  const known = keys.filter((key) => !isReserved(shape[key]!))
  const required = keys.filter((key) => !isOptional(shape[key]!))
  return {
    json: {
      type: 'object',
      properties: Object.fromEntries(known.map((key) => [key, shape[key]!.json])),
      ...(required.length > 0 && { required }),
      additionalProperties: false,
      ...(describe && { description: describe }),
    },
    fits: isObject,
    read(value, path, faults) {
      if (!isObject(value)) {
        wrongType(value, 'an object', path, faults)
        return {} as ObjectOf<S>
      }
      for (const key of Object.keys(value)) {
        if (!Object.hasOwn(shape, key))
          faults.push({ code: 'unknown-key', path: [...path, key], atKey: true, message: `unknown key '${shownName(key)}'${suggestion(key, known)}` })
      }
      const out: Record<string, unknown> = {}
      for (const key of keys) {
        const field = shape[key]!
        if (Object.hasOwn(value, key) && value[key] !== undefined) out[key] = field.read(value[key], [...path, key], faults)
        else if (!isOptional(field)) faults.push({ code: 'missing-key', path, message: `${nameOf(path)} needs the key '${key}'` })
        else if (field.fallback) out[key] = field.fallback()
      }
      return out as ObjectOf<S>
    },
  }
}
const isReserved = (schema: Schema<unknown>): boolean => 'not' in schema.json
const isOptional = (schema: Schema<unknown>): schema is Optional<unknown> => 'optional' in schema

/** A field that may be left out: `written` stands for it, in the form that a file would have it. It must be valid. */
export function withDefault<T>(schema: Schema<T>, written: unknown): Optional<T> {
  const faults: Fault[] = []
  const value = schema.read(written, [], faults)
  if (faults.length > 0) throw new TypeError(`a default that its own schema refuses: ${faults[0]!.message}`)
  const { read, fits } = schema
  return { read, fits, json: { ...schema.json, default: written }, optional: true, fallback: () => value }
}

/** A name that is kept for later: whoever writes it is told why it is refused. */
export const reserved = (code: string, why: string): Optional<undefined> => ({
  json: { not: {} },
  optional: true,
  fits: () => true,
  read: (_value, path, faults) => void faults.push({ code, path, atKey: true, message: `${nameOf(path)} ${why}` }),
})

/** The same schema, described: for a field whose schema says what it is and not what it is for. */
export const described = <S extends Schema<unknown>>(text: string, schema: S): S => ({ ...schema, json: { ...schema.json, description: text } })

/** Marks a field of an object as one that may be left out. */
export function optional<T>(schema: Schema<T>): Optional<T | undefined>
export function optional<T>(schema: Schema<T>, fallback: T): Optional<T>
export function optional<T>(schema: Schema<T>, ...fallback: T[]): Optional<T | undefined> {
  const base = { ...schema, read: schema.read.bind(schema), fits: schema.fits.bind(schema), optional: true as const }
  if (fallback.length === 0) return base
  // A duration or a size is written as text and read as a number: only what is written as it is read can be shown.
  const { type } = schema.json
  const shown = type === typeof fallback[0] || type === 'integer' || 'enum' in schema.json || Array.isArray(fallback[0])
  return { ...base, ...(shown && { json: { ...schema.json, default: fallback[0] } }), fallback: () => fallback[0] as T }
}

/** A map from names to values. `keyMeans` completes the sentence "a name must be ...". Prototype keys are faults. */
export function record<T>(
  value: Schema<T>,
  options: { key: RegExp; keyMeans: string; max?: number; describe?: string },
): Schema<{ readonly [name: string]: T }> {
  const max = options.max ?? 100_000
  return {
    json: {
      type: 'object',
      propertyNames: { pattern: options.key.source },
      additionalProperties: value.json,
      ...(options.describe && { description: options.describe }),
    },
    fits: isObject,
    read(given, path, faults) {
      const out: Record<string, T> = Object.create(null)
      if (!isObject(given)) {
        wrongType(given, 'an object', path, faults)
        return out
      }
      const names = Object.keys(given)
      if (names.length > max) faults.push({ code: 'too-long', path, message: `${nameOf(path)} has ${names.length} entries, the most is ${max}` })
      for (const name of names) {
        if (name === '__proto__' || name === 'constructor' || name === 'prototype' || !options.key.test(name)) {
          faults.push({ code: 'bad-name', path: [...path, name], atKey: true, message: `the name '${shownName(name)}' must be ${options.keyMeans}` })
        } else out[name] = value.read(given[name], [...path, name], faults)
      }
      return out
    },
  }
}

/** The first of several schemas whose kind fits the value: list them so that no two fit the same kinds. */
export function either<T extends readonly Schema<unknown>[]>(options: T, means: string): Schema<Infer<T[number]>> {
  return {
    json: { anyOf: options.map((option) => option.json) },
    fits: (value) => options.some((option) => option.fits(value)),
    read(value, path, faults) {
      const chosen = options.find((option) => option.fits(value))
      if (chosen) return chosen.read(value, path, faults) as Infer<T[number]>
      wrongType(value, means, path, faults)
      return undefined as Infer<T[number]>
    },
  }
}

/** The same schema with a further rule; `check` returns the sentences of what is wrong, or nothing. It runs only on values without faults so far. */
export function checked<T>(schema: Schema<T>, check: (value: T) => { code: string; message: string; at?: Path } | undefined): Schema<T> {
  return {
    json: schema.json,
    fits: schema.fits,
    read(value, path, faults) {
      const before = faults.length
      const out = schema.read(value, path, faults)
      const wrong = faults.length === before ? check(out) : undefined
      if (wrong) faults.push({ code: wrong.code, message: wrong.message, path: [...path, ...(wrong.at ?? [])] })
      return out
    },
  }
}

/** The same schema with its value turned into another form once it is valid. `turn` must not throw. */
export function mapped<A, B>(schema: Schema<A>, turn: (value: A) => B): Schema<B> {
  return {
    json: schema.json,
    fits: schema.fits,
    read(value, path, faults) {
      const before = faults.length
      const out = schema.read(value, path, faults)
      return faults.length === before ? turn(out) : (undefined as B)
    },
  }
}
