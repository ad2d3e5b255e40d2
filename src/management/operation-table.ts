// Finds the operation that a method and a path name, and the parameters that stand in the path.

import { RouteTable } from '../model/route-table.ts'
import { buildRouteTable } from '../model/route-table-builder.ts'
import type { AnyOperation } from './operation.ts'

export interface Found {
  readonly operation: AnyOperation
  readonly parameters: { readonly [name: string]: string }
}

export class OperationTable {
  private readonly table: RouteTable
  private readonly byName: ReadonlyMap<string, AnyOperation>

  /** Throws when two operations have one name, or one method and path. */
  constructor(operations: readonly AnyOperation[]) {
    this.byName = new Map(operations.map((operation) => [operation.name, operation]))
    if (this.byName.size !== operations.length) throw new Error('two operations have one name')
    const places = new Set(operations.map(({ method, path }) => `${method} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`))
    if (places.size !== operations.length) throw new Error('two operations stand at one address')
    this.table = new RouteTable(buildRouteTable(operations.map(({ name, method, path }) => ({ operation: name, method, template: path, policySet: 0 }))))
  }

  /** `path` is below /api/v1, still percent-encoded. `allow`: the methods that are served there, when this one is not; undefined when nothing is. */
  find(method: string, path: string): Found | { readonly allow: readonly string[] } | undefined {
    const route = this.table.find(path, method)
    if (route < 0) {
      const allow = this.table.allowed(path)
      return allow && { allow }
    }
    const operation = this.byName.get(this.table.operation(route))!
    return { operation, parameters: parametersOf(operation.path, path) }
  }
}

/** A segment that is no valid encoding stays as it is: no schema of a name takes a percent sign. */
function parametersOf(template: string, path: string): { readonly [name: string]: string } {
  const segments = path.split('/')
  const parameters: Record<string, string> = Object.create(null)
  for (const [i, piece] of template.split('/').entries()) {
    if (!piece.startsWith('{')) continue
    const written = segments[i]!
    try {
      parameters[piece.slice(1, -1)] = decodeURIComponent(written)
    } catch {
      parameters[piece.slice(1, -1)] = written
    }
  }
  return parameters
}
