// Erasing after a restore: personal fields that two people had erased since the back-up was made are erased in it too, by the same two and for the same reason.
import type { Store } from '../ports/store.ts'
import { ERASE } from './acts.ts'
import { type Erasure, erasedFields } from './erasure.ts'
import { rootAt } from './merkle-proofs.ts'
import { frontierOf, nodesOf, OPENINGS, openingKey, readHead } from './records.ts'
import { searchTrail } from './search.ts'
import type { Trail } from './trail.ts'

const PAGE = 100

/** Answers how many fields. None when the trail of `replaced` does not continue that of `restored`: its entries are then others. */
export async function eraseAgain(restored: Store, trail: Trail, replaced: Store, nowMs: number): Promise<number> {
  const [head, last] = await Promise.all([restored.read(readHead), replaced.read(readHead)])
  if (head === undefined || last === undefined || last.origin !== head.origin || last.size < head.size) return 0
  const root = await replaced.read((reading) => rootAt(nodesOf(reading), head.size))
  if (!root.equals(frontierOf(head).root())) return 0
  let count = 0
  for (let from: number | undefined = head.size; from !== undefined; ) {
    const start: number = from
    const page = await replaced.read((reading) => searchTrail(reading, { act: ERASE, outcome: 'done', from: start, oldestFirst: true, limit: PAGE }))
    for (const { actor, detail = {} } of page.entries) {
      const { approvedBy, reason } = detail
      const fields = (erasedFields(actor, detail) ?? []).filter(({ index }) => index < head.size)
      count += await erase(
        restored,
        trail,
        { fields, requestedBy: actor, approvedBy: { kind: 'person', id: String(approvedBy) }, reason: String(reason) },
        nowMs,
      )
    }
    from = page.next
  }
  return count
}

function erase(restored: Store, trail: Trail, erasure: Erasure, nowMs: number): Promise<number> {
  return restored.write(async (writing) => {
    const fields = []
    for (const field of erasure.fields) if ((await writing.get(OPENINGS, openingKey(field.index, field.name))) !== undefined) fields.push(field)
    if (fields.length === 0) return 0
    const outcome = await trail.erase(writing, { ...erasure, fields }, nowMs)
    if ('refused' in outcome) throw new Error(`what was erased since the back-up cannot be erased in it (${outcome.refused})`)
    return fields.length
  })
}
