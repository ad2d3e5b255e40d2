// Reads the parts of a request by the schemas that its operation declares: path, query and body, with every fault in its place.

import type { IncomingMessage } from 'node:http'
import type { Fault } from '../base/fault.ts'
import type { Schema } from '../base/schema.ts'
import type { AnyOperation } from './operation.ts'
import { type ReadBody, readJsonBody, readQuery, readTextBody } from './request-body.ts'

const BODY_BYTES_MAX = 64 * 1024

export interface Parts {
  readonly parameters: unknown
  readonly query: unknown
  readonly body: unknown
}

export async function readParts(
  operation: AnyOperation,
  request: IncomingMessage,
  parameters: unknown,
  search: string,
): Promise<{ readonly read: Parts } | { readonly errors: readonly PlacedFault[] } | Extract<ReadBody, { refused: string }>> {
  const reader = operation.bodyMedia === undefined ? readJsonBody : readTextBody
  const body = operation.body === undefined ? { value: undefined } : await reader(request, operation.bodyBytesMax ?? BODY_BYTES_MAX)
  if ('refused' in body) return body
  const query = readQuery(search)
  const faults: PlacedFault[] = [...placed('query', query.faults), ...('faults' in body ? placed('body', body.faults) : [])]
  const read = {
    parameters: readPart(operation.parameters, parameters, 'path', faults),
    query: operation.query ? readPart(operation.query, query.value, 'query', faults) : unexpected(query.value, faults),
    body: 'value' in body ? readPart(operation.body, body.value, 'body', faults) : undefined,
  }
  return faults.length > 0 ? { errors: faults.slice(0, ERRORS_MAX) } : { read }
}

/** How many faults one answer lists. */
const ERRORS_MAX = 100
/** A fault of a request as it is told: `path` is a JSON pointer (RFC 6901). */
interface PlacedFault {
  readonly in: 'path' | 'query' | 'body'
  readonly path: string
  readonly message: string
}
const pointer = (path: Fault['path']): string => path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
const placed = (place: PlacedFault['in'], faults: readonly Fault[]): PlacedFault[] =>
  faults.map(({ path, message }) => ({ in: place, path: pointer(path), message }))

function readPart(schema: Schema<unknown> | undefined, value: unknown, place: PlacedFault['in'], into: PlacedFault[]): unknown {
  if (schema === undefined) return undefined
  const faults: Fault[] = []
  const read = schema.read(value, [], faults)
  into.push(...placed(place, faults))
  return read
}
function unexpected(query: Record<string, string>, into: PlacedFault[]): undefined {
  into.push(
    ...placed(
      'query',
      Object.keys(query).map((name) => ({ code: 'unknown-key', path: [name], message: `unknown parameter '${name.slice(0, 60)}'` })),
    ),
  )
  return undefined
}
