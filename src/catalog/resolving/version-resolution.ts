// Makes an API of its own out of each version: what the API says of all versions, what the version says, and the life it leads.
import { type Fault, type Path, suggestion } from '../../base/fault.ts'
import { brownOutsOf, type Schedule, scheduleFaults } from '../../lifecycle/schedule.ts'
import type { Upstream, VersionFront, VersionSelector } from '../../model/snapshot.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import type { ApiSection } from '../sections/api-schema.ts'
import { type Attachment, one } from '../sections/attachments.ts'
import { versionApi } from '../sections/version-name.ts'
import type { Versioning, VersionSection } from '../sections/version-schema.ts'
import type { PlacedApi, WholeApi } from './api-resolution.ts'
import { type Inherited, versionInheritance } from './inherited-policies.ts'
import { protects } from './policy-order.ts'
import type { SharedObjects } from './shared-objects.ts'

export interface PlacedVersion {
  readonly api: string
  readonly version: string
  readonly section: VersionSection
  readonly document: SourceDocument
  readonly path: Path
}

/** What belongs to a version and stands on an API that has versions. */
const OF_A_VERSION = ['openapi', 'methods', 'canary'] as const

/** What is wrong with an API because it has versions, or because it has none. `names`: its versions as written. */
export function versioningFaults({ name, api, path }: PlacedApi, names: readonly string[]): Fault[] {
  const faults: Fault[] = []
  const { versioning } = api
  if (versioning === undefined) {
    if (api.canary?.to !== undefined)
      faults.push({ code: 'canary-target', path: [...path, 'canary', 'to'], message: `'${name}' has no versions: its canary leads to another 'upstream'` })
    return faults
  }
  for (const key of [...OF_A_VERSION.filter((each) => api[each] !== undefined), ...(Object.keys(api.operations).length > 0 ? ['operations'] : [])])
    faults.push({
      code: 'belongs-to-version',
      path: [...path, key],
      atKey: true,
      message: `'${key}' differs from version to version: it stands under versions.${name}`,
    })
  if (Object.hasOwn(api.policies, 'lifecycle'))
    faults.push({ code: 'lifecycle-by-hand', path: [...path, 'policies', 'lifecycle'], atKey: true, message: BY_HAND })
  if (names.length === 0)
    faults.push({ code: 'no-versions', path: [...path, 'versioning'], atKey: true, message: `no version of '${name}' stands under versions.${name}` })
  else if (versioning.default !== undefined && !names.includes(versioning.default))
    faults.push({ code: 'unknown-version', path: [...path, 'versioning', 'default'], message: unknownVersion(name, versioning.default, names) })
  return faults
}
const BY_HAND = 'versions have their lifecycle by themselves: write state, dates and brown-outs into the version'
const unknownVersion = (api: string, version: string, names: readonly string[]): string => `'${api}' has no version '${version}'${suggestion(version, names)}`

/** What a version is made an API with. */
export interface VersionSurroundings {
  /** The sound versions of the API, itself among them. */
  readonly siblings: readonly PlacedVersion[]
  /** Of the versions of the API, as written. */
  readonly names: readonly string[]
  readonly catalogue: readonly AnyPolicy[]
  readonly shared: SharedObjects
  /** Its own. */
  readonly upstream: Upstream | undefined
}

/** A life that a policy set brings, to an API that has versions or to one of them. */
export const lifecycleBySet = (policies: Inherited['policies']): Fault[] =>
  (policies['lifecycle'] ?? [])
    .filter(({ path }) => path.at(-2) === 'policySets')
    .slice(0, 1)
    .map(({ path }) => ({ code: 'lifecycle-by-hand', path, message: BY_HAND }))

/** One version as an API. Faults are about its section. */
export function versionAsApi(
  whole: WholeApi,
  placed: PlacedVersion,
  { siblings, names, catalogue, shared, upstream }: VersionSurroundings,
  faults: Fault[],
): WholeApi {
  const { section, version, document, path } = placed
  const { api } = whole
  const before = faults.length
  faults.push(...lifeFaults(section, path), ...successorFaults(whole.name, placed, siblings, names), ...shapeFaults(whole, section, path))
  if (names.some((name) => name !== version && name.toLowerCase() === version.toLowerCase()))
    faults.push({
      code: 'ambiguous-version',
      path,
      atKey: true,
      message: `another version differs from '${version}' only in case: nobody would tell them apart`,
    })
  const life = faults.length === before ? lifecycleOf(whole, placed, catalogue) : undefined
  // The API's policies and plans count for all versions together: calling two versions does not double a limit.
  const common = mapAttachments(whole, (attachment) => ({ ...attachment, path, owner: whole.name }))
  const { policies, isWhole } = versionInheritance(section, common, path, shared, faults)
  faults.push(...lifecycleBySet(policies))
  const effective: WholeApi['api'] = {
    ...api,
    path: api.versioning!.by === 'path' ? `${api.path ?? ''}/${version}` : api.path,
    openapi: section.openapi,
    methods: section.methods,
    upstream: section.state === 'retired' ? undefined : (upstream ?? api.upstream),
    public: section.public ?? api.public,
    canary: section.canary,
    policies: { ...(section.public ? withoutPlan(policies) : policies), ...(life && { lifecycle: [life] }) },
    operations: section.operations,
  }
  const name = versionApi(whole.name, version)
  const vary = api.versioning!.header ?? (api.versioning!.mediaType === undefined ? undefined : 'Accept')
  const as = {
    version: { of: whole.name, name: version },
    // A preview is for those who are let into it by name.
    grants: section.state === 'preview' ? [name] : [whole.name, name],
    ...(vary !== undefined && { vary }),
    ...(api.versioning!.by !== 'path' && { reached: 'front' as const }),
  }
  return { name, api: effective, document, path, as, isWhole }
}

const mapAttachments = ({ api, isWhole }: WholeApi, turn: (attachment: Attachment) => Attachment): Inherited => ({
  policies: Object.fromEntries(Object.entries(api.policies).map(([name, all]) => [name, all.map(turn)])),
  isWhole,
})

/** Where nobody is asked who they are, nobody has a plan. */
function withoutPlan(policies: Inherited['policies']): Inherited['policies'] {
  const isGuarded = Object.values(policies).flat().some(protects)
  return isGuarded ? policies : Object.fromEntries(Object.entries(policies).filter(([, attached]) => attached[0]?.policy.attachedBy === undefined))
}

const brownOutsAsWritten = ({ brownOuts }: VersionSection) =>
  brownOuts.map(({ from, for: forMs, every }) => ({ fromMs: from, forMs, ...(every !== undefined && { everyMs: every }) }))

/** The life that a version leads. */
export function scheduleOf(section: VersionSection): Schedule {
  const { state, deprecated, sunset } = section
  const brownOuts = brownOutsOf(brownOutsAsWritten(section), sunset)
  return { state, brownOuts, ...(deprecated !== undefined && { deprecatedMs: deprecated }), ...(sunset !== undefined && { sunsetMs: sunset }) }
}
/** An API without versions. */
export const ALWAYS: Schedule = { state: 'active', brownOuts: [] }

const lifeFaults = (section: VersionSection, path: Path): Fault[] =>
  scheduleFaults({ ...section, brownOuts: brownOutsAsWritten(section) }).map(({ code, message, at }) => ({ code, message, path: [...path, ...at] }))

function shapeFaults(whole: WholeApi, section: VersionSection, path: Path): Fault[] {
  const faults: Fault[] = []
  const lifecycles = [[...path, 'policies'], ...Object.keys(section.operations).map((operation) => [...path, 'operations', operation, 'policies'])]
  for (const [i, policies] of [section.policies, ...Object.values(section.operations).map((each) => each.policies)].entries())
    if (Object.hasOwn(policies, 'lifecycle')) faults.push({ code: 'lifecycle-by-hand', path: [...lifecycles[i]!, 'lifecycle'], atKey: true, message: BY_HAND })
  if (section.state !== 'retired') {
    if (section.upstream === undefined && whole.api.upstream === undefined)
      faults.push({ code: 'missing-key', path, message: `this version needs the key 'upstream', or its API one for all` })
    return faults
  }
  for (const key of ['openapi', 'methods', 'upstream', 'public', 'canary', 'policySets', 'policies', 'operations'] as const) {
    const value = section[key]
    if (value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)) continue
    faults.push({ code: 'retired-serves', path: [...path, key], atKey: true, message: `a retired version serves nobody: '${key}' has no meaning any more` })
  }
  return faults
}

function successorFaults(api: string, { version, section, path }: PlacedVersion, siblings: readonly PlacedVersion[], names: readonly string[]): Fault[] {
  const { successor } = section
  if (successor === undefined) return []
  const at: Path = [...path, 'successor']
  if (successor === version) return [{ code: 'successor-itself', path: at, message: `'${version}' cannot take its own place` }]
  if (!names.includes(successor)) return [{ code: 'unknown-version', path: at, message: unknownVersion(api, successor, names) }]
  const of = (name: string | undefined): VersionSection | undefined => siblings.find((each) => each.version === name)?.section
  if (of(successor)?.state === 'retired') return [{ code: 'successor-retired', path: at, message: `'${successor}' is retired itself: nobody can move there` }]
  const seen = new Set<string>()
  for (let next = of(successor)?.successor; next !== undefined && !seen.has(next); next = of(next)?.successor) {
    if (next === version) return [{ code: 'successor-itself', path: at, message: `'${successor}' leads back to '${version}'` }]
    seen.add(next)
  }
  return []
}

/** The policy that carries the version's life out. Versions without dates carry none. */
function lifecycleOf(whole: WholeApi, { section, path }: PlacedVersion, catalogue: readonly AnyPolicy[]): Attachment | undefined {
  const { state, deprecated, sunset, successor, deprecationPolicy, sunsetPolicy } = section
  const policy = catalogue.find(({ name }) => name === 'lifecycle')
  if (policy === undefined || (deprecated === undefined && sunset === undefined && state !== 'retired')) return undefined
  const iso = (ms: number): string => new Date(ms).toISOString()
  const config = {
    state,
    ...(deprecated !== undefined && { deprecated: iso(deprecated) }),
    ...(sunset !== undefined && { sunset: iso(sunset) }),
    ...(successor !== undefined && successorLink(whole.api, successor)),
    ...(deprecationPolicy !== undefined && { deprecationPolicy }),
    ...(sunsetPolicy !== undefined && { sunsetPolicy }),
    ...(section.brownOuts.length > 0 && {
      brownOuts: section.brownOuts.map(({ from, for: forMs, every }) => ({
        from: iso(from),
        for: `${forMs}ms`,
        ...(every !== undefined && { every: `${every}ms` }),
      })),
    }),
  }
  return one(policy, config, path, [])
}

/** Where versions share their address, the link says by what they differ (RFC 8288 3.4.1). */
function successorLink({ path = '', versioning }: Pick<ApiSection, 'path' | 'versioning'>, successor: string): { successor: string; successorHint?: string } {
  const { by, query, mediaType } = versioning!
  if (by === 'path') return { successor: `${path}/${successor}` }
  const shared = path === '' ? '/' : path
  if (query !== undefined) return { successor: `${shared}?${query}=${successor}` }
  const hint = mediaType === undefined ? `title="${successor}"` : `type="${mediaType.replace('{version}', () => successor)}"`
  // A media type holds characters that the attribute's form leaves out: then the link goes without.
  return /^(?:type|title)="[A-Za-z0-9._+/-]{1,200}"$/.test(hint) ? { successor: shared, successorHint: hint } : { successor: shared }
}

/** Undefined when each version has a place of its own. */
export function frontOf({ name, api }: PlacedApi, versions: readonly PlacedVersion[]): VersionFront | undefined {
  const versioning = api.versioning!
  if (versioning.by === 'path') return undefined
  return {
    name,
    hosts: [...(api.hosts ?? [])].sort(),
    path: api.path ?? '',
    by: selectorOf(versioning),
    ...(versioning.default !== undefined && { default: versioning.default }),
    versions: versions.map(({ version }) => ({ name: version, api: versionApi(name, version) })).sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

function selectorOf({ header, query, mediaType }: Versioning): VersionSelector {
  if (header !== undefined) return { kind: 'header', name: header }
  if (query !== undefined) return { kind: 'query', name: query }
  const [before = '', after = ''] = mediaType!.split('{version}')
  return { kind: 'mediaType', before, after }
}
