// The OpenAPI 3.1 document of the management API, read off the operations.
import type { JsonSchema } from '../base/schema.ts'
import { COMMON, commonRefusals } from './common-refusals.ts'
import { type AnyOperation, statusOf } from './operation.ts'

/** Fields of every answer. */
const HEADERS = {
  RateLimit: { $ref: '#/components/headers/RateLimit' },
  'RateLimit-Policy': { $ref: '#/components/headers/RateLimit-Policy' },
  'Access-Control-Allow-Origin': { $ref: '#/components/headers/Access-Control-Allow-Origin' },
}
const PROBLEM = {
  type: 'object',
  description: 'A problem document (RFC 9457). `code` is stable: branch on it.',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', maxLength: 200, pattern: '^urn:gatehouse:error:' },
    title: { type: 'string', maxLength: 100, pattern: '^[ -~]*$' },
    status: { type: 'integer', format: 'int32', minimum: 400, maximum: 599 },
    detail: { type: 'string', maxLength: 2000, pattern: '^[^\\x00-\\x1f]*$' },
    instance: { type: 'string', maxLength: 100, pattern: '^urn:uuid:' },
    code: { type: 'string', maxLength: 100, pattern: '^[a-z.-]+$' },
  },
}

export function openapiDocument(operations: readonly AnyOperation[], version: string): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of [...operations].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const item = (paths[`/api/v1${operation.path}`] ??= {})
    item[operation.method.toLowerCase()] = operationObject(operation)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Gatehouse management API',
      version,
      description: 'How operators, scripts and the console change and read a running Gatehouse.',
      contact: { name: 'Gatehouse', url: 'https://gatehouse.example' },
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'https://gatehouse.example', description: 'The control listener of a production environment.', 'x-internal': true }],
    security: [{ token: [] }],
    tags: [...new Set(operations.map(({ resource }) => resource))].sort().map((name) => ({ name })),
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      headers: {
        RateLimit: {
          description: 'What is left, by draft-ietf-httpapi-ratelimit-headers.',
          schema: { type: 'string', maxLength: 200, pattern: '^"management"' },
        },
        'RateLimit-Policy': { description: 'The limit.', schema: { type: 'string', maxLength: 200, pattern: '^"management"' } },
        'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', format: 'int32', minimum: 1, maximum: 86400 } },
        ETag: { description: 'The state’s tag, for If-Match.', schema: { type: 'string', maxLength: 100, pattern: '^"[^"]*"$' } },
        Location: { description: 'Where what was made is.', schema: { type: 'string', maxLength: 1000, pattern: '^/api/v1/' } },
        'Access-Control-Allow-Origin': {
          description: 'Never another than the listener’s own origin.',
          schema: { type: 'string', maxLength: 300, pattern: '^https?://' },
        },
        'WWW-Authenticate': { description: 'How to authenticate.', schema: { type: 'string', maxLength: 200, pattern: '^Bearer' } },
      },
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'opaque',
          description: 'A machine token, or the admin token (RFC 6750). RFC 8725 does not apply: it is no JWT.',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-gatehouse-session',
          description: 'A person’s session. What changes something needs X-CSRF-Token besides.',
        },
      },
    },
  }
}

function operationObject(operation: AnyOperation): object {
  const { permission } = operation
  return {
    operationId: operation.name,
    tags: [operation.resource],
    summary: operation.summary,
    description: describe(operation),
    ...(permission === 'anyone' ? { security: [{}] } : { security: [{ token: [] }, { session: [] }] }),
    ...withParameters(operation),
    ...(operation.body && {
      requestBody: { required: true, content: { [operation.bodyMedia ?? 'application/json']: { schema: exact(operation.body.json) } } },
    }),
    responses: responses(operation),
    'x-permission': permission,
  }
}

function describe({ permission, act, guarded, recent, reach }: AnyOperation): string {
  const said = [
    permission === 'anyone' ? 'Open to anyone.' : permission === 'signed-in' ? 'For whoever is signed in.' : `Needs the permission \`${permission}\`.`,
  ]
  if (reach !== 'all' && permission !== 'anyone' && permission !== 'signed-in')
    said.push('Reaches the APIs of one’s own teams where the permission reaches no further.')
  if (guarded) said.push('Takes `If-Match`.')
  if (recent) said.push('A signed-in person must have confirmed who they are within the last five minutes.')
  if (act) said.push(`Stands in the trail as \`${act}\`.`)
  return said.join(' ')
}

function withParameters(operation: AnyOperation): object {
  const parameters = [
    ...fromObject('path', operation.parameters?.json),
    ...fromObject('query', operation.query?.json),
    ...(operation.guarded
      ? [
          {
            name: 'If-Match',
            in: 'header',
            required: true,
            description: 'The ETag of the state that is to be changed, or *.',
            schema: { type: 'string', maxLength: 200, pattern: '^[ -~]+$' },
          },
        ]
      : []),
    ...(operation.method === 'POST' && operation.act !== undefined
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            description: 'Makes a repetition harmless for 24 hours.',
            schema: { type: 'string', maxLength: 130, pattern: '^"?[!#-~]{1,128}"?$' },
          },
        ]
      : []),
  ]
  return parameters.length > 0 ? { parameters } : {}
}

function fromObject(place: 'path' | 'query', json: JsonSchema | undefined): object[] {
  if (json === undefined) return []
  const required = (json['required'] ?? []) as readonly string[]
  return Object.entries((json['properties'] ?? {}) as Record<string, JsonSchema>).map(([name, schema]) => {
    const { description, ...rest } = schema
    return {
      name,
      in: place,
      ...(place === 'path' || required.includes(name) ? { required: true } : {}),
      ...(description !== undefined && { description }),
      schema: exact(rest),
    }
  })
}

function responses(operation: AnyOperation): object {
  const byStatus = new Map<number, string[]>()
  const add = (status: number, code: string, says: string): void => void byStatus.set(status, [...(byStatus.get(status) ?? []), `\`${code}\`: ${says}`])
  for (const code of commonRefusals(operation)) add(COMMON[code].status, `management.${code}`, COMMON[code].says)
  for (const [name, { status, says }] of Object.entries(operation.refusals)) add(status, `${operation.resource}.${name}`, says)
  const { further } = operation
  if (further) byStatus.set(further.status, [...(byStatus.get(further.status) ?? []), further.says])
  const out: Record<string, object> = { [statusOf(operation)]: success(operation) }
  for (const [status, said] of [...byStatus].sort(([a], [b]) => a - b)) {
    out[status] = {
      description: said.join('\n\n'),
      headers: {
        ...HEADERS,
        ...(status === 429 || status === 503 ? { 'Retry-After': { $ref: '#/components/headers/Retry-After' } } : {}),
        ...(status === 401 ? { 'WWW-Authenticate': { $ref: '#/components/headers/WWW-Authenticate' } } : {}),
      },
      content: {
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        ...(further !== undefined && Number(status) === further.status && { [further.media]: { schema: { type: 'string', maxLength: 1000 } } }),
      },
    }
  }
  return out
}

function success(operation: AnyOperation): object {
  const { output, media } = operation
  const content = media
    ? { [media.split(';')[0]!]: { schema: { type: 'string', maxLength: 1_000_000_000 } } }
    : output && { 'application/json': { schema: exact(output.json) } }
  return {
    description: 'Done.',
    headers: {
      ...HEADERS,
      ...(operation.method !== 'DELETE' && { ETag: { $ref: '#/components/headers/ETag' } }),
      ...(statusOf(operation) === 201 && { Location: { $ref: '#/components/headers/Location' } }),
    },
    ...(content && { content }),
  }
}

/** Whole numbers say how many bits hold them, as code generators and the OWASP rules ask. */
function exact(schema: JsonSchema): JsonSchema {
  const out: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties')
      out[keyword] = Object.fromEntries(Object.entries(value as Record<string, JsonSchema>).map(([name, each]) => [name, exact(each)]))
    else if (Array.isArray(value) && keyword === 'anyOf') out[keyword] = value.map((each) => exact(each as JsonSchema))
    else if ((keyword === 'items' || keyword === 'additionalProperties') && typeof value === 'object') out[keyword] = exact(value as JsonSchema)
    else out[keyword] = value
  }
  if (schema['type'] === 'integer') out['format'] ??= Number(schema['maximum'] ?? Number.MAX_SAFE_INTEGER) < 2 ** 31 ? 'int32' : 'int64'
  return out
}
