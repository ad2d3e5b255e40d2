// Makes the snapshot's form of one API out of its section, its OpenAPI document and the catalogue of policies.

import { hashOf } from '../base/canonical-json.ts'
import type { Fault, Path } from '../base/fault.ts'
import type { Api, Route, Upstream } from '../model/snapshot.ts'
import type { AnyPolicy } from '../pipeline/contract.ts'
import { type ApiPolicies, apiPolicies } from './api-policies.ts'
import { type ApiSection, METHODS } from './api-schema.ts'
import { isInline, unknownDocument } from './inline-documents.ts'
import type { LocatedFault } from './located-fault.ts'
import { type OperationsReading, readOperations } from './openapi-routes.ts'
import type { SourceDocument } from './source-document.ts'
import { openapiFile, type Sources } from './sources.ts'

/** An API's section with the document that it stands in. */
export interface PlacedApi {
  readonly name: string
  readonly api: ApiSection
  readonly document: SourceDocument
  readonly path: Path
}
/** Faults of the section go to `faults`; those of its OpenAPI document, which stand elsewhere, to `located`. */
export interface ApiFaults {
  readonly faults: Fault[]
  readonly located: LocatedFault[]
}

export function resolveApi({ name, api, document, path }: PlacedApi, sources: Sources, catalogue: readonly AnyPolicy[], out: ApiFaults): Api {
  const { faults } = out
  if (api.path === undefined && api.hosts === undefined)
    faults.push({ code: 'no-place', path, atKey: true, message: `'${name}' is reached nowhere: it needs a path such as /${name}, or hosts` })
  if (new Set(api.hosts).size < (api.hosts?.length ?? 0)) faults.push({ code: 'duplicate-item', path: [...path, 'hosts'], message: 'a host stands here twice' })
  if (api.openapi === '') faults.push({ code: 'empty', path: [...path, 'openapi'], message: "'openapi' names no file" })
  if (api.openapi !== undefined && api.methods !== undefined) {
    faults.push({ code: 'methods-beside-document', path: [...path, 'methods'], message: 'the OpenAPI document declares the methods: leave this out' })
  }
  if (api.openapi !== undefined && isInline(api.openapi)) faults.push(...unknownDocument(api.openapi, [...path, 'openapi'], sources.openapi.keys()))
  const reading = api.openapi === undefined ? undefined : operationsOf(openapiFile(document, api.openapi), sources)
  if (reading) out.located.push(...reading.faults)
  const operations = api.openapi === undefined ? undefined : (reading?.operations ?? [])
  const policies = apiPolicies(name, api, path, operations, catalogue, faults)
  const { addressAt: _where, ...upstream } = api.upstream
  return withHash({
    name,
    hosts: [...(api.hosts ?? [])].sort(),
    path: api.path ?? '',
    stripPath: api.stripPath,
    upstream: upstream satisfies Upstream,
    authenticate: api.authenticate ?? 'any',
    allowInTarget: [...new Set(api.allowInTarget)].sort(),
    websocket: api.websocket,
    policySets: policies.sets,
    routes: reading ? routes(reading, policies) : [],
    ...(operations === undefined && { anyPath: { methods: [...new Set(api.methods ?? METHODS)].sort(), policySet: policies.common } }),
  })
}

const withHash = (api: Omit<Api, 'hash'>): Api => ({ ...api, hash: hashOf(api) })

const routes = ({ operations }: OperationsReading, { common, byOperation }: ApiPolicies): Route[] =>
  operations.map(({ name, method, template }) => ({ operation: name, method, template, policySet: byOperation.get(name) ?? common }))

/** Large documents are read once for as long as they and what they refer to stay the same. */
const readings = new WeakMap<
  SourceDocument,
  { readonly others: readonly (SourceDocument | undefined)[]; readonly asked: readonly string[]; readonly reading: OperationsReading }
>()
function operationsOf(file: string, sources: Sources): OperationsReading | undefined {
  const document = sources.openapi.get(file)
  // What cannot be read was reported when it was read.
  if (!document || document.faults.length > 0) return undefined
  const known = readings.get(document)
  if (known?.asked.every((name, i) => sources.openapi.get(name) === known.others[i])) return known.reading
  const asked: string[] = []
  const reading = readOperations(document, (name) => {
    asked.push(name)
    return sources.openapi.get(name)
  })
  readings.set(document, { asked, others: asked.map((name) => sources.openapi.get(name)), reading })
  return reading
}
