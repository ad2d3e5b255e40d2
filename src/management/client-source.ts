// The typed client, written from the operations: one file a resource, one function an operation.
import type { JsonSchema } from '../base/schema.ts'
import type { AnyOperation } from './operation.ts'

/** File name to text, for `src/client/generated/`. */
export function clientSources(operations: readonly AnyOperation[]): ReadonlyMap<string, string> {
  const resources = Map.groupBy(
    [...operations].sort((a, b) => (a.name < b.name ? -1 : 1)),
    ({ resource }) => resource,
  )
  return new Map([...resources].map(([resource, each]) => [`${resource}.ts`, source(resource, each)]))
}

function source(resource: string, operations: readonly AnyOperation[]): string {
  const functions = operations.map((operation) => {
    const { name, method, path, summary, output, media } = operation
    const type = media ? 'string' : output ? typeOf(output.json) : 'undefined'
    const input = inputType(operation)
    return `/** ${summary} */
export const ${name} = (to: Connection, input: ${input.type}${input.optional ? ' = {}' : ''}): Promise<Answer<${type}>> =>
  to.call(${quoted(method)}, ${quoted(path)}, input)
`
  })
  return `// Generated from the operations on ${resource}. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

${functions.join('\n')}`
}

function inputType(operation: AnyOperation): { readonly type: string; readonly optional: boolean } {
  const { parameters, query, body, guarded, method, act } = operation
  const members = [
    ...(parameters ? [`readonly parameters: ${typeOf(parameters.json)}`] : []),
    ...(query ? [`readonly query?: ${typeOf(query.json)}`] : []),
    ...(body ? [`readonly body: ${typeOf(body.json)}`] : []),
    ...(guarded ? ['readonly ifMatch: string'] : []),
    ...(method === 'POST' && act ? ['readonly idempotencyKey?: string'] : []),
  ]
  return { type: members.length === 0 ? '{}' : `{ ${members.join('; ')} }`, optional: members.every((member) => /^readonly \w+\?:/.test(member)) }
}

/** The TypeScript type of what a JSON Schema of ours lets pass. */
export function typeOf(schema: JsonSchema): string {
  if (Array.isArray(schema['enum']))
    return (schema['enum'] as readonly unknown[]).map((each) => (typeof each === 'string' ? quoted(each) : String(each))).join(' | ')
  if (Array.isArray(schema['anyOf'])) return unionOf((schema['anyOf'] as readonly JsonSchema[]).map(typeOf))
  switch (schema['type']) {
    case 'string':
      return 'string'
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'null':
      return 'null'
    case 'array': {
      const item = typeOf((schema['items'] ?? {}) as JsonSchema)
      return `readonly ${/^[\w]+$/.test(item) || item.endsWith('}') ? item : `(${item})`}[]`
    }
    case 'object':
      return objectType(schema)
    default:
      return 'unknown'
  }
}

function objectType(schema: JsonSchema): string {
  const {
    properties,
    additionalProperties,
    required = [],
  } = schema as {
    properties?: Record<string, JsonSchema>
    additionalProperties?: JsonSchema | boolean
    required?: readonly string[]
  }
  const members = Object.entries(properties ?? {})
    .filter(([, each]) => !('not' in each))
    .map(([name, each]) => `readonly ${/^[A-Za-z_]\w*$/.test(name) ? name : quoted(name)}${required.includes(name) ? '' : '?'}: ${typeOf(each)}`)
  if (typeof additionalProperties === 'object') return `{ readonly [name: string]: ${typeOf(additionalProperties)} }`
  if (additionalProperties === true && members.length === 0) return '{ readonly [name: string]: unknown }'
  return members.length === 0 ? 'Record<string, never>' : `{ ${members.join('; ')} }`
}
const unionOf = (types: readonly string[]): string => [...new Set(types)].join(' | ')
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
