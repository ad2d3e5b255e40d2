// Puts what operators wrote beside what came with the program: between reading the files and resolving what they say.
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { DocumentCache } from '../catalog/reading/document-cache.ts'
import { type LocatedFault, locate, sorted } from '../catalog/reading/located-fault.ts'
import { readSources, type Sources } from '../catalog/reading/sources.ts'
import { type Configuration, type Resolution, resolveSources } from '../catalog/resolving/resolve.ts'
import { LATER } from '../catalog/sections/attachments.ts'
import { POLICY_FILES_MAX } from '../catalog/sections/policy-files-schema.ts'
import { type Rehearsed, rehearse } from '../own-policies/examination.ts'
import { type Loading, PolicyRevisions } from '../own-policies/revisions.ts'
import type { AnyPolicy } from '../pipeline/contract.ts'
import { policies } from './compose.ts'
import type { Foundations } from './foundations.ts'

/** Names that no policy of an operator may have. */
export const takenNames: readonly string[] = [...policies.map(({ name }) => name), ...LATER]

/** Configurations that were compiled once, by digest. */
const REHEARSED_MAX = 10_000
const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64')

/** Threads that try policies. */
const AT_ONCE = 4

/** One a process. */
export const policyRevisions = (): PolicyRevisions => new PolicyRevisions(takenNames)

/** The same sources with the policies that they name, loaded, or with what is wrong with them. Never rejects. */
export async function withOwnPolicies(sources: Sources, revisions: PolicyRevisions): Promise<Sources> {
  const { main, policyFiles } = sources
  if (main === undefined || policyFiles.length === 0) return sources
  const own: AnyPolicy[] = []
  const faults: LocatedFault[] = []
  const places = new Map<string, string>()
  const files = policyFiles.slice(0, POLICY_FILES_MAX)
  const loadings: Loading[] = []
  for (let i = 0; i < files.length; i += AT_ONCE) loadings.push(...(await Promise.all(files.slice(i, i + AT_ONCE).map((file) => revisions.load(file)))))
  for (const [i, file] of files.entries()) {
    const loading = loadings[i]!
    const refuse = (code: string, message: string): void =>
      void faults.push(locate(main, { code, path: file.path, message: `${basename(file.file)}: ${message}` }))
    if ('faults' in loading) {
      for (const { code, message } of loading.faults) refuse(code, message)
      if (loading.known !== undefined && !own.some(({ name }) => name === loading.known!.name)) own.push(loading.known)
    } else if (places.has(loading.policy.name)) refuse('policy-name', `'${loading.policy.name}' is in ${places.get(loading.policy.name)} already`)
    else {
      places.set(loading.policy.name, file.file)
      own.push(loading.policy)
    }
  }
  return { ...sources, ownPolicies: own, faults: faults.length === 0 ? sources.faults : sorted([...sources.faults, ...faults]) }
}

/** Those of a running Gatehouse. */
export class OwnPolicies {
  readonly revisions = policyRevisions()
  private readonly told = new Set<string>()
  private readonly rehearsed = new Set<string>()

  read(file: string): Promise<Sources> {
    return this.load(readSources(file, new DocumentCache()))
  }
  load(sources: Sources): Promise<Sources> {
    return withOwnPolicies(sources, this.revisions)
  }

  /** Before a configuration goes live. Rejects with why it cannot. */
  async take(configuration: Configuration, foundations: Pick<Foundations, 'store' | 'trail'>, nowMs: number): Promise<void> {
    await this.rehearse(configuration)
    await this.log(configuration.ownPolicies, foundations, nowMs)
  }

  /** Own policies that are attached with something new are compiled with it where a loop costs nothing. */
  private async rehearse({ ownPolicies, snapshot }: Pick<Configuration, 'ownPolicies' | 'snapshot'>): Promise<void> {
    if (ownPolicies.length === 0) return
    const modules = new Map(this.revisions.handed(ownPolicies).map((each) => [each.revision, each.modules]))
    const fresh = new Map<string, Rehearsed>()
    for (const { policySets } of snapshot.apis)
      for (const { revision, config, scope } of policySets.flat()) {
        const known = revision === undefined ? undefined : modules.get(revision)
        if (known === undefined) continue
        const key = digestOf(`${revision}\0${JSON.stringify(config)}`)
        if (!this.rehearsed.has(key) && !fresh.has(key)) fresh.set(key, { modules: known, scope, config })
      }
    if (fresh.size === 0) return
    const faults = await rehearse([...fresh.values()])
    if (faults.length > 0) throw new Error(faults.join('\n  '))
    if (this.rehearsed.size > REHEARSED_MAX) this.rehearsed.clear()
    for (const key of fresh.keys()) this.rehearsed.add(key)
  }

  /** Writes into the trail which texts are taken up, before they serve: their code has all rights, so who asks later must find which code it was. */
  private async log(policies: readonly AnyPolicy[], { store, trail }: Pick<Foundations, 'store' | 'trail'>, nowMs: number): Promise<void> {
    const fresh = policies.filter(({ revision = '' }) => !this.told.has(revision))
    if (fresh.length === 0) return
    await store.write(async (writing) => {
      for (const { name, revision: digest = '' } of fresh) {
        const object = { kind: 'policy', name }
        await trail.append(writing, { act: 'policy.load', actor: { kind: 'file', id: 'file' }, outcome: 'done', object, detail: { digest } }, nowMs)
      }
    })
    for (const { revision = '' } of fresh) this.told.add(revision)
  }
}

/** Reads and resolves a configuration in one go, for a command: the policies that it names are loaded, and their examples run. */
export async function loadWhole(file: string, nowMs: number): Promise<Resolution> {
  return resolveSources(await withOwnPolicies(readSources(file, new DocumentCache()), policyRevisions()), { policies, nowMs })
}
