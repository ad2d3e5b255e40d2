// The text of a checkpoint (c2sp.org/tlog-checkpoint): which log, how many entries, and the root over them.
import { HASH_OCTETS, type Hash } from './merkle-hash.ts'
import { decodeBase64, type Note, parseNote } from './note.ts'

export interface Checkpoint {
  /** Names the log: `gatehouse.trail/<instance id>`. */
  readonly origin: string
  readonly size: number
  readonly root: Hash
}
/** A checkpoint with its note, whose signatures are yet to be verified. */
export interface SignedCheckpoint extends Checkpoint {
  readonly note: Note
}

export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string => `${origin}\n${size}\n${root.toString('base64')}\n`

/** The checkpoint, or undefined when the text is none. Extension lines of foreign logs are passed over; they are part of what is signed. */
export function parseCheckpoint(text: string): SignedCheckpoint | undefined {
  const note = parseNote(text)
  const [origin = '', sizeText = '', rootText = '', ...extensions] = note?.text.slice(0, -1).split('\n') ?? []
  const size = parseSize(sizeText)
  const root = decodeBase64(rootText)
  if (note === undefined || origin === '' || size === undefined || root?.length !== HASH_OCTETS || extensions.includes('')) return undefined
  return { origin, size, root, note }
}

/** ASCII decimal without leading zeroes, up to the largest whole number that is exact; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const size = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(size) ? size : undefined
}

export const CHECKPOINT_FILE_OCTETS_MAX = 16 * 1024 * 1024

/** The checkpoints of a file: notes one after the other, with or without empty lines between. Undefined when anything in it is no checkpoint. */
export function parseCheckpoints(text: string): readonly SignedCheckpoint[] | undefined {
  const found: SignedCheckpoint[] = []
  // A note ends where its lines of signatures do.
  for (const [note] of text.matchAll(/[^\n][\s\S]*?\n\n(?:\u2014 [^\n]*\n)+|[^\n][\s\S]*$/g)) {
    const checkpoint = parseCheckpoint(note)
    if (checkpoint === undefined) return undefined
    found.push(checkpoint)
  }
  return found.length === 0 ? undefined : found
}
