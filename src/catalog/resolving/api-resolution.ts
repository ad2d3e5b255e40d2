// Makes the snapshot's form of one API out of its section, its OpenAPI document and the catalogue of policies.
import { hashOf } from '../../base/canonical-json.ts'
import type { Fault, Path } from '../../base/fault.ts'
import { METHODS } from '../../http/methods.ts'
import type { Api, Mirror, Route, Upstream } from '../../model/snapshot.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import { exampleAnswers } from '../openapi/example-answers.ts'
import { type OperationsReading, readOperations } from '../openapi/routes.ts'
import { isInline, unknownDocument } from '../reading/inline-documents.ts'
import type { LocatedFault } from '../reading/located-fault.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import { openapiFile, type Sources } from '../reading/sources.ts'
import type { ApiSection } from '../sections/api-schema.ts'
import { type ApiPolicies, apiPolicies, type PatchAttachment } from './api-policies.ts'
import type { Inherited } from './inherited-policies.ts'
import type { SharedObjects } from './shared-objects.ts'

/** An API's section with the document that it stands in. */
export interface PlacedApi {
  readonly name: string
  readonly api: ApiSection
  readonly document: SourceDocument
  readonly path: Path
}
/** An API, or a version as one, with all that it inherits. */
export interface WholeApi extends Omit<PlacedApi, 'api'> {
  readonly api: Omit<ApiSection, 'upstream' | 'mirror' | 'policies'> & {
    readonly upstream: Upstream | undefined
    readonly mirror?: Mirror | undefined
    readonly policies: Inherited['policies']
  }
  readonly isWhole: boolean
  /** What a version is beside an API. */
  readonly as?: Pick<Api, 'version' | 'grants' | 'vary' | 'reached' | 'canary'>
}
/** Faults of the section go to `faults`; those of its OpenAPI document, which stand elsewhere, to `located`. */
export interface ApiFaults {
  readonly faults: Fault[]
  readonly notices: Fault[]
  readonly located: LocatedFault[]
}
/** What an API is resolved with; `patches`: those that are for it. */
export interface ApiSurroundings {
  readonly sources: Sources
  readonly catalogue: readonly AnyPolicy[]
  readonly shared: SharedObjects
  readonly patches: readonly PatchAttachment[]
}

/** What is wrong with where an API is reached. */
export function placeFaultsOf({ name, api, path }: PlacedApi): Fault[] {
  const faults: Fault[] = []
  if (api.path === undefined && api.hosts === undefined)
    faults.push({ code: 'no-place', path, atKey: true, message: `'${name}' is reached nowhere: it needs a path such as /${name}, or hosts` })
  if (new Set(api.hosts).size < (api.hosts?.length ?? 0)) faults.push({ code: 'duplicate-item', path: [...path, 'hosts'], message: 'a host stands here twice' })
  return faults
}

export function resolveApi(
  { name, api, document, path, as, isWhole }: WholeApi,
  { sources, catalogue, shared, patches }: ApiSurroundings,
  out: ApiFaults,
): Api {
  const { faults } = out
  if (api.openapi === '') faults.push({ code: 'empty', path: [...path, 'openapi'], message: "'openapi' names no file" })
  if (api.openapi !== undefined && api.methods !== undefined) {
    faults.push({ code: 'methods-beside-document', path: [...path, 'methods'], message: 'the OpenAPI document declares the methods: leave this out' })
  }
  if (api.websocket && api.upstream?.http2)
    faults.push({
      code: 'contradiction',
      path: [...path, 'websocket'],
      message: 'its upstream speaks http/2, over which no WebSocket is forwarded: set `protocol: http/1.1`, or leave this out',
    })
  if (api.openapi !== undefined && isInline(api.openapi)) faults.push(...unknownDocument(api.openapi, [...path, 'openapi'], sources.openapi.keys()))
  const reading = api.openapi === undefined ? undefined : operationsOf(openapiFile(document, api.openapi), sources)
  if (reading) out.located.push(...reading.faults)
  const operations = api.openapi === undefined ? undefined : (reading?.operations ?? [])
  for (const key of operations === undefined ? [] : Object.keys(api.upstream?.resilience?.operations ?? {}))
    if (!operations!.some((operation) => operation.name === key))
      faults.push({
        code: 'unknown-operation',
        path: [...path, 'upstream'],
        message: `'operations' of its upstream: the OpenAPI document has no operation '${key}'`,
      })
  const policies = apiPolicies(name, api, path, operations, catalogue, isWhole ? faults : [], patches, ({ place }) =>
    exampleAnswers(place, (file) => sources.openapi.get(file)),
  )
  out.notices.push(...policies.notices)
  const lists = Object.fromEntries(policies.lists.map((list) => [list, shared.addressLists.get(list) ?? []]))
  return withHash({
    name,
    ...as,
    hosts: [...(api.hosts ?? [])].sort(),
    path: api.path ?? '',
    stripPath: api.stripPath,
    upstream: api.upstream ?? NOWHERE,
    ...(api.mirror && api.upstream && { mirror: api.mirror }),
    authenticate: api.authenticate ?? 'any',
    allowInTarget: [...new Set(api.allowInTarget)].sort(),
    websocket: api.websocket,
    ...(policies.lists.length > 0 && { addressLists: lists }),
    policySets: policies.sets,
    routes: reading ? routes(reading, policies) : [],
    ...(operations === undefined && { anyPath: { methods: [...new Set(api.methods ?? METHODS)].sort(), policySet: policies.common } }),
  })
}

/**
 * What stands for an upstream that is not there: a retired version has none, and nothing ever reaches one. A name that never resolves (RFC 6761 6.4).
 */
export const NOWHERE: Upstream = {
  host: 'retired.invalid',
  port: 80,
  basePath: '',
  preserveHost: false,
  connections: 1,
  queue: 0,
  timeouts: { connectMs: 1000, headMs: 1000, idleMs: 1000, eventsMs: 1000, keepAliveMs: 0 },
}

/** The same API at another upstream, which only its canary leads to. */
export function canarySibling(api: Api, upstream: Upstream): Api {
  const { hash: _other, canary: _own, ...rest } = api
  return withHash({ ...rest, name: `${api.name}~canary`, grants: api.grants ?? [api.name], upstream, reached: 'canary' })
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
