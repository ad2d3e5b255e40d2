// Writes the trail out as one self-contained file that anyone can verify without this Gatehouse: JSON lines, each in its canonical form.
import { canonicalJson } from '../base/canonical-json.ts'
import { type Reading, SCAN_LIMIT_MAX } from '../ports/store.ts'
import { timeOf } from './entry.ts'
import { formatNote } from './note.ts'
import { CHECKPOINTS, ENTRIES, indexKey, OPENINGS, readHead } from './records.ts'
import type { Trail } from './trail.ts'

export const FORMAT = 'gatehouse-trail/1'

/**
 * The lines of an export, each ended by a line feed: `header`; each `entry`, its `opening`s by name, the `checkpoint` of the tree that it completes;
 * `end`. The last checkpoint covers every entry. Holds one page at a time. Must be read to its end inside the transaction that `reading` belongs to.
 * Without an entry there is nothing to export, and no line.
 */
export async function* exportTrail(trail: Trail, reading: Reading, nowMs: number): AsyncGenerator<string> {
  const head = await readHead(reading)
  const last = await trail.signedHead(reading)
  if (head === undefined || last === undefined) return
  yield line({ kind: 'header', format: FORMAT, origin: head.origin, size: head.size, written: timeOf(nowMs) })
  for (let start = 0; start < head.size; start += SCAN_LIMIT_MAX) {
    const after = start === 0 ? {} : { after: indexKey(start - 1) }
    // The next page's first key is the bound: an opening's key begins with its entry's.
    const before = indexKey(start + SCAN_LIMIT_MAX)
    const entries = await reading.scan(ENTRIES, { ...after, before, limit: SCAN_LIMIT_MAX })
    const checkpoints = new Map(
      (await reading.scan(CHECKPOINTS, { after: indexKey(start), before: indexKey(start + SCAN_LIMIT_MAX + 1), limit: SCAN_LIMIT_MAX })).map(
        ({ key, value }) => [Number(key), value.note],
      ),
    )
    const openings = openingsFrom(reading, indexKey(start), before)
    let opening = await openings.next()
    for (const { key, value } of entries) {
      yield line({ kind: 'entry', entry: value.entry })
      for (; opening.value?.key.startsWith(key); opening = await openings.next())
        yield line({ kind: 'opening', index: Number(key), name: opening.value.key.slice(key.length + 1), ...opening.value.value })
      const note = checkpoints.get(Number(key) + 1)
      if (note !== undefined && Number(key) + 1 < head.size) yield line({ kind: 'checkpoint', note })
    }
  }
  yield line({ kind: 'checkpoint', note: formatNote(last.note) })
  yield line({ kind: 'end', size: head.size, root: last.root.toString('hex') })
}

async function* openingsFrom(reading: Reading, from: string, before: string) {
  for (let after = from; ; ) {
    const page = await reading.scan(OPENINGS, { after, before, limit: SCAN_LIMIT_MAX })
    yield* page
    if (page.length < SCAN_LIMIT_MAX) return
    after = page.at(-1)!.key
  }
}

const line = (value: unknown): string => `${canonicalJson(value)}\n`
