// Which key signs which part of a log, as the log itself tells it: its first entry names the first key, each rotation the next.
import { BEGIN, ROTATE } from './acts.ts'
import type { SignedCheckpoint } from './checkpoint.ts'
import type { TrailEntry } from './entry.ts'
import { checkSignature, formatNoteKey, LOG_KEY, type NoteKey, parseNoteKey } from './note-key.ts'

/** Follows the keys while entries and checkpoints go by in order. A key is only ever replaced under the signature of the one before. */
export class KeyHistory {
  private readonly fault: (code: string, message: string) => void
  private current: NoteKey | undefined
  /** The key that must sign beside the new one, at this size, so that whoever trusts it may trust the new one. */
  private handover: { readonly from: NoteKey; readonly size: number } | undefined

  constructor(fault: (code: string, message: string) => void) {
    this.fault = fault
  }

  entry({ act, outcome, detail = {} }: TrailEntry, index: number, origin: string | undefined): void {
    if (this.handover && index >= this.handover.size) this.noHandover()
    const begins = act === BEGIN && outcome === 'done'
    if (begins !== (index === 0)) this.fault('bad-beginning', 'a log begins with the entry that names it and its key, and only there')
    if (begins) {
      const key = keyIn(detail['key'], origin)
      if (key === undefined || detail['origin'] !== origin) this.fault('another-log', 'the first entry names another log than the header, or no key')
      else this.current ??= key
    } else if (act === ROTATE && outcome === 'done') {
      const next = keyIn(detail['to'], origin)
      if (this.current === undefined || next === undefined || detail['from'] !== formatNoteKey(this.current))
        this.fault('bad-rotation', 'a rotation names the key so far and the next one')
      else {
        this.handover = { from: this.current, size: index + 1 }
        this.current = next
      }
    }
  }

  /** True when the checkpoint is signed by the key that signs at its size, and at a handover by both. */
  checkpoint({ size, note }: SignedCheckpoint): boolean {
    const keys = this.current === undefined ? [] : [this.current]
    if (this.handover?.size === size) keys.push(this.handover.from)
    const good = keys.length > 0 && keys.every((key) => checkSignature(note, key) === 'good')
    if (!good) this.fault('wrong-signature', `the checkpoint of ${size} entries is not signed by the key that signs here`)
    else if (this.handover?.size === size) this.handover = undefined
    return good
  }

  /** True when the key that signs here signed it. */
  isSigned({ note }: SignedCheckpoint): boolean {
    return this.current !== undefined && checkSignature(note, this.current) === 'good'
  }

  end(): void {
    if (this.handover) this.noHandover()
  }

  private noHandover(): void {
    this.handover = undefined
    this.fault('no-handover', 'the key was replaced, and no checkpoint with the signature of the old one says so')
  }
}

function keyIn(text: unknown, origin: string | undefined): NoteKey | undefined {
  const key = typeof text === 'string' ? parseNoteKey(text) : undefined
  // The name of a log's key is its origin: a key of another log is none of this one's.
  return key?.type === LOG_KEY && key.name === origin ? key : undefined
}
