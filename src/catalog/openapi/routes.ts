// Turns an OpenAPI 3.0 or 3.1 document into operations to route: method, template, name, and whether the document asks for a credential.
import { dirname } from 'node:path'
import { type Fault, type Path, suggestion } from '../../base/fault.ts'
import { type LocatedFault, locate } from '../reading/located-fault.ts'
import { members } from '../reading/members.ts'
import { type DocumentReader, follow, type Place } from '../reading/reference.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import { indistinguishable, readTemplate, shapeOf } from './path-template.ts'
import { referenceFaults } from './references.ts'
import { SecurityReader } from './security.ts'
import { basePath } from './servers.ts'

/** One operation as the document declares it. */
export interface Operation {
  /** operationId, else "GET /books/{id}" with the path as the document has it. */
  readonly name: string
  /** "GET /books/{id}": the other way to name it in a configuration. */
  readonly methodAndPath: string
  readonly method: string
  /** In normal form, the server's base path included. */
  readonly template: string
  /** The document's `security` asks for a credential. */
  readonly demandsCredential: boolean
  /** The operation's object, for who reads more of it. */
  readonly place: Place
}
export interface OperationsReading {
  readonly operations: readonly Operation[]
  readonly faults: readonly LocatedFault[]
}

const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'])
const OTHER_KEYS = ['$ref', 'summary', 'description', 'servers', 'parameters']

/** Reads all operations and all that is wrong with them; the result depends on nothing but the documents. */
export function readOperations(document: SourceDocument, read: DocumentReader): OperationsReading {
  const reader = new OperationReader(document, read)
  reader.all()
  return reader
}

class OperationReader implements OperationsReading {
  readonly operations: Operation[] = []
  readonly faults: LocatedFault[] = []
  private readonly document: SourceDocument
  private readonly read: DocumentReader
  private readonly names = new Map<string, string>()
  /** Templates by method and number of segments: only those can clash. */
  private readonly templates = new Map<string, string[]>()
  private readonly shapes = new Set<string>()
  private readonly security: SecurityReader

  constructor(document: SourceDocument, read: DocumentReader) {
    this.document = document
    this.read = read
    this.security = new SecurityReader(document)
  }

  all(): void {
    const root = members<'openapi' | 'paths' | 'servers' | 'security'>(this.document.value)
    const paths = this.paths()
    if (!paths) return
    const faults = referenceFaults(this.document)
    const base = basePath(root.servers, ['servers'], faults)
    const demanded = this.security.demands(root.security, ['security'], faults) ?? false
    for (const fault of faults) this.fault(this.document, fault)
    for (const [path, item] of Object.entries(paths)) if (!path.startsWith('x-')) this.pathItem(path, item, base, demanded)
    if (this.operations.length > 0 || this.faults.length > 0) return
    this.fault(this.document, { code: 'no-operations', path: ['paths'], message: 'the document declares no operation: nothing would be served' })
  }

  /** The `paths` of a document that is one of OpenAPI 3.0 or 3.1. */
  private paths(): object | undefined {
    const { openapi, swagger, paths } = members<'openapi' | 'swagger' | 'paths'>(this.document.value)
    if (typeof openapi !== 'string' || !/^3\.[01]\.\d+/.test(openapi)) {
      const found =
        openapi === undefined ? (swagger === undefined ? "there is no key 'openapi'" : 'this is Swagger 2.0') : `found ${String(openapi).slice(0, 40)}`
      const message = `an OpenAPI document of version 3.0 or 3.1 is wanted; ${found}`
      this.fault(this.document, { code: 'openapi-version', path: openapi === undefined ? [] : ['openapi'], message })
      return undefined
    }
    if (typeof paths === 'object' && paths !== null && !Array.isArray(paths)) return paths
    this.fault(this.document, { code: 'no-operations', path: ['paths'], message: "the document has no 'paths': nothing would be served" })
    return undefined
  }

  private pathItem(path: string, item: unknown, inheritedBase: string, demanded: boolean): void {
    const at: Path = ['paths', path]
    const reading = readTemplate(path)
    const place = follow({ document: this.document, path: at, value: item }, dirname(this.document.file), this.read)
    if ('fault' in reading) this.fault(this.document, { code: 'bad-template', path: at, atKey: true, message: reading.fault })
    else if ('code' in place) this.fault(this.document, { code: place.code, path: [...at, '$ref'], message: place.message })
    else if (typeof place.value !== 'object' || place.value === null || Array.isArray(place.value)) {
      this.fault(place.document, { code: 'wrong-type', path: place.path, message: 'a path item must be an object' })
    } else {
      if (place.value !== item) this.besideRef(at, item as object)
      this.operationsOf(path, reading.template, place, place.value, inheritedBase, demanded)
    }
  }

  /** What keys beside $ref mean is undefined (OpenAPI 3.1 4.8.9): an operation there must not be lost without a word. */
  private besideRef(at: Path, item: object): void {
    const message = 'an operation beside $ref would not be read: put it where $ref leads'
    for (const key of Object.keys(item)) if (METHODS.has(key)) this.fault(this.document, { code: 'beside-ref', path: [...at, key], atKey: true, message })
  }

  private operationsOf(path: string, template: string, place: Place, item: object, inheritedBase: string, demanded: boolean): void {
    const faults: Fault[] = []
    const { servers } = item as { servers?: unknown }
    const base = servers === undefined ? inheritedBase : basePath(servers, [...place.path, 'servers'], faults)
    for (const [key, value] of Object.entries(item)) {
      const at: Path = [...place.path, key]
      if (METHODS.has(key)) this.operation(key.toUpperCase(), path, template, base, { document: place.document, path: at, value }, demanded, faults)
      else if (!OTHER_KEYS.includes(key) && !key.startsWith('x-')) {
        faults.push({
          code: 'unknown-key',
          path: at,
          atKey: true,
          message: `'${key}' is no method and no other key of a path item${suggestion(key, [...METHODS])}`,
        })
      }
    }
    for (const fault of faults) this.fault(place.document, fault)
  }

  private operation(method: string, path: string, normal: string, inheritedBase: string, at: Place, demanded: boolean, faults: Fault[]): void {
    if (method === 'TRACE')
      return void faults.push({
        code: 'method-unsupported',
        path: at.path,
        atKey: true,
        message: 'TRACE is not served: it would show the caller what the gateway adds',
      })
    if (typeof at.value !== 'object' || at.value === null || Array.isArray(at.value))
      return void faults.push({ code: 'wrong-type', path: at.path, message: 'an operation must be an object' })
    const { operationId, servers, security } = at.value as { operationId?: unknown; servers?: unknown; security?: unknown }
    if (
      operationId !== undefined &&
      (typeof operationId !== 'string' || operationId === '' || operationId.length > 512 || /[\x00-\x1f\x7f]/.test(operationId))
    ) {
      return void faults.push({
        code: 'bad-operation-id',
        path: [...at.path, 'operationId'],
        message: "'operationId' must be text of 1 to 512 characters without control characters",
      })
    }
    const base = servers === undefined ? inheritedBase : basePath(servers, [...at.path, 'servers'], faults)
    const template = base !== '' && normal === '/' ? `${base}/` : base + normal
    const methodAndPath = `${method} ${path}`
    const name = (operationId as string | undefined) ?? methodAndPath
    const first = this.names.get(name)
    if (first !== undefined)
      faults.push({
        code: 'duplicate-operation',
        path: operationId === undefined ? at.path : [...at.path, 'operationId'],
        message: `the operation '${name}' is declared twice; first as ${first}`,
      })
    else this.names.set(name, methodAndPath)
    const known = this.clashing(method, template)
    if (known !== undefined)
      faults.push({ code: 'ambiguous-template', path: at.path, atKey: true, message: `${method} ${template} cannot be told from ${method} ${known}` })
    this.operations.push({
      name,
      methodAndPath,
      method,
      template,
      demandsCredential: this.security.demands(security, [...at.path, 'security'], faults) ?? demanded,
      place: at,
    })
  }

  private clashing(method: string, template: string): string | undefined {
    const shape = `${method} ${shapeOf(template)}`
    const group = `${method} ${template.split('/').length}`
    const known = this.templates.get(group) ?? []
    this.templates.set(group, known)
    const isMixed = /[^/]\{|\}[^/]/.test(template)
    const other = this.shapes.has(shape) || isMixed ? indistinguishable(template, known) : undefined
    this.shapes.add(shape)
    known.push(template)
    return other
  }

  private fault(document: SourceDocument, fault: Fault): void {
    this.faults.push(locate(document, fault))
  }
}
