// Makes the snapshot's APIs out of all that stands under `apis`, `versions` and `patches`.
import { type Fault, type Path, suggestion } from '../../base/fault.ts'
import type { LivingVersion } from '../../lifecycle/announcements.ts'
import type { Api, Canary, Mirror, Upstream, VersionFront } from '../../model/snapshot.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import type { LocatedFault } from '../reading/located-fault.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import type { Sources } from '../reading/sources.ts'
import type { CanarySection } from '../sections/canary-schema.ts'
import type { MirrorSection } from '../sections/mirror-schema.ts'
import type { UpstreamSection } from '../sections/upstream-schema.ts'
import { versionApi } from '../sections/version-name.ts'
import type { ListedApi } from './api-catalog.ts'
import { canarySibling, NOWHERE, type PlacedApi, placeFaultsOf, resolveApi, type WholeApi } from './api-resolution.ts'
import { canaryFaults } from './canary-checks.ts'
import { apiInheritance } from './inherited-policies.ts'
import { type PatchesOutcome, type PlacedPatch, resolvePatches } from './patch-resolution.ts'
import { type Place, type PlacedFault, placeFaults } from './place-checks.ts'
import { offerOf, type PlanOffer } from './plan-offer.ts'
import type { SharedObjects } from './shared-objects.ts'
import { ALWAYS, frontOf, lifecycleBySet, type PlacedVersion, scheduleOf, versionAsApi, versioningFaults } from './version-resolution.ts'

export interface GivenApis {
  readonly apis: readonly PlacedApi[]
  readonly versions: readonly PlacedVersion[]
  readonly patches: readonly PlacedPatch[]
  /** Names as written, whether or not what they name is sound. */
  readonly apiNames: readonly string[]
  readonly versionNames: ReadonlyMap<string, readonly string[]>
  readonly sources: Sources
  readonly shared: SharedObjects
  readonly catalogue: readonly AnyPolicy[]
  readonly nowMs: number
  /** Why an upstream may not be where it is. */
  readonly selfFaults: (upstream: UpstreamSection, at: Path) => Fault[]
}
export interface ResolvedApis {
  readonly apis: readonly Api[]
  readonly fronts: readonly VersionFront[]
  /** By API: the plans that it offers, which are those of all its versions. */
  readonly offers: ReadonlyMap<string, PlanOffer | undefined>
  readonly faults: readonly PlacedFault[]
  readonly notices: readonly PlacedFault[]
  readonly located: readonly LocatedFault[]
  /** Those that the API catalogue may tell of. */
  readonly listed: readonly ListedApi[]
  /** Every version with the life it leads. */
  readonly versions: readonly LivingVersion[]
  /** When the first patch ends; infinity when none does. */
  readonly patchesEndMs: number
}

export const resolveApis = (given: GivenApis): ResolvedApis => new ApisResolution(given).all()

class ApisResolution {
  private readonly given: GivenApis
  private readonly faults: PlacedFault[] = []
  private readonly located: LocatedFault[] = []
  private readonly fronts: VersionFront[] = []
  private readonly places: Place[] = []
  private readonly offers = new Map<string, PlanOffer | undefined>()
  private readonly patches: PatchesOutcome
  /** By name of the snapshot's API. */
  private readonly resolved = new Map<string, { readonly api: Api; readonly placed: WholeApi }>()
  private readonly siblings: Api[] = []

  constructor(given: GivenApis) {
    this.given = given
    this.patches = resolvePatches(given.patches, given.apiNames, (api) => this.namesOf(api), given.shared, given.catalogue, given.nowMs)
  }

  all(): ResolvedApis {
    for (const placed of this.given.apis) this.resolveOne(placed)
    this.strayVersions()
    for (const { document, unknownOperation } of this.patches.patches) {
      const fault = this.located.length > 0 ? undefined : unknownOperation()
      if (fault) this.report(document, [fault])
    }
    for (const placed of this.given.apis) this.checkCanaries(placed)
    const apis = [...[...this.resolved.values()].map(({ api }) => api), ...this.siblings].sort((a, b) => (a.name < b.name ? -1 : 1))
    const faults = [...this.faults, ...placeFaults(this.places), ...this.patches.faults]
    const { fronts, offers, located, patches } = this
    return { apis, fronts, offers, faults, notices: patches.notices, located, listed: this.listed(), versions: this.living(), patchesEndMs: patches.endsMs }
  }

  /** Versions at one place are told of together: they have one address. */
  private listed(): ListedApi[] {
    return this.given.apis
      .filter(({ api }) => api.catalog)
      .flatMap(({ name, api }): ListedApi[] => {
        const place = { hosts: [...(api.hosts ?? [])].sort(), path: api.path ?? '' }
        const versions = this.given.versions.filter((each) => each.api === name)
        if (api.versioning === undefined) return [{ api: { name, ...place }, docs: api.docs, schedules: [ALWAYS], successor: undefined }]
        if (api.versioning.by !== 'path')
          return [{ api: { name, ...place }, docs: api.docs, schedules: versions.map(({ section }) => scheduleOf(section)), successor: undefined }]
        return versions.map(({ version, section }) => ({
          api: { name: versionApi(name, version), hosts: place.hosts, path: `${place.path}/${version}` },
          docs: section.docs ?? api.docs,
          schedules: [scheduleOf(section)],
          successor: section.successor === undefined ? undefined : versionApi(name, section.successor),
        }))
      })
  }

  private living(): LivingVersion[] {
    return this.given.versions.map(({ api, version, section }) => {
      const docs = section.docs ?? this.given.apis.find(({ name }) => name === api)?.api.docs
      const { successor } = section
      const more = { ...(successor !== undefined && { successor }), ...(docs !== undefined && { docs }) }
      return { api: versionApi(api, version), schedule: scheduleOf(section), ...more }
    })
  }

  private namesOf(api: string): readonly string[] {
    return this.given.versionNames.get(api) ?? []
  }
  private report(document: SourceDocument, faults: readonly Fault[]): void {
    for (const fault of faults) this.faults.push({ document, fault })
  }

  private resolveOne(placed: PlacedApi): void {
    const { name, api, document, path } = placed
    this.report(document, [...placeFaultsOf(placed), ...versioningFaults(placed, this.namesOf(name))])
    const whole = this.wholeOf(placed)
    const isPlaced = api.path !== undefined || api.hosts !== undefined
    if (api.versioning?.by !== 'path' && isPlaced) {
      const at = [...path, api.path === undefined ? 'hosts' : 'path']
      this.places.push({ name, hosts: api.hosts, prefix: api.path ?? '', document, at })
    }
    if (api.versioning === undefined) {
      if (api.upstream !== undefined) this.add(whole)
      return
    }
    const versions = this.given.versions.filter((each) => each.api === name)
    for (const version of versions) {
      const { catalogue, shared } = this.given
      const upstream = this.upstreamOf(version.section.upstream, version.document, [...version.path, 'upstream'])
      const faults = this.listFaults(version.section)
      const asApi = versionAsApi(whole, version, { siblings: versions, names: this.namesOf(name), catalogue, shared, upstream }, faults)
      this.report(version.document, faults)
      if (api.versioning.by === 'path')
        this.places.push({ name: asApi.name, hosts: api.hosts, prefix: asApi.api.path!, document: version.document, at: version.path })
      this.add(asApi)
    }
    const front = frontOf(placed, versions)
    if (front) this.fronts.push(front)
  }

  /** What an API is by itself, or to all its versions: its sets, its plans and its upstream found by their names. */
  private wholeOf({ name, api, document, path }: PlacedApi): WholeApi {
    const { shared, catalogue } = this.given
    const faults = this.listFaults(api)
    const offer = offerOf(name, api, path, shared, faults)
    this.offers.set(name, offer)
    const { policies, isWhole } = apiInheritance(api, path, offer, shared, catalogue, faults)
    if (api.versioning) faults.push(...lifecycleBySet(policies))
    this.report(document, faults)
    const upstream = this.upstreamOf(api.upstream, document, [...path, 'upstream'])
    return { name, api: { ...api, policies, upstream, mirror: this.mirrorOf(api.mirror, document, path) }, document, path, isWhole }
  }

  /** Address lists that are named by the policies of a section and do not exist. */
  private listFaults({ policies, operations }: Pick<PlacedApi['api'], 'policies' | 'operations'>): Fault[] {
    return [policies, ...Object.values(operations).map((operation) => operation.policies)].flatMap((attached) => this.given.shared.listFaults(attached))
  }

  private add(placed: WholeApi): void {
    const { name, api, document, path, as } = placed
    const faults: Fault[] = []
    const { canary } = api
    const patches = this.patches.patches.filter((patch) =>
      as?.version === undefined ? patch.api === name : patch.api === as.version.of && (patch.version ?? as.version.name) === as.version.name,
    )
    if (api.openapi === undefined && as === undefined) {
      for (const patch of patches.filter(({ operation }) => operation !== undefined)) {
        patch.found()
        patch.report({
          code: 'operations-without-document',
          path: [...patch.attachment.path.slice(0, -1), 'operation'],
          message: `'${name}' has no OpenAPI document that would tell operations apart: leave this out`,
        })
      }
    }
    const target = canary && { canary: canaryOf(canary, name, as?.version?.of) }
    const resolved = resolveApi(
      { ...placed, ...((as || target) && { as: { ...as, ...target } }) },
      { ...this.given, patches },
      { faults, located: this.located },
    )
    const other = this.upstreamOf(canary?.upstream, document, [...path, 'canary', 'upstream'])
    if (other) this.siblings.push(canarySibling(resolved, other))
    this.report(document, faults)
    this.resolved.set(name, { api: resolved, placed })
  }

  private mirrorOf(written: MirrorSection | undefined, document: SourceDocument, path: Path): Mirror | undefined {
    if (written === undefined) return undefined
    const { to, bodySize, ...settings } = written
    const upstream = this.upstreamOf(to, document, [...path, 'mirror', 'to'])
    return upstream && { ...settings, bodyBytes: bodySize, upstream }
  }
  /** An upstream that has a name is looked at where it stands. */
  private upstreamOf(written: PlacedApi['api']['upstream'], document: SourceDocument, at: Path): Upstream | undefined {
    if (written === undefined) return undefined
    if ('named' in written) {
      const missing = this.given.shared.missing('upstreams', written.named, at)
      if (missing) this.report(document, [{ ...missing, message: `${missing.message}; an address is written https://HOST:PORT` }])
      return this.given.shared.upstreams.get(written.named) ?? NOWHERE
    }
    this.report(document, this.given.selfFaults(written, at))
    return this.given.shared.upstream.resolve(document, written, at)
  }

  /** Versions of an API that does not exist, or that has none. */
  private strayVersions(): void {
    for (const { api, document, path } of this.given.versions) {
      const names = this.given.apiNames
      if (!names.includes(api)) {
        this.report(document, [{ code: 'unknown-api', path, atKey: true, message: `there is no API '${api}'${suggestion(api, names)}` }])
        continue
      }
      const placed = this.given.apis.find(({ name }) => name === api)
      if (placed && placed.api.versioning === undefined) {
        const message = `'${api}' does not say how its versions are told apart: it needs 'versioning', as versioning: { by: path }`
        this.report(document, [{ code: 'unversioned-api', path, atKey: true, message }])
      }
    }
  }

  private checkCanaries({ name, api: whole }: PlacedApi): void {
    for (const { version, section, document, path } of this.given.versions.filter((each) => each.api === name && whole.versioning !== undefined)) {
      const to = section.canary?.to
      if (section.canary === undefined || to === undefined) continue
      const at = [...path, 'canary', 'to']
      const names = this.namesOf(name)
      if (to === version) this.report(document, [{ code: 'canary-target', path: at, message: `'${version}' is where these requests are already` }])
      else if (!names.includes(to))
        this.report(document, [{ code: 'unknown-version', path: at, message: `'${name}' has no version '${to}'${suggestion(to, names)}` }])
      const [from, target] = [version, to].map((each) => this.resolved.get(versionApi(name, each)))
      const other = this.given.versions.find((each) => each.api === name && each.version === to)
      if (to === version || !from || !target || !other) continue
      if (other.section.state === 'retired' || other.section.deprecated !== undefined || other.section.sunset !== undefined) {
        const message = `'${to}' is on its way out or gone: a canary leads to a version that stays`
        this.report(document, [{ code: 'canary-target', path: at, message }])
        continue
      }
      const isPreview = other.section.state === 'preview'
      this.report(document, canaryFaults(from.api, target.api, section.canary, isPreview, target.placed.api.public, this.given.catalogue, at))
    }
  }
}

function canaryOf({ to, share = 0, header, consumers }: CanarySection, name: string, of: string | undefined): Canary {
  return {
    to: to === undefined || of === undefined ? `${name}~canary` : versionApi(of, to),
    share,
    ...(header !== undefined && { header }),
    consumers: [...new Set(consumers)].sort(),
  }
}
