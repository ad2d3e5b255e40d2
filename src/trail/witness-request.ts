// What a log sends to a witness (c2sp.org/tlog-witness, add-checkpoint): the size it saw last, a proof, and the new checkpoint.
import { parseCheckpoint, parseSize, type SignedCheckpoint } from './checkpoint.ts'
import { HASH_OCTETS, type Hash } from './merkle-hash.ts'
import { PROOF_LENGTH_MAX } from './merkle-verification.ts'
import { decodeBase64, formatNote, NOTE_LENGTH_MAX } from './note.ts'

export interface AddCheckpoint {
  readonly old: number
  readonly proof: readonly Hash[]
  readonly checkpoint: SignedCheckpoint
}

export const ADD_CHECKPOINT_OCTETS_MAX = NOTE_LENGTH_MAX + 4096

export const formatAddCheckpoint = ({ old, proof, checkpoint }: AddCheckpoint): string =>
  `old ${old}\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${formatNote(checkpoint.note)}`

/** The request, or undefined when the body is none. */
export function parseAddCheckpoint(body: string): AddCheckpoint | undefined {
  if (body.length > ADD_CHECKPOINT_OCTETS_MAX) return undefined
  const gap = body.indexOf('\n\n')
  const [first = '', ...lines] = body.slice(0, Math.max(gap, 0)).split('\n')
  const old = first.startsWith('old ') ? parseSize(first.slice(4)) : undefined
  const checkpoint = gap < 0 ? undefined : parseCheckpoint(body.slice(gap + 2))
  if (old === undefined || checkpoint === undefined || lines.length > PROOF_LENGTH_MAX) return undefined
  const proof: Hash[] = []
  for (const line of lines) {
    const hash = decodeBase64(line)
    if (hash?.length !== HASH_OCTETS) return undefined
    proof.push(hash)
  }
  return { old, proof, checkpoint }
}
