// The checkpoints that are kept: read them, and put the signatures of witnesses beside the log's own.
import type { Reading, Writing } from '../ports/store.ts'
import { parseCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import { formatNote, type NoteSignature, SIGNATURES_MAX } from './note.ts'
import { checkSignature, type NoteKey } from './note-key.ts'
import { CHECKPOINTS, indexKey } from './records.ts'

/** The checkpoint of this size, if one is kept. */
export async function readCheckpoint(reading: Reading, size: number): Promise<SignedCheckpoint | undefined> {
  const kept = await reading.get(CHECKPOINTS, indexKey(size))
  return kept && parseCheckpoint(kept.note)
}

/** The newest ones first, below a size; at most 1,000. */
export async function readCheckpoints(reading: Reading, limit: number, below?: number): Promise<readonly SignedCheckpoint[]> {
  const range = { reverse: true, limit, ...(below !== undefined && { before: indexKey(below) }) }
  return (await reading.scan(CHECKPOINTS, range)).flatMap(({ value }) => parseCheckpoint(value.note) ?? [])
}

/**
 * Keeps the signatures of witnesses that verify for the checkpoint of this size; lines of other keys are passed over, as C2SP says. A newer signature
 * of a witness takes the place of its older one. Returns how many were kept.
 */
export async function attachCosignatures(writing: Writing, size: number, signatures: readonly NoteSignature[], witnesses: readonly NoteKey[]): Promise<number> {
  const checkpoint = await readCheckpoint(writing, size)
  if (checkpoint === undefined) return 0
  const { text } = checkpoint.note
  let kept = checkpoint.note.signatures
  let count = 0
  for (const witness of witnesses) {
    const isTheirs = ({ name, keyId }: NoteSignature): boolean => name === witness.name && keyId === witness.id
    const mine = signatures.filter(isTheirs).slice(0, 1)
    if (checkSignature({ text, signatures: mine }, witness) !== 'good') continue
    kept = [...kept.filter((each) => !isTheirs(each)), ...mine]
    count++
  }
  if (kept.length > SIGNATURES_MAX) throw new Error(`a checkpoint has at most ${SIGNATURES_MAX} signatures`)
  if (count > 0) writing.put(CHECKPOINTS, indexKey(size), { note: formatNote({ text, signatures: kept }) })
  return count
}
