// Remembers what the file said each time it was published: history is whole, and the file stays the owner.
import type { Store, Writing } from '../../ports/store.ts'
import { commit, effective, type ProposedChange } from './commit.ts'
import { type CatalogObject, keyOf } from './kinds.ts'
import type { Revision } from './records.ts'
import { digestOf, isTextKind, readHead, readState, type State, stateDigest } from './state.ts'

const FILE_ACTOR = { kind: 'file', id: 'file' } as const

/** Makes a revision of what is different from the last time; undefined when nothing is. `within` runs in its transaction, for the trail. */
export function recordFile(
  store: Store,
  objects: readonly CatalogObject[],
  nowMs: number,
  within?: (writing: Writing, revision: Revision) => Promise<void>,
): Promise<Revision | undefined> {
  return store.write(async (writing) => {
    const head = await readHead(writing)
    const before = await readState(writing, 'file')
    const named = new Set(objects.map(keyOf))
    const gone: ProposedChange[] = [...before.values()].filter((each) => !named.has(keyOf(each))).map(({ kind, name }) => ({ kind, name }))
    const changes = effective(before, [...objects, ...gone])
    if (changes.length === 0) return undefined
    const message = head.fileDigest === stateDigest(new Map()) ? 'the file is read for the first time' : 'an edit of the file'
    const revision = await commit(writing, head, before, { owner: 'file', author: FILE_ACTOR, message, nowMs, changes })
    await within?.(writing, revision)
    return revision
  })
}

/** One digest over objects, whichever machine and folder they were read on. */
export const digestOfObjects = (objects: readonly CatalogObject[]): string =>
  stateDigest(
    new Map(objects.map((object) => [keyOf(object), { ...object, digest: digestOf(object.value, isTextKind(object.kind)), stored: object }])) satisfies State,
  )
