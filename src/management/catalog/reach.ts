// How far an operator reaches into the catalog: objects that belong to APIs by the owners of these, before and after a change, and all others only whole.

import { inlineName } from '../../catalog/reading/inline-documents.ts'
import { members } from '../../catalog/reading/members.ts'
import type { ProposedChange } from '../../catalog/revisions/commit.ts'
import { KINDS, type Kind, keyOf, kindNamed } from '../../catalog/revisions/kinds.ts'
import { OBJECTS } from '../../catalog/revisions/records.ts'
import { readHead } from '../../catalog/revisions/state.ts'
import { apiOf } from '../../model/names.ts'
import { type Operator, reachesApi, reachOf } from '../../model/operator.ts'
import type { Permission } from '../../model/permissions.ts'
import { everyEntry, type Reading } from '../../ports/store.ts'

/** The permission for what belongs to an API, and for what APIs share. */
const NEEDED = {
  read: ['apis:read', 'catalog:read'],
  write: ['apis:write', 'catalog:write'],
  publish: ['apis:publish', 'catalog:write'],
  approve: ['apis:approve', 'catalog:read'],
  patch: ['apis:patch', 'catalog:write'],
} as const satisfies Record<string, readonly [Permission, Permission]>
export type CatalogVerb = keyof typeof NEEDED

/** `hidden`: it belongs to others as it is now. `beyond`: it would belong to others, or be made of what does. */
export type Touch = 'within' | 'hidden' | 'beyond'

/** The APIs that both owners have now: whose each is, and which refer to a document of the catalog. */
export interface Landscape {
  readonly owners: ReadonlyMap<string, string | undefined>
  readonly users: ReadonlyMap<string, ReadonlySet<string>>
  readonly documents: ReadonlySet<string>
  /** By object that protects APIs, such as a patch: which ones it protects now. */
  readonly guarded: ReadonlyMap<string, readonly string[]>
}
const EMPTY: Landscape = { owners: new Map(), users: new Map(), documents: new Set(), guarded: new Map() }

const ownerOf = (value: unknown): string | undefined => {
  const { owner } = members<'owner'>(value)
  return typeof owner === 'string' ? owner : undefined
}
const TEXT_KIND = KINDS.find(({ isText }) => isText)!.kind

/**
 * The APIs that an object belongs to by its kind and name; undefined: it is shared. Documents belong to those that refer to them, what protects an API to
 * those that it protects and to those that it did: `guarded`.
 */
function apisOf({ kind, name, value }: ProposedChange, guarded: Landscape['guarded'] = EMPTY.guarded): readonly string[] | undefined {
  const known = kindNamed(kind)
  if (kind === 'api') return [name]
  if (known?.guards) return [...new Set([...(guarded.get(keyOf({ kind, name })) ?? []), ...(value === undefined ? [] : guardedBy(known, name, value))])]
  return known?.levels === 2 ? [apiOf(name)] : undefined
}
const guardedBy = ({ guards }: Kind, name: string, value: unknown): readonly string[] => (guards?.(name, value) ?? []).map(apiOf)

/** The name of the document that the object is made of. */
function documentOf({ kind, value }: ProposedChange): string | undefined {
  const { openapi } = members<'openapi'>(kindNamed(kind)?.hasOpenapi ? value : undefined)
  const prefix = inlineName('')
  return typeof openapi === 'string' && openapi.startsWith(prefix) ? openapi.slice(prefix.length) : undefined
}

/** What is changed together, found by what is asked of it: a draft can hold many thousand changes. */
export class Together {
  /** By API that is changed itself: who owns it then; nobody when it is removed. */
  readonly owners = new Map<string, (string | undefined)[]>()
  /** By document: the APIs that are made of it then. */
  readonly users = new Map<string, Set<string>>()

  constructor(changes: Iterable<ProposedChange>) {
    for (const change of changes) {
      if (change.kind === 'api') {
        const owners = this.owners.get(change.name) ?? []
        if (change.value !== undefined) owners.push(ownerOf(change.value))
        this.owners.set(change.name, owners)
      }
      const document = documentOf(change)
      if (document === undefined) continue
      const users = this.users.get(document) ?? new Set()
      for (const api of apisOf(change) ?? []) users.add(api)
      this.users.set(document, users)
    }
  }
}

export class CatalogReach {
  private readonly operator: Operator
  private readonly landscape: Landscape

  private constructor(operator: Operator, landscape: Landscape) {
    this.operator = operator
    this.landscape = landscape
  }

  /** What there is now is looked at only for those whose reach hangs on it. */
  static async of(operator: Operator, reading: Reading): Promise<CatalogReach> {
    const isWhole = Object.values(NEEDED).every((both) => reachOf(operator, both[0]) === undefined || both.every((each) => reachOf(operator, each) === 'all'))
    return new CatalogReach(operator, isWhole ? EMPTY : await landscapeNow(reading))
  }

  /** True when nothing of the catalog is kept from them. */
  hasAll(verb: CatalogVerb): boolean {
    return NEEDED[verb].every((each) => reachOf(this.operator, each) === 'all')
  }

  /** Whether an object that is there now lies within reach. */
  includes(verb: CatalogVerb, object: ProposedChange): boolean {
    return this.touch(verb, object, new Together([object]), false) === 'within'
  }

  /** Whether all of it does. */
  includesAll(verb: CatalogVerb, changes: readonly ProposedChange[], isMine: boolean): boolean {
    if (this.hasAll(verb)) return true
    const all = new Together(changes)
    return changes.every((change) => this.touch(verb, change, all, isMine) === 'within')
  }

  /** `all`: everything that is changed, this as well. `isMine`: they are an author, who may keep a document that nothing refers to yet. */
  touch(verb: CatalogVerb, change: ProposedChange, all: Together, isMine: boolean): Touch {
    if (this.hasAll(verb)) return 'within'
    const own = NEEDED[verb][0]
    if (change.kind === TEXT_KIND) return this.touchDocument(verb, change.name, all, isMine)
    const apis = apisOf(change, this.landscape.guarded)
    if (apis === undefined) return reachOf(this.operator, NEEDED[verb][1]) === 'all' ? 'within' : 'hidden'
    if (apis.length === 0 || !apis.every((api) => this.reachesBefore(own, api, all))) return 'hidden'
    if (!apis.every((api) => this.reachesAfter(own, api, all))) return 'beyond'
    const document = documentOf(change)
    return document === undefined || this.touchDocument(verb, document, all, true) === 'within' ? 'within' : 'beyond'
  }

  /** A document is theirs when all that refers to it is. */
  private touchDocument(verb: CatalogVerb, name: string, all: Together, isMine: boolean): Touch {
    const own = NEEDED[verb][0]
    const before = [...(this.landscape.users.get(name) ?? [])]
    const after = [...(all.users.get(name) ?? [])]
    if (before.length === 0 && this.landscape.documents.has(name)) return reachOf(this.operator, NEEDED[verb][1]) === 'all' ? 'within' : 'hidden'
    if (!before.every((api) => this.reachesBefore(own, api))) return 'hidden'
    if (!after.every((api) => this.reachesAfter(own, api, all))) return 'hidden'
    return before.length + after.length > 0 || (isMine && reachOf(this.operator, own) !== undefined) ? 'within' : 'hidden'
  }

  /** What is not there yet is nobody's, unless it would belong to an API that is not there either. */
  private reachesBefore(permission: Permission, api: string, all?: Together): boolean {
    const { owners } = this.landscape
    if (owners.has(api)) return reachesApi(this.operator, permission, api, owners.get(api))
    return all?.owners.has(api) === true
  }
  private reachesAfter(permission: Permission, api: string, all: Together): boolean {
    const owners = all.owners.get(api) ?? [this.landscape.owners.get(api)]
    return owners.every((owner) => reachesApi(this.operator, permission, api, owner))
  }
}

/** The newest landscape that was looked at: it is the same as long as what both owners have is, and there can be many thousand objects in it. */
let newest: { readonly digests: string; readonly landscape: Landscape } | undefined

async function landscapeNow(reading: Reading): Promise<Landscape> {
  const { digest, fileDigest } = await readHead(reading)
  const digests = `${digest}/${fileDigest}`
  if (newest?.digests !== digests) newest = { digests, landscape: await landscapeOf(reading) }
  return newest.landscape
}

async function landscapeOf(reading: Reading): Promise<Landscape> {
  const owners = new Map<string, string | undefined>()
  const users = new Map<string, Set<string>>()
  const documents = new Set<string>()
  const guarded = new Map<string, readonly string[]>()
  for await (const { value: object } of everyEntry(reading, OBJECTS)) {
    const { kind, name, stored } = object
    if (kind === TEXT_KIND) documents.add(name)
    if (!('value' in stored)) continue
    const change = { kind, name, value: stored.value }
    if (kind === 'api') owners.set(name, ownerOf(stored.value))
    const known = kindNamed(kind)
    if (known?.guards) guarded.set(keyOf(object), guardedBy(known, name, stored.value))
    const document = documentOf(change)
    if (document === undefined) continue
    const apis = users.get(document) ?? new Set<string>()
    for (const api of apisOf(change) ?? [keyOf(change)]) apis.add(api)
    users.set(document, apis)
  }
  return { owners, users, documents, guarded }
}

/** For four eyes: whether somebody with these grants may approve changes of an API, by every team that owns it, before or after. */
export function mayApproveApis(operator: Operator, apis: readonly string[], ownersOf: (api: string) => readonly (string | undefined)[]): boolean {
  return apis.every((api) => ownersOf(api).every((owner) => reachesApi(operator, NEEDED.approve[0], api, owner)))
}
