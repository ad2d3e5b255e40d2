// What several APIs and consumers name: address lists, sets of policies, upstreams, trust stores and plans, looked up with the nearest name when there is none.
import { type Fault, type Path, suggestion } from '../../base/fault.ts'
import { readTrustStore } from '../../certificates/trust-store.ts'
import type { Upstream } from '../../model/snapshot.ts'
import type { AnyPolicy, ListName } from '../../pipeline/contract.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import { fileBeside, type Sources } from '../reading/sources.ts'
import type { Attachment, Attachments } from '../sections/attachments.ts'
import type { PlanSection, SharedSections } from '../sections/shared-schema.ts'
import { UpstreamResolution } from './upstream-resolution.ts'

export type SharedSection = keyof SharedSections
type Value<K extends SharedSection> = NonNullable<SharedSections[K]>[string]

/** One sound entry of a section, with its place. */
export type Entry<T> = readonly [name: string, document: SourceDocument, value: T, path: Path]

/** What the resolver knows of its documents. */
export interface Reader {
  entries<K extends SharedSection>(key: K): readonly Entry<Value<K>>[]
  /** Names as written, whether or not what they name is sound. */
  names(key: SharedSection | 'apis'): readonly string[]
  report(document: SourceDocument, faults: readonly Fault[]): void
  notice(document: SourceDocument, fault: Fault): void
  /** Private networks that upstreams of the console may lead to. */
  readonly allowPrivate: readonly string[]
  /** That this Gatehouse listens on. */
  readonly ownPorts: readonly number[]
}

const CALLED = {
  addressLists: { code: 'unknown-address-list', what: 'address list' },
  policySets: { code: 'unknown-policy-set', what: 'policy set' },
  upstreams: { code: 'unknown-upstream', what: 'upstream' },
  trustStores: { code: 'unknown-trust-store', what: 'trust store' },
  plans: { code: 'unknown-plan', what: 'plan' },
} as const satisfies Record<SharedSection, { code: string; what: string }>

export class SharedObjects {
  readonly addressLists: ReadonlyMap<string, readonly string[]>
  readonly policySets: ReadonlyMap<string, Attachments>
  readonly upstreams: ReadonlyMap<string, Upstream>
  /** Resolves upstreams, those without a name too. */
  readonly upstream: UpstreamResolution
  readonly plans: ReadonlyMap<string, PlanSection>
  /** Certificates in PEM form by store. */
  readonly trustStores: ReadonlyMap<string, readonly string[]>
  private readonly written: { readonly [K in SharedSection]: readonly string[] }

  constructor(reader: Reader, sources: Sources, nowMs: number) {
    const written = (key: SharedSection): readonly string[] => reader.names(key)
    this.written = {
      addressLists: written('addressLists'),
      policySets: written('policySets'),
      upstreams: written('upstreams'),
      trustStores: written('trustStores'),
      plans: written('plans'),
    }
    const mapOf = <K extends SharedSection, T>(key: K, turn: (value: Value<K>, entry: Entry<Value<K>>) => T): Map<string, T> =>
      new Map(reader.entries(key).map((entry) => [entry[0], turn(entry[2], entry)]))
    this.addressLists = mapOf('addressLists', (networks) => networks)
    this.policySets = mapOf('policySets', ({ policies }, [, document]) => {
      reader.report(document, this.listFaults(policies))
      return policies
    })
    this.plans = mapOf('plans', (plan, [, document, , path]) => {
      reader.report(document, planFaults(plan, path, reader.names('apis')))
      return plan
    })
    this.trustStores = mapOf('trustStores', ({ certificates }, [, document, , path]) => trusted(certificates, document, path, reader, sources, nowMs))
    this.upstream = new UpstreamResolution({
      allowPrivate: reader.allowPrivate,
      ownPorts: reader.ownPorts,
      texts: sources.certificates,
      trustStores: this.trustStores,
      missingStore: (name, path) => this.missing('trustStores', name, path),
      report: reader.report,
      notice: reader.notice,
      nowMs,
    })
    this.upstreams = mapOf('upstreams', (upstream, [, document, , path]) => this.upstream.resolve(document, upstream, path))
  }

  /** A fault when no entry of the section has this name; an entry that is unsound was told of where it stands. */
  missing(section: SharedSection, name: string, path: Path): Fault | undefined {
    if (this.written[section].includes(name)) return undefined
    const { code, what } = CALLED[section]
    return { code, path, message: `there is no ${what} '${name}'${suggestion(name, this.written[section])}` }
  }

  /** Names of address lists and trust stores that policies use and nobody defined, each at its place. */
  listFaults(attachments: Attachments): Fault[] {
    const all = Object.values(attachments).flatMap((each) => each || [])
    return all.flatMap((attachment) => {
      const missing = (section: SharedSection) => (named: ListName) => this.missing(section, named.name, [...attachment.path, ...named.path]) ?? []
      return [...listsOf(attachment).flatMap(missing('addressLists')), ...storesOf(attachment).flatMap(missing('trustStores'))]
    })
  }
}

export const listsOf = ({ policy, read }: Attachment): readonly ListName[] => (policy as AnyPolicy).addressLists?.(read) ?? []
const storesOf = ({ policy, read }: Attachment): readonly ListName[] => (policy as AnyPolicy).trustStores?.(read) ?? []

function planFaults({ limits, apis = [] }: PlanSection, path: Path, known: readonly string[]): Fault[] {
  const faults: Fault[] = []
  for (const [i, api] of apis.entries()) {
    if (!known.includes(api)) faults.push({ code: 'unknown-api', path: [...path, 'apis', i], message: `there is no API '${api}'${suggestion(api, known)}` })
  }
  for (const [i, { name, window }] of limits.entries()) {
    const again = limits.findIndex((other) => (name === undefined ? other.name === undefined && other.window === window : other.name === name)) < i
    const message = name === undefined ? 'two limits over one window need names of their own' : `the limit '${name}' stands here twice`
    if (again) faults.push({ code: 'duplicate-item', path: [...path, 'limits', i], message })
  }
  return faults
}

function trusted(
  certificates: Value<'trustStores'>['certificates'],
  document: SourceDocument,
  path: Path,
  reader: Reader,
  sources: Sources,
  nowMs: number,
): readonly string[] {
  const at: Path = [...path, 'certificates']
  const text = typeof certificates === 'string' ? certificates : sources.certificates.get(fileBeside(document, certificates.file))
  // A file that cannot be read was reported when it was read.
  if (text === undefined) return []
  const reading = readTrustStore(text, nowMs)
  const { faults, expired } = reading
  reader.report(
    document,
    faults.map((fault) => ({ ...fault, path: at })),
  )
  for (const message of expired) reader.notice(document, { code: 'expired-certificate', path: at, message })
  return reading.certificates
}
