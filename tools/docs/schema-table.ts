// A schema as a table of its keys: what each takes, its default, what it is for.
import { duration, type JsonSchema, size } from '../../src/base/schema.ts'

interface Row {
  readonly key: string
  readonly takes: string
  readonly fallback: string
  readonly says: string
}
type Shape = JsonSchema & {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly additionalProperties?: JsonSchema | boolean
  readonly enum?: readonly unknown[]
  readonly type?: string
  readonly description?: string
}

const DURATION = duration().json['pattern']
const SIZE = size().json['pattern']

/** Every key of an object, those of objects below it with a dot. `skip` names keys that have a page of their own. */
export function keyTable(schema: JsonSchema, skip: readonly string[] = []): string {
  const rows = rowsOf(schema as Shape, '', skip)
  if (rows.length === 0) return 'It takes no keys.\n'
  return [
    '| key | takes | default | |',
    '|---|---|---|---|',
    ...rows.map(({ key, takes, fallback, says }) => `| \`${key}\` | ${takes} | ${fallback} | ${says} |`),
    '',
  ].join('\n')
}

function rowsOf(schema: Shape, prefix: string, skip: readonly string[]): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, given]) => {
    const member = given as Shape
    const key = `${prefix}${name}`
    if (skip.includes(key)) return []
    const fallback =
      'default' in member && JSON.stringify(member['default']) !== '{}' ? code(member['default']) : schema.required?.includes(name) ? '*required*' : ''
    const row: Row = { key, takes: takes(member), fallback, says: cell(member.description ?? '') }
    return [row, ...below(member).flatMap(([step, object]) => rowsOf(object, `${key}${step}`, skip))]
  })
}

/** Objects inside a value, with how a key leads into them. */
function below(schema: Shape): [step: string, object: Shape][] {
  if (schema.properties) return [['.', schema]]
  if (schema.anyOf) return schema.anyOf.flatMap((option) => below(option as Shape))
  if (schema.items) return below(schema.items as Shape).map(([step, object]) => [`[]${step}`, object])
  if (typeof schema.additionalProperties === 'object') return below(schema.additionalProperties as Shape).map(([step, object]) => [`.NAME${step}`, object])
  return []
}

function takes(schema: Shape): string {
  if (schema.enum) return schema.enum.map(code).join(', ')
  if ('const' in schema) return code(schema['const'])
  if (schema.anyOf) return [...new Set(schema.anyOf.map((option) => takes(option as Shape)))].join(' or ')
  if (schema['pattern'] === DURATION) return 'duration'
  if (schema['pattern'] === SIZE) return 'size'
  if (schema.type === 'array') return `list of ${takes((schema.items ?? {}) as Shape)}`
  if (schema.type === 'integer') return `${schema['minimum']} to ${schema['maximum']}`
  if (schema.type === 'object') return typeof schema.additionalProperties === 'object' ? 'map by name' : 'object'
  return { string: 'text', boolean: 'true or false' }[schema.type ?? ''] ?? 'any value'
}

const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
/** Text for a cell of a table. */
export const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
