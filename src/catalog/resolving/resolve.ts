// From files to a snapshot: everything is read, everything wrong is said at once, and with one fault there is no snapshot.
import { availableParallelism, networkInterfaces } from 'node:os'
import { dirname } from 'node:path'
import type { AcmeSettings } from '../../acme/settings.ts'
import type { Fault, Path } from '../../base/fault.ts'
import type { Schema } from '../../base/schema.ts'
import type { LivingVersion } from '../../lifecycle/announcements.ts'
import { nextChangeMs } from '../../lifecycle/schedule.ts'
import type { DirectoryContent } from '../../model/directory.ts'
import type { ClientTrust, Listener, Snapshot } from '../../model/snapshot.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import type { ConfiguredKeySource } from '../../secrets/key-source.ts'
import { DocumentCache } from '../reading/document-cache.ts'
import { type LocatedFault, locate, sorted } from '../reading/located-fault.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import { fileBeside, readSources, type Sources } from '../reading/sources.ts'
import { configurationSchema, includedSchema, type MainSection } from '../sections/configuration.ts'
import { keySourceOf } from '../sections/envelope-settings.ts'
import type { OperatorSettings } from '../sections/operator-settings.ts'
import type { PlanSection } from '../sections/shared-schema.ts'
import type { StoreSection } from '../sections/store-schema.ts'
import type { UpstreamSection } from '../sections/upstream-schema.ts'
import { resolveAcme } from './acme-resolution.ts'
import { type ResolvedApis, resolveApis } from './apis-resolution.ts'
import { readClientTrust, type TrustMeans } from './client-trust.ts'
import { type Offers, resolveConsumers } from './consumer-resolution.ts'
import { type ControlSettings, readControl } from './control-resolution.ts'
import { FaultyPlaces } from './faulty-places.ts'
import { gatewayFaults, gatewayOf, trustFaults } from './gateway-resolution.ts'
import { keysInTheOpen } from './keys-in-the-open.ts'
import { type AcmeMeans, type HeldCertificates, readListeners } from './listener-certificates.ts'
import { listenerFaults, portsOf, selfFault } from './listener-checks.ts'
import { type Part, Parts } from './parts.ts'
import type { PlacedFault } from './place-checks.ts'
import { settingsFaults } from './settings-checks.ts'
import { SharedObjects } from './shared-objects.ts'
import { wellKnownDocuments } from './well-known.ts'

export interface ResolveOptions {
  /** The catalogue, in its order. */
  readonly policies: readonly AnyPolicy[]
  /** Milliseconds since the epoch: by it a key is expired. */
  readonly nowMs: number
  /** What `threads: auto` means; absent: the cores of this machine. */
  readonly cores?: number
  /** Absent: nothing is served with what comes of it, and listeners lack what ACME has got. */
  readonly held?: HeldCertificates
}

/** Where the store is. Files are absolute. */
export type StoreSettings =
  | { readonly kind: 'sqlite'; readonly file: string }
  | (Omit<Extract<StoreSection, { kind: 'postgres' }>, 'ca'> & { readonly caFile?: string })

/** What a configuration says, ready to be used. */
export interface Configuration {
  readonly snapshot: Snapshot
  readonly directory: DirectoryContent
  readonly control: ControlSettings
  readonly store: StoreSettings
  /** Absolute: where this node keeps what is its own, such as the admin token; that of the embedded store if there is one. */
  readonly dataFolder: string
  readonly counters: 'memory'
  readonly egress: { readonly allowPrivate: readonly string[] }
  /** When the same sources first mean something else: a patch ends, a version leaves the catalogue. Infinity when they never do. */
  readonly changesAtMs: number
  /** Undefined: by the variable or the file that Gatehouse makes. */
  readonly envelope: ConfiguredKeySource | undefined
  /** Certificates in PEM form, by the name of the trust store. */
  readonly trustStores: { readonly [name: string]: readonly string[] }
  readonly plans: { readonly [name: string]: PlanSection }
  /** By API: how many people besides the author must approve a change of it. */
  readonly approvals: { readonly [api: string]: number }
  /** By API: the team that answers for it; APIs without one are not there. */
  readonly owners: ReadonlyMap<string, string>
  /** Every version of every API, with the life it leads. */
  readonly versions: readonly LivingVersion[]
  readonly settings: OperatorSettings
  /** Absent: no listener wants a certificate by ACME. */
  readonly acme?: AcmeSettings
}
interface Outcome {
  /** Worth telling, and no reason to refuse: a key that has expired. */
  readonly notices: readonly LocatedFault[]
  /** Everything that was read or looked for, absolute: what to watch. */
  readonly files: readonly string[]
  readonly digest: string
}
/** Either a configuration without a fault, or faults and no configuration at all. */
export type Resolution = Outcome &
  ((Configuration & { readonly ok: true; readonly faults: readonly [] }) | { readonly ok: false; readonly faults: readonly LocatedFault[] })

/** Reads and resolves a configuration file in one go. */
export const loadConfiguration = (file: string, options: ResolveOptions, cache = new DocumentCache()): Resolution =>
  resolveSources(readSources(file, cache), options)

/** Resolves what was read. Never throws for what files hold. */
export function resolveSources(sources: Sources, options: ResolveOptions): Resolution {
  const resolving = new Resolving(sources, options)
  const configuration = resolving.all()
  const faults = sorted(resolving.located)
  const outcome: Outcome = {
    notices: sorted(resolving.notices),
    files: sources.files,
    digest: sources.digest,
  }
  if (configuration && faults.length === 0) return { ...outcome, ...configuration, ok: true, faults: [] }
  // A way to lose the configuration without saying why would be a hole of its own.
  if (faults.length === 0) faults.push({ file: sources.files[0] ?? '', line: 1, column: 1, code: 'unreadable', message: 'the configuration cannot be read' })
  return { ...outcome, ok: false, faults }
}

class Resolving {
  readonly located: LocatedFault[]
  readonly notices: LocatedFault[] = []
  private readonly sources: Sources
  private readonly options: ResolveOptions
  private readonly faulty = new FaultyPlaces()

  constructor(sources: Sources, options: ResolveOptions) {
    this.sources = sources
    this.options = options
    this.located = [...sources.faults]
  }

  /** Undefined when values are too wrong to go on with; otherwise to be used only if nothing was found. */
  all(): Configuration | undefined {
    const { main } = this.sources
    if (!main || main.faults.length > 0) return undefined
    const section = this.read(main, configurationSchema(this.options.policies))
    const read: Part[] = [{ document: main, section }]
    const schema = includedSchema(this.options.policies)
    for (const document of this.sources.included) if (document.faults.length === 0) read.push({ document, section: this.read(document, schema) })
    const parts = new Parts(read, (document, path) => this.faulty.isSound(document, path))
    // What is compared are values with one another: it is told only of those that are sound by themselves.
    const compared = this.compared(parts, section, main)
    const { apis, directory, shared, listen, forwardedTrust, control, approvals, owners, acme } = compared
    if (!this.faulty.isSound(main, []) || control === undefined) return undefined
    const { nowMs } = this.options
    const { documents, notices } = wellKnownDocuments(section, apis.listed, nowMs)
    for (const fault of notices) this.notices.push(locate(main, fault))
    const moments = apis.listed.flatMap(({ schedules }) => schedules.map((schedule) => nextChangeMs(schedule, nowMs)))
    if (section.securityTxt && section.securityTxt.expires > nowMs) moments.push(section.securityTxt.expires)
    const beside = (path: string): string => fileBeside(main, path)
    return {
      snapshot: {
        gateway: {
          ...gatewayOf(section.gateway, this.options.cores ?? availableParallelism(), beside, shared.addressLists, listen),
          ...(forwardedTrust && { forwardedCertificates: forwardedTrust }),
        },
        apis: apis.apis,
        ...(apis.fronts.length > 0 && { fronts: apis.fronts }),
        ...(documents.length > 0 && { documents }),
        ...(shared.upstream.trust.size > 0 && { upstreamTrust: Object.fromEntries(shared.upstream.trust) }),
      },
      directory,
      changesAtMs: Math.min(apis.patchesEndMs, ...moments),
      control,
      ...storeOf(section.store, beside),
      counters: 'memory',
      egress: section.egress,
      envelope: keySourceOf(section.envelope, dirname(main.file), beside),
      trustStores: Object.fromEntries(shared.trustStores),
      plans: Object.fromEntries(shared.plans),
      approvals,
      owners,
      versions: apis.versions,
      settings: section.settings,
      ...(acme && { acme }),
    }
  }

  private compared(parts: Parts, section: MainSection, main: SourceDocument): Compared {
    const isSound = (...path: Path): boolean => this.faulty.isSound(main, path)
    const listenersAreSound = isSound('gateway', 'listen') && isSound('control')
    if (listenersAreSound) this.report(main, listenerFaults(section))
    if (isSound('gateway') && isSound('store')) this.report(main, gatewayFaults(section, main.file, this.sources.files))
    if (parts.lacks('apis') && this.located.length === 0) {
      this.report(main, [{ code: 'missing-key', path: [], message: "the configuration needs the key 'apis': without APIs nothing is served" }])
    }
    const own = ownAddresses()
    const selfFaultsOf: SelfFaults = ({ addresses }, path) =>
      addresses.flatMap(({ at, ...address }) => {
        const self = listenersAreSound ? selfFault(address, section, own) : undefined
        return self ? [{ ...self, path: [...path, ...at] }] : []
      })
    const ownPorts = listenersAreSound ? portsOf(section) : []
    const shared = this.shared(parts, selfFaultsOf, { ownPorts, allowPrivate: isSound('egress') ? section.egress.allowPrivate : [] })
    const means: TrustMeans = { texts: this.sources.certificates, fileBeside: (path) => fileBeside(main, path), shared, nowMs: this.options.nowMs }
    const got: AcmeMeans = { held: this.options.held, challenge: isSound('gateway', 'acme') ? section.gateway.acme?.challenge : undefined }
    const listen = isSound('gateway', 'listen') ? this.told(main, readListeners(section.gateway.listen, means, got)).listen : []
    const control = isSound('control') ? this.told(main, readControl(section.control, means)).control : undefined
    const { forwardedCertificates: forwarded } = isSound('gateway', 'forwardedCertificates') ? section.gateway : {}
    const forwardedTrust = forwarded && this.told(main, readClientTrust(forwarded, ['gateway', 'forwardedCertificates'], means)).trust
    if (isSound('gateway', 'trustedProxies')) this.report(main, trustFaults(section.gateway, shared))
    if (isSound('settings')) this.report(main, settingsFaults(section.settings, shared))
    const acme = isSound('gateway', 'listen') && isSound('gateway', 'acme') ? resolveAcme(section.gateway, shared) : undefined
    if (acme) this.report(main, acme.faults)
    const apis = this.apis(parts, shared, selfFaultsOf)
    const { required } = isSound('settings') ? section.settings.approvals : { required: 0 }
    const sections = parts.entries('apis').sort(([a], [b]) => (a < b ? -1 : 1))
    return {
      apis,
      directory: this.directory(parts, apis.offers, shared),
      shared,
      listen,
      control,
      ...(acme?.acme && { acme: acme.acme }),
      forwardedTrust,
      approvals: Object.fromEntries(sections.map(([name, , api]) => [name, api.approvals ?? required])),
      owners: new Map(sections.flatMap(([name, , { owner }]) => (owner === undefined ? [] : [[name, owner]]))),
    }
  }

  private shared(
    parts: Parts,
    selfFaultsOf: SelfFaults,
    ways: { readonly allowPrivate: readonly string[]; readonly ownPorts: readonly number[] },
  ): SharedObjects {
    const report = (document: SourceDocument, faults: readonly Fault[]): void => this.report(document, faults)
    const shared = new SharedObjects(
      {
        entries: (key) => parts.entries(key, this.tell),
        names: (key) => parts.names(key),
        report,
        notice: (document, fault) => void this.notices.push(locate(document, fault)),
        ...ways,
      },
      this.sources,
      this.options.nowMs,
    )
    for (const [, document, upstream, path] of parts.entries('upstreams')) report(document, selfFaultsOf(upstream, path))
    return shared
  }

  private told<T extends { readonly faults: readonly Fault[]; readonly notices: readonly Fault[] }>(main: SourceDocument, reading: T): T {
    this.report(main, reading.faults)
    for (const fault of reading.notices) this.notices.push(locate(main, fault))
    return reading
  }

  private apis(parts: Parts, shared: SharedObjects, selfFaultsOf: SelfFaults): ResolvedApis {
    parts.entries('documents', this.tell)
    const resolved = resolveApis({
      apis: parts.entries('apis', this.tell).map(([name, document, api, path]) => ({ name, document, api, path })),
      versions: parts.versions(this.tell),
      patches: parts.entries('patches', this.tell).map(([name, document, patch, path]) => ({ name, document, patch, path })),
      apiNames: parts.names('apis'),
      versionNames: parts.versionNames(),
      sources: this.sources,
      shared,
      catalogue: this.options.policies,
      nowMs: this.options.nowMs,
      selfFaults: selfFaultsOf,
    })
    for (const fault of resolved.faults) this.tell(fault)
    this.note(resolved.notices)
    this.located.push(...resolved.located)
    return resolved
  }

  private directory(parts: Parts, offers: Offers, shared: SharedObjects): DirectoryContent {
    const placed = parts.entries('consumers', this.tell).map(([name, document, consumer, path]) => ({ name, document, consumer, path }))
    const { content, faults, notices } = resolveConsumers(placed, parts.grantNames(), offers, this.options.nowMs, (name, path) =>
      shared.missing('trustStores', name, path),
    )
    for (const fault of faults) this.tell(fault)
    this.note(notices)
    return content
  }

  private read<T>(document: SourceDocument, schema: Schema<T>): T {
    const faults = keysInTheOpen(document.value)
    const section = schema.read(document.value, [], faults)
    this.faulty.add(document, faults)
    this.report(document, faults)
    return section
  }

  private readonly tell = ({ document, fault }: PlacedFault): void => this.report(document, [fault])
  private note(notices: readonly PlacedFault[]): void {
    for (const { document, fault } of notices) this.notices.push(locate(document, fault))
  }
  private report(document: SourceDocument, faults: readonly Fault[]): void {
    for (const fault of faults) this.located.push(locate(document, fault))
  }
}

/** Why addresses of an upstream may not be where they are; `path`: where the upstream stands. */
type SelfFaults = (upstream: UpstreamSection, path: Path) => Fault[]
const ownAddresses = (): string[] => Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))

function storeOf(section: StoreSection, fileBeside: (path: string) => string): Pick<Configuration, 'store' | 'dataFolder'> {
  if (section.kind === 'sqlite') {
    const file = fileBeside(section.path)
    return { store: { kind: 'sqlite', file }, dataFolder: dirname(file) }
  }
  const { ca, password, ...place } = section
  const store: StoreSettings = {
    ...place,
    ...(password && { password: 'file' in password ? { file: fileBeside(password.file) } : password }),
    ...(ca !== undefined && { caFile: fileBeside(ca) }),
  }
  return { store, dataFolder: fileBeside('data') }
}

interface Compared {
  readonly apis: ResolvedApis
  readonly directory: DirectoryContent
  readonly shared: SharedObjects
  readonly listen: readonly Listener[]
  readonly forwardedTrust: ClientTrust | undefined
  /** Undefined: its section is not sound. */
  readonly control: ControlSettings | undefined
  readonly approvals: Configuration['approvals']
  readonly owners: Configuration['owners']
  readonly acme?: AcmeSettings
}
