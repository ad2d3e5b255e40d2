// Makes the snapshot's form of one API out of its section, its OpenAPI document and the catalogue of policies.

import { hashOf } from '../base/canonical-json.ts'
import type { Fault, Path } from '../base/fault.ts'
import type { Api, Route, Upstream } from '../model/snapshot.ts'
import type { AnyPolicy } from '../pipeline/contract.ts'
import { type ApiPolicies, apiPolicies } from './api-policies.ts'
import { type ApiSection, METHODS } from './api-schema.ts'
import { inheritedPolicies } from './inherited-policies.ts'
import { isInline, unknownDocument } from './inline-documents.ts'
import type { LocatedFault } from './located-fault.ts'
import { type OperationsReading, readOperations } from './openapi-routes.ts'
import type { PlanOffer } from './plan-offer.ts'
import type { SharedObjects } from './shared-objects.ts'
import type { SourceDocument } from './source-document.ts'
import { openapiFile, type Sources } from './sources.ts'
import type { UpstreamSection } from './upstream-schema.ts'

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
/** What an API is resolved with. */
export interface ApiSurroundings {
  readonly sources: Sources
  readonly catalogue: readonly AnyPolicy[]
  readonly shared: SharedObjects
  readonly offer: PlanOffer | undefined
}

export function resolveApi({ name, api, document, path }: PlacedApi, { sources, catalogue, shared, offer }: ApiSurroundings, out: ApiFaults): Api {
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
  for (const attached of [api.policies, ...Object.values(api.operations).map((operation) => operation.policies)]) faults.push(...shared.listFaults(attached))
  const effective = { ...api, policies: inheritedPolicies(api, path, offer, shared, catalogue, faults) }
  // What is missing because a set or a plan is faulty was told there.
  const isWhole = (api.policySets ?? []).every((set) => shared.policySets.has(set)) && (!offer || offer.plans.size === offer.names.length)
  const policies = apiPolicies(name, effective, path, operations, catalogue, isWhole ? faults : [])
  const { addressAt: _where, ...upstream } = upstreamOf(api.upstream, [...path, 'upstream'], shared, faults)
  const lists = Object.fromEntries(policies.lists.map((list) => [list, shared.addressLists.get(list) ?? []]))
  return withHash({
    name,
    hosts: [...(api.hosts ?? [])].sort(),
    path: api.path ?? '',
    stripPath: api.stripPath,
    upstream: upstream satisfies Upstream,
    authenticate: api.authenticate ?? 'any',
    allowInTarget: [...new Set(api.allowInTarget)].sort(),
    websocket: api.websocket,
    ...(policies.lists.length > 0 && { addressLists: lists }),
    policySets: policies.sets,
    routes: reading ? routes(reading, policies) : [],
    ...(operations === undefined && { anyPath: { methods: [...new Set(api.methods ?? METHODS)].sort(), policySet: policies.common } }),
  })
}

/** What stands for an upstream that is not there: it is only ever part of a configuration that is refused. */
const NOWHERE: UpstreamSection = {
  host: 'invalid',
  port: 1,
  basePath: '',
  preserveHost: false,
  connections: 1,
  queue: 0,
  timeouts: { connectMs: 1, headMs: 1, idleMs: 1, keepAliveMs: 1 },
  addressAt: [],
}

function upstreamOf(upstream: ApiSection['upstream'], path: Path, shared: SharedObjects, faults: Fault[]): UpstreamSection {
  if (!('named' in upstream)) return upstream
  const missing = shared.missing('upstreams', upstream.named, path)
  if (missing) faults.push({ ...missing, message: `${missing.message}; an address is written http://HOST:PORT` })
  return shared.upstreams.get(upstream.named) ?? NOWHERE
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
