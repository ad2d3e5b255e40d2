// What the tests of the catalog are made of: a file without a disk, objects, people, and a catalog on any store.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { MemoryStore } from '../../../adapters/memory/store.ts'
import type { Actor } from '../../../model/trail-event.ts'
import type { Store } from '../../../ports/store.ts'
import { inlineDocuments } from '../../reading/inline-documents.ts'
import { CONFIGURATION_CAPS, parseText } from '../../reading/source-document.ts'
import type { Sources } from '../../reading/sources.ts'
import { type CatalogOptions, CatalogPublishing } from '../catalog-publishing.ts'
import type { ProposedChange } from '../commit.ts'
import { textDigest } from '../contents.ts'
import { type CatalogObject, configurationOf } from '../kinds.ts'
import type { Proposal } from '../publish.ts'
import { rollbackTo } from '../rollback.ts'
import { readHead } from '../state.ts'

/** The sources of one file that is nowhere. */
export function sourcesOf(text: string): Sources {
  const file = join('/', 'nowhere', 'gatehouse.yaml')
  const main = parseText(file, text, CONFIGURATION_CAPS, false)
  const openapi = new Map(inlineDocuments(main))
  const faults = [...main.faults, ...[...openapi.values()].flatMap((document) => document.faults)]
  return { main, included: [], openapi, certificates: new Map(), policyFiles: [], faults, files: [file], folders: [], digest: textDigest(text) }
}

/** A file with these objects, and the few lines that a file has besides. */
export const fileOf = (objects: readonly CatalogObject[], rest: object = {}): Sources =>
  sourcesOf(JSON.stringify({ gatehouse: 1, ...rest, apis: {}, ...configurationOf(objects) }))

export const person = (id: string): Actor => ({ kind: 'person', id })
export const ada = person('person_ada')
export const bob = person('person_bob')
export const cleo = person('person_cleo')

export const api = (name: string, more: object = {}): CatalogObject => ({
  kind: 'api',
  name,
  value: { path: `/${name}`, public: true, upstream: 'http://books.example', ...more },
})
export const consumer = (name: string, ...apis: string[]): CatalogObject => ({ kind: 'consumer', name, value: { apis } })
export const openapi = (name: string, ...paths: string[]): CatalogObject => ({
  kind: 'document',
  name,
  value: `openapi: 3.1.0\ninfo: { title: ${name}, version: "1" }\npaths:\n${paths.map((path) => `  ${path}: { get: {} }\n`).join('')}`,
})

export interface Opened {
  readonly catalog: CatalogPublishing
  /** What went live, the newest last: names of APIs. */
  readonly lives: string[][]
}

/** Throws when the file alone does not start. */
export async function openCatalog(store: Store, sources: Sources, options: Partial<CatalogOptions> = {}): Promise<Opened> {
  const lives: string[][] = []
  const opened = await CatalogPublishing.open(
    {
      ...{ store, policies: [], cores: 1, nodeId: 'node_a', nowMs: () => 1_000_000 },
      live: async ({ snapshot }) => void lives.push(snapshot.apis.map(({ name }) => name)),
      ...options,
    },
    sources,
  )
  if (!opened.ok) throw new Error(`the file does not start: ${opened.faults.map(({ code }) => code).join(' ')}`)
  return { catalog: opened.catalog, lives }
}

export const anyone = { mayApprove: () => true }

/** A catalog in memory, with the ways to use it in one line. */
export async function start(fileObjects: readonly CatalogObject[] = [], rest: object = {}) {
  const store = new MemoryStore()
  const opened = await openCatalog(store, fileOf(fileObjects, rest))
  const base = async (): Promise<number> => (await store.read(readHead)).revision
  const proposal = async (changes: readonly ProposedChange[], from?: number): Promise<Proposal> => ({
    author: ada,
    message: 'a change',
    base: from ?? (await base()),
    changes,
  })
  const publish = async (...changes: readonly ProposedChange[]) => opened.catalog.publish(await proposal(changes), anyone)
  const drift = () => store.read((reading) => opened.catalog.drift(reading))
  const rollback = async (to: number) => {
    const made = await store.read((reading) => rollbackTo(reading, { to, author: ada, nowMs: 1 }))
    assert.ok(!('refused' in made))
    return opened.catalog.publish(made, anyone)
  }
  return { store, ...opened, base, proposal, publish, drift, rollback }
}
/** What came of it, which must not be a refusal. */
export function done<T extends object>(outcome: T): Exclude<T, { readonly refused: string }> {
  assert.ok(!('refused' in outcome), JSON.stringify(outcome))
  return outcome as Exclude<T, { readonly refused: string }>
}
export const refusedAs = (outcome: object): string => ('refused' in outcome ? String(outcome.refused) : 'done')
