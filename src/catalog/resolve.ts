// From files to a snapshot: everything is read, everything wrong is said at once, and with one fault there is no snapshot.
import { availableParallelism, networkInterfaces } from 'node:os'
import { dirname, resolve } from 'node:path'
import type { Fault, Path } from '../base/fault.ts'
import type { Schema } from '../base/schema.ts'
import { nextChangeMs } from '../lifecycle/schedule.ts'
import type { DirectoryContent } from '../model/directory.ts'
import type { Listener, Snapshot, WellKnownDocument } from '../model/snapshot.ts'
import type { AnyPolicy } from '../pipeline/contract.ts'
import { apiCatalog } from './api-catalog.ts'
import { type ResolvedApis, resolveApis } from './apis-resolution.ts'
import { configurationSchema, includedSchema, type MainSection } from './configuration.ts'
import { type PlacedConsumer, resolveConsumers } from './consumer-resolution.ts'
import { DocumentCache } from './document-cache.ts'
import { FaultyPlaces } from './faulty-places.ts'
import { gatewayFaults, gatewayOf } from './gateway-resolution.ts'
import { listenerFaults, selfFault } from './listener-checks.ts'
import { type LocatedFault, locate, sorted } from './located-fault.ts'
import { members } from './members.ts'
import type { PlacedFault } from './place-checks.ts'
import { securityTxtDocument } from './security-txt.ts'
import type { SourceDocument } from './source-document.ts'
import { readSources, type Sources } from './sources.ts'
import { versionApi } from './version-name.ts'
import type { PlacedVersion } from './version-resolution.ts'
import type { VersionSection } from './version-schema.ts'

export interface ResolveOptions {
  /** The catalogue, in its order. */
  readonly policies: readonly AnyPolicy[]
  /** Milliseconds since the epoch: by it a key is expired. */
  readonly nowMs: number
  /** What `threads: auto` means; absent: the cores of this machine. */
  readonly cores?: number
}

/** What a configuration says, ready to be used. */
export interface Configuration {
  readonly snapshot: Snapshot
  readonly directory: DirectoryContent
  readonly control: { readonly listen: Listener; readonly exposed: boolean }
  readonly store: { readonly kind: 'sqlite'; readonly file: string }
  readonly counters: 'memory'
  readonly egress: { readonly allowPrivate: readonly string[] }
  /** When the same files first mean something else: a patch ends, a version leaves the catalogue. Infinity when they never do. */
  readonly changesAtMs: number
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

/** What each good resolution was made of. */
const origins = new WeakMap<Resolution, { readonly sources: Sources; readonly options: ResolveOptions }>()

/** The same files, as they were read then, at another time. Nothing is read: a file that is being written must not slip in unsettled. */
export function resolveAgain(resolution: Resolution & { readonly ok: true }, nowMs: number): Resolution {
  const { sources, options } = origins.get(resolution)!
  return resolveSources(sources, { ...options, nowMs })
}

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
  if (configuration && faults.length === 0) {
    const resolution: Resolution = { ...outcome, ...configuration, ok: true, faults: [] }
    origins.set(resolution, { sources, options })
    return resolution
  }
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
    const { resolved, directory } = this.compared(parts, section, main)
    const { apis, fronts, listed, patchesEndMs } = resolved
    const documents = this.documents(section, resolved, main)
    const { nowMs } = this.options
    const moments = listed.flatMap(({ schedules }) => schedules.map((schedule) => nextChangeMs(schedule, nowMs)))
    if (section.securityTxt && section.securityTxt.expires > nowMs) moments.push(section.securityTxt.expires)
    const fileBeside = (path: string): string => resolve(dirname(main.file), path)
    return {
      snapshot: {
        gateway: gatewayOf(section.gateway, this.options.cores ?? availableParallelism(), fileBeside),
        apis,
        ...(fronts.length > 0 && { fronts }),
        ...(documents.length > 0 && { documents }),
      },
      directory,
      changesAtMs: Math.min(patchesEndMs, ...moments),
      control: { listen: section.control.listen, exposed: section.control.exposed },
      store: { kind: 'sqlite', file: fileBeside(section.store.slice('sqlite:'.length)) },
      counters: 'memory',
      egress: section.egress,
    }
  }

  private compared(parts: readonly Part[], section: MainSection, main: SourceDocument): { resolved: ResolvedApis; directory: DirectoryContent } {
    const isSound = (...path: Path): boolean => this.faulty.isSound(main, path)
    const listenersAreSound = isSound('gateway', 'listen') && isSound('control')
    if (listenersAreSound) this.report(main, listenerFaults(section))
    if (isSound('gateway') && isSound('store')) this.report(main, gatewayFaults(section, main.file, this.sources.files))
    if (parts.every((part) => part.section.apis === undefined) && this.located.length === 0) {
      this.report(main, [{ code: 'missing-key', path: [], message: "the configuration needs the key 'apis': without APIs nothing is served" }])
    }
    return { resolved: this.apis(parts, listenersAreSound ? section : undefined), directory: this.directory(parts) }
  }

  private apis(parts: readonly Part[], main: MainSection | undefined): ResolvedApis {
    const ownAddresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
    const resolved = resolveApis({
      apis: this.entries(parts, 'apis').map(([name, document, api, path]) => ({ name, document, api, path })),
      versions: this.versions(parts),
      patches: this.entries(parts, 'patches').map(([name, document, patch, path]) => ({ name, document, patch, path })),
      apiNames: parts.flatMap(({ document }) => namesOf(document, 'apis')),
      versionNames: versionNames(parts),
      sources: this.sources,
      catalogue: this.options.policies,
      nowMs: this.options.nowMs,
      selfFault: (upstream) => main && selfFault(upstream, main, ownAddresses),
    })
    for (const { document, fault } of resolved.faults) this.report(document, [fault])
    this.note(resolved.notices)
    this.located.push(...resolved.located)
    return resolved
  }

  /** As `entries`, one level deeper: several files may each hold versions of one API. */
  private versions(parts: readonly Part[]): PlacedVersion[] {
    const first = new Map<string, string>()
    const placed: PlacedVersion[] = []
    for (const { document, section } of parts) {
      for (const [api, versions] of Object.entries(section.versions ?? {})) {
        for (const [version, value] of Object.entries(versions ?? {})) {
          const path: Path = ['versions', api, version]
          const known = first.get(versionApi(api, version))
          first.set(versionApi(api, version), known ?? document.file)
          if (known !== undefined)
            this.report(document, [{ code: 'duplicate-name', path, atKey: true, message: `'${api}' has a version '${version}' already, in ${known}` }])
          else if (this.faulty.isSound(document, path)) placed.push({ api, version, section: value as VersionSection, document, path })
        }
      }
    }
    return placed
  }

  /** What stands under /.well-known/. A contact that has expired is no longer told, and no reason not to start (RFC 9116 5.3). */
  private documents({ securityTxt }: MainSection, { listed }: ResolvedApis, main: SourceDocument): WellKnownDocument[] {
    const documents: WellKnownDocument[] = []
    const catalog = apiCatalog(listed, this.options.nowMs)
    if (catalog) documents.push(catalog)
    if (securityTxt && securityTxt.expires > this.options.nowMs) documents.push(securityTxtDocument(securityTxt))
    else if (securityTxt) {
      const message = 'security.txt has expired and is not served: check that its contacts still hold, and write a new date'
      this.note([{ document: main, fault: { code: 'expired-security-txt', path: ['securityTxt', 'expires'], message } }])
    }
    return documents
  }
  private note(notices: readonly PlacedFault[]): void {
    for (const { document, fault } of notices) this.notices.push(locate(document, fault))
  }

  private directory(parts: readonly Part[]): DirectoryContent {
    const placed: PlacedConsumer[] = []
    for (const [name, document, consumer, path] of this.entries(parts, 'consumers')) placed.push({ name, document, consumer, path })
    const apis = parts.flatMap(({ document }) => namesOf(document, 'apis'))
    for (const [api, versions] of versionNames(parts)) if (apis.includes(api)) apis.push(...versions.map((version) => versionApi(api, version)))
    const { content, faults, notices } = resolveConsumers(placed, apis, this.options.nowMs)
    for (const { document, fault } of faults) this.report(document, [fault])
    this.note(notices)
    return content
  }

  /** The sound entries of a section over all files; a name that stands in two files is a fault at the second. */
  private entries<K extends 'apis' | 'consumers' | 'patches'>(
    parts: readonly Part[],
    key: K,
  ): [name: string, document: SourceDocument, value: NonNullable<Part['section'][K]>[string], path: Path][] {
    const first = new Map<string, string>()
    return parts.flatMap(({ document, section }) =>
      Object.entries(section[key] ?? {}).flatMap(([name, value]): ReturnType<typeof this.entries<K>> => {
        const path: Path = [key, name]
        const known = first.get(name)
        first.set(name, known ?? document.file)
        if (known === undefined) return this.faulty.isSound(document, path) ? [[name, document, value as NonNullable<Part['section'][K]>[string], path]] : []
        this.report(document, [{ code: 'duplicate-name', path, atKey: true, message: `'${name}' is defined already, in ${known}` }])
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

/** The versions of each API, as written in all files. */
function versionNames(parts: readonly Part[]): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const { document } of parts) {
    for (const [api, versions] of Object.entries(members(members<'versions'>(document.value).versions)))
      names.set(api, [...(names.get(api) ?? []), ...Object.keys(members(versions))])
  }
  return names
}

/** Names as written, whether or not what they name is sound: a consumer may still refer to them. */
const namesOf = ({ value }: SourceDocument, key: string): string[] => Object.keys((value as Record<string, object | undefined> | undefined)?.[key] ?? {})

interface Part {
  readonly document: SourceDocument
  readonly section: Pick<MainSection, 'apis' | 'versions' | 'consumers' | 'patches'>
}
