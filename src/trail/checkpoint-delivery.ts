// Sends checkpoints out: to a webhook, or to a witness that signs them too (c2sp.org/tlog-witness, the log's side).
import { hash } from 'node:crypto'
import { type Egress, EgressFailed, EgressRefused, type OutboundResponse } from '../ports/egress.ts'
import { collection, type Store } from '../ports/store.ts'
import { parseSize, type SignedCheckpoint } from './checkpoint.ts'
import { attachCosignatures } from './checkpoints.ts'
import { consistencyProof } from './merkle-proofs.ts'
import { formatNote, NOTE_LENGTH_MAX, parseSignatureLines } from './note.ts'
import { formatNoteKey, type NoteKey } from './note-key.ts'
import { nodesOf } from './records.ts'
import { formatAddCheckpoint } from './witness-request.ts'

/** `failed`: it may be tried again. `refused`: who was asked, or the guard of the way out, said no. */
export type Delivery = 'delivered' | { readonly failed: string } | { readonly refused: string }

const TIMEOUT_MS = 10_000

/** Posts the note as plain text. Any answer of 200 to 299 is taken for received. */
export async function postCheckpoint(egress: Egress, url: string, { note }: SignedCheckpoint): Promise<Delivery> {
  const answer = await fetched(egress, url, 'text/plain; charset=utf-8', formatNote(note))
  if ('failed' in answer || 'refused' in answer) return answer
  return answer.status >= 200 && answer.status < 300 ? 'delivered' : asRefused(answer)
}

export interface WitnessAddress {
  /** The submission prefix: `add-checkpoint` is asked for below it. */
  readonly url: string
  readonly key: NoteKey
}
/** How large the tree was that a witness signed last. */
const WITNESSED = collection<{ readonly size: number }>('trail-witnessed')
const witnessedKey = (key: NoteKey): string => hash('sha256', formatNoteKey(key), 'hex')

/**
 * Has a witness sign a checkpoint that is kept, and keeps the signature with it. Reads and writes in transactions of its own: nobody waits inside one
 * for an answer from outside. `refused` with `rolled-back` or `split-view` is an alarm: the witness has seen more of this log than is left, or another.
 */
export async function submitToWitness(store: Store, egress: Egress, witness: WitnessAddress, checkpoint: SignedCheckpoint): Promise<Delivery> {
  let old = await store.read(async (reading) => (await reading.get(WITNESSED, witnessedKey(witness.key)))?.size ?? 0)
  // The witness knows best what it has seen: its answer to a wrong size is the right one, and is asked for only once.
  for (let attempt = 0; attempt < 2; attempt++) {
    if (old > checkpoint.size) return { refused: `rolled-back: the witness has signed ${old} entries, and this checkpoint is of ${checkpoint.size}` }
    const from = old
    const proof = await store.read((reading) => consistencyProof(nodesOf(reading), from, checkpoint.size))
    const body = formatAddCheckpoint({ old, proof, checkpoint })
    const answer = await fetched(egress, `${witness.url.replace(/\/$/, '')}/add-checkpoint`, 'text/plain; charset=utf-8', body)
    if ('failed' in answer || 'refused' in answer) return answer
    if (answer.status === 200) return keepAnswer(store, witness.key, checkpoint, answer)
    const known = answer.status === 409 ? parseSize(textOf(answer).replace(/\n$/, '')) : undefined
    if (known === undefined) return asRefused(answer)
    if (known === old) return { refused: `split-view: the witness has signed another tree of ${known} entries` }
    old = known
  }
  return { failed: 'the witness was asked by somebody else at the same time' }
}

async function keepAnswer(store: Store, key: NoteKey, { size }: SignedCheckpoint, answer: OutboundResponse): Promise<Delivery> {
  const signatures = parseSignatureLines(textOf(answer))
  if (signatures === undefined) return { refused: 'the witness answered with something else than signatures' }
  return store.write(async (writing) => {
    if ((await attachCosignatures(writing, size, signatures, [key])) === 0) return { refused: 'the signature of the witness does not verify under its key' }
    writing.put(WITNESSED, witnessedKey(key), { size })
    return 'delivered'
  })
}

async function fetched(egress: Egress, url: string, type: string, body: string): Promise<OutboundResponse | { failed: string } | { refused: string }> {
  try {
    return await egress.fetch({ method: 'POST', url, headers: { 'content-type': type }, body, timeoutMs: TIMEOUT_MS, bytesMax: NOTE_LENGTH_MAX })
  } catch (cause) {
    if (cause instanceof EgressRefused) return { refused: cause.message }
    if (cause instanceof EgressFailed) return { failed: cause.message }
    throw cause
  }
}
const asRefused = ({ status }: OutboundResponse): Delivery => ({ refused: `answered with status ${status}` })
const textOf = ({ body }: OutboundResponse): string => Buffer.from(body).toString('utf8')
