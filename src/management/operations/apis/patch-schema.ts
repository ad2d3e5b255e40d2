// A virtual patch as it is made and told, and where the operations on one find it.

import type { Fault } from '../../../base/fault.ts'
import { boolean, type Infer, list, object, oneOf, optional, string } from '../../../base/schema.ts'
import { keyOf } from '../../../catalog/revisions/kinds.ts'
import { OBJECTS, type Owner, type StoredObject } from '../../../catalog/revisions/records.ts'
import { readObject } from '../../../catalog/revisions/state.ts'
import { patches as patchesSchema } from '../../../catalog/sections/patch-schema.ts'
import { VERSION, VERSION_MEANS } from '../../../catalog/sections/version-name.ts'
import { everyEntry, type Reading } from '../../../ports/store.ts'
import { anyValue, etagText, ownerWord, revisionNumber } from '../../catalog/shapes.ts'
import { line, moment, momentOf, nameText } from '../../texts.ts'

export const PATCHES_MAX = 2000
const version = string({ pattern: VERSION, maxLength: 32, means: VERSION_MEANS, describe: 'One version of it; left out: all.' })
export const patchName = nameText('The patch’s name.')
export const patchParameters = object({ api: nameText('The API.'), patch: patchName })

const shape = {
  version: optional(version),
  operation: optional(line(512, 'The operation, by operationId or as "GET /books/{id}"; left out: every operation.')),
  policy: line(64, 'A policy that can refuse, and does not identify: a patch tightens.'),
  config: anyValue('The configuration of that policy.'),
  reason: string({ pattern: /\S/, maxLength: 1000, means: 'a sentence', describe: 'Why it is there.' }),
  reference: optional(line(200, 'What it answers: a CVE, a finding.')),
}
const modeWord = oneOf(['enforce', 'monitor'], 'monitor decides and records, and lets pass.')
export const newPatch = object({
  ...shape,
  name: optional(patchName),
  mode: optional(modeWord, 'enforce'),
  expires: moment('From then on it does nothing.'),
})
export type NewPatch = Infer<typeof newPatch>

export const patchSchema = object({
  ...shape,
  name: patchName,
  api: nameText('The API that is patched.'),
  mode: modeWord,
  expires: moment('From then on it does nothing.'),
  expired: boolean('It has ended and does nothing: take it out.'),
  owner: ownerWord,
  revision: revisionNumber,
  etag: etagText('To remove it by.'),
})
export const patchList = list(patchSchema, { max: PATCHES_MAX })
export type ToldPatch = Infer<typeof patchSchema>

export interface FoundPatch {
  readonly owner: Owner
  readonly stored: StoredObject
}

/** A patch by its name, whoever owns it. */
export async function findPatch(reading: Reading, name: string): Promise<FoundPatch | undefined> {
  for (const owner of ['console', 'file'] as const) {
    const stored = await readObject(reading, owner, keyOf({ kind: 'patch', name }))
    if (stored) return { owner, stored }
  }
  return undefined
}

/** Those of one API, by name. */
export async function patchesOf(reading: Reading, api: string, nowMs: number): Promise<ToldPatch[]> {
  const told: ToldPatch[] = []
  for (const owner of ['console', 'file'] as const)
    for await (const { value: stored } of everyEntry(reading, OBJECTS, `${owner}/patch/`)) {
      const each = shownPatch({ owner, stored }, nowMs)
      if (each?.api === api) told.push(each)
    }
  return told.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, PATCHES_MAX)
}

/** Undefined for what is no patch by the schema of the configuration: it is reported as a fault of the catalog, and does not stand for any API. */
export function shownPatch({ owner, stored: { name, digest: etag, revision, stored } }: FoundPatch, nowMs: number): ToldPatch | undefined {
  const faults: Fault[] = []
  const { [name]: patch } = patchesSchema.read({ [name]: 'value' in stored ? stored.value : undefined }, [], faults)
  if (faults.length > 0 || !patch) return undefined
  const { expires, ...rest } = patch
  return { ...rest, name, expires: momentOf(expires), expired: expires <= nowMs, owner, revision, etag }
}
