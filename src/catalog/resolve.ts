// From files to a snapshot: everything is read, everything wrong is said at once, and with one fault there is no snapshot.
import { availableParallelism, networkInterfaces } from 'node:os'
import { dirname, resolve } from 'node:path'
import type { Fault, Path } from '../base/fault.ts'
import type { Schema } from '../base/schema.ts'
import type { DirectoryContent } from '../model/directory.ts'
import type { Api, Snapshot } from '../model/snapshot.ts'
import type { AnyPolicy } from '../pipeline/contract.ts'
import type { ConfiguredKeySource } from '../secrets/key-source.ts'
import { type PlacedApi, resolveApi } from './api-resolution.ts'
import { configurationSchema, includedSchema, type MainSection } from './configuration.ts'
import { type Offers, type PlacedConsumer, resolveConsumers } from './consumer-resolution.ts'
import { DocumentCache } from './document-cache.ts'
import { keySourceOf } from './envelope-settings.ts'
import { FaultyPlaces } from './faulty-places.ts'
import { gatewayFaults, gatewayOf, trustFaults } from './gateway-resolution.ts'
import type { ControlSettings } from './listener.ts'
import { listenerFaults, selfFault } from './listener-checks.ts'
import { type LocatedFault, locate, sorted } from './located-fault.ts'
import { type OperatorSettings, settingsFaults } from './operator-settings.ts'
import { placeFaults } from './place-checks.ts'
import { offerOf, type PlanOffer } from './plan-offer.ts'
import { type Reader, SharedObjects, type SharedSection } from './shared-objects.ts'
import type { PlanSection } from './shared-schema.ts'
import type { SourceDocument } from './source-document.ts'
import { readSources, type Sources } from './sources.ts'
import type { StoreSection } from './store-schema.ts'

export interface ResolveOptions {
  /** The catalogue, in its order. */
  readonly policies: readonly AnyPolicy[]
  /** Milliseconds since the epoch: by it a key is expired. */
  readonly nowMs: number
  /** What `threads: auto` means; absent: the cores of this machine. */
  readonly cores?: number
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
  /** Undefined: by the variable or the file that Gatehouse makes. */
  readonly envelope: ConfiguredKeySource | undefined
  /** Certificates in PEM form, by the name of the trust store. */
  readonly trustStores: { readonly [name: string]: readonly string[] }
  readonly plans: { readonly [name: string]: PlanSection }
  /** By API: how many people besides the author must approve a change of it. */
  readonly approvals: { readonly [api: string]: number }
  /** By API: the team that answers for it; APIs without one are not there. */
  readonly owners: ReadonlyMap<string, string>
  readonly settings: OperatorSettings
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
  const outcome: Outcome = { notices: sorted(resolving.notices), files: sources.files, digest: sources.digest }
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
    const parts: Part[] = [{ document: main, section }]
    const schema = includedSchema(this.options.policies)
    for (const document of this.sources.included) if (document.faults.length === 0) parts.push({ document, section: this.read(document, schema) })
    if (!this.faulty.isSound(main, [])) {
      // What follows compares values with one another: it is told only of those that are sound by themselves.
      this.compared(parts, section, main)
      return undefined
    }
    const { apis, directory, shared, approvals, owners } = this.compared(parts, section, main)
    const fileBeside = (path: string): string => resolve(dirname(main.file), path)
    return {
      snapshot: { gateway: gatewayOf(section.gateway, this.options.cores ?? availableParallelism(), fileBeside, shared.addressLists), apis },
      directory,
      control: section.control,
      ...storeOf(section.store, fileBeside),
      counters: 'memory',
      egress: section.egress,
      envelope: keySourceOf(section.envelope, dirname(main.file), fileBeside),
      trustStores: Object.fromEntries(shared.trustStores),
      plans: Object.fromEntries(shared.plans),
      approvals,
      owners,
      settings: section.settings,
    }
  }

  private compared(parts: readonly Part[], section: MainSection, main: SourceDocument): Compared {
    const isSound = (...path: Path): boolean => this.faulty.isSound(main, path)
    const listenersAreSound = isSound('gateway', 'listen') && isSound('control')
    if (listenersAreSound) this.report(main, listenerFaults(section))
    if (isSound('gateway') && isSound('store')) this.report(main, gatewayFaults(section, main.file, this.sources.files))
    if (parts.every((part) => part.section.apis === undefined) && this.located.length === 0) {
      this.report(main, [{ code: 'missing-key', path: [], message: "the configuration needs the key 'apis': without APIs nothing is served" }])
    }
    const shared = this.shared(parts, listenersAreSound ? section : undefined)
    if (isSound('gateway', 'trustedProxies')) this.report(main, trustFaults(section.gateway, shared))
    if (isSound('settings')) this.report(main, settingsFaults(section.settings, shared))
    const { apis, offers } = this.apis(parts, shared, listenersAreSound ? section : undefined)
    const { required } = isSound('settings') ? section.settings.approvals : { required: 0 }
    const approvals = this.entries(parts, 'apis', true).map(([name, , api]) => [name, api.approvals ?? required] as const)
    const owners = new Map(this.entries(parts, 'apis', true).flatMap(([name, , { owner }]) => (owner === undefined ? [] : [[name, owner] as const])))
    return { apis, directory: this.directory(parts, offers), shared, owners, approvals: Object.fromEntries(approvals.sort(([a], [b]) => (a < b ? -1 : 1))) }
  }

  private shared(parts: readonly Part[], main: MainSection | undefined): SharedObjects {
    const reader: Reader = {
      entries: (key) => this.entries(parts, key),
      names: (key) => parts.flatMap(({ document }) => namesOf(document, key)),
      report: (document, faults) => this.report(document, faults),
      notice: (document, fault) => void this.notices.push(locate(document, fault)),
    }
    const shared = new SharedObjects(reader, this.sources, this.options.nowMs)
    for (const [, document, upstream, path] of this.entries(parts, 'upstreams', true)) {
      const self = main && selfFault(upstream, main, ownAddresses())
      if (self) this.report(document, [{ ...self, path: [...path, ...upstream.addressAt] }])
    }
    return shared
  }

  private apis(parts: readonly Part[], shared: SharedObjects, main: MainSection | undefined): { apis: Api[]; offers: Offers } {
    const placed: PlacedApi[] = []
    for (const [name, document, api, path] of this.entries(parts, 'apis')) placed.push({ name, document, api, path })
    this.entries(parts, 'documents')
    const offers = new Map<string, PlanOffer | undefined>()
    const own = ownAddresses()
    for (const { document, fault } of placeFaults(placed)) this.report(document, [fault])
    const apis = placed.map((each) => {
      const faults: Fault[] = []
      const { upstream } = each.api
      const self = main && !('named' in upstream) ? selfFault(upstream, main, own) : undefined
      if (self && 'addressAt' in upstream) faults.push({ ...self, path: [...each.path, 'upstream', ...upstream.addressAt] })
      const offer = offerOf(each.name, each.api, each.path, shared, faults)
      offers.set(each.name, offer)
      const surroundings = { sources: this.sources, catalogue: this.options.policies, shared, offer }
      const api = resolveApi(each, surroundings, { faults, located: this.located })
      this.report(each.document, faults)
      return api
    })
    return { apis: apis.sort((a, b) => (a.name < b.name ? -1 : 1)), offers }
  }

  private directory(parts: readonly Part[], offers: Offers): DirectoryContent {
    const placed: PlacedConsumer[] = []
    for (const [name, document, consumer, path] of this.entries(parts, 'consumers')) placed.push({ name, document, consumer, path })
    const apis = parts.flatMap(({ document }) => namesOf(document, 'apis'))
    const { content, faults, notices } = resolveConsumers(placed, apis, offers, this.options.nowMs)
    for (const { document, fault } of faults) this.report(document, [fault])
    for (const { document, fault } of notices) this.notices.push(locate(document, fault))
    return content
  }

  /** The sound entries of a section over all files; a name that stands in two files is a fault at the second. */
  private entries<K extends SharedSection | 'apis' | 'consumers' | 'documents'>(
    parts: readonly Part[],
    key: K,
    isAgain = false,
  ): [name: string, document: SourceDocument, value: NonNullable<Part['section'][K]>[string], path: Path][] {
    const first = new Map<string, string>()
    return parts.flatMap(({ document, section }) =>
      Object.entries(section[key] ?? {}).flatMap(([name, value]): ReturnType<typeof this.entries<K>> => {
        const path: Path = [key, name]
        const known = first.get(name)
        first.set(name, known ?? document.file)
        if (known === undefined) return this.faulty.isSound(document, path) ? [[name, document, value as NonNullable<Part['section'][K]>[string], path]] : []
        if (!isAgain) this.report(document, [{ code: 'duplicate-name', path, atKey: true, message: `'${name}' is defined already, in ${known}` }])
        return []
      }),
    )
  }

  private read<T>(document: SourceDocument, schema: Schema<T>): T {
    const faults: Fault[] = []
    const section = schema.read(document.value, [], faults)
    this.faulty.add(document, faults)
    this.report(document, faults)
    return section
  }

  private report(document: SourceDocument, faults: readonly Fault[]): void {
    for (const fault of faults) this.located.push(locate(document, fault))
  }
}

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

/** Names as written, whether or not what they name is sound: a consumer may still refer to them. */
const namesOf = ({ value }: SourceDocument, key: string): string[] => Object.keys((value as Record<string, object | undefined> | undefined)?.[key] ?? {})

interface Part {
  readonly document: SourceDocument
  readonly section: Pick<MainSection, SharedSection | 'apis' | 'consumers' | 'documents'>
}
interface Compared {
  readonly apis: Api[]
  readonly directory: DirectoryContent
  readonly shared: SharedObjects
  readonly approvals: Configuration['approvals']
  readonly owners: Configuration['owners']
}
