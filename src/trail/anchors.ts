// What an auditor brings from outside, without which an export can only be shown to agree with itself.
import type { SignedCheckpoint } from './checkpoint.ts'
import type { Hash } from './merkle-hash.ts'
import { checkSignature, formatNoteKey, LOG_KEY, type NoteKey } from './note-key.ts'

export interface Anchors {
  /** Checkpoints that were remembered: from a file, a webhook, a witness. */
  readonly checkpoints: readonly SignedCheckpoint[]
  /** Keys that are trusted: of the log, or of witnesses. */
  readonly keys: readonly NoteKey[]
}
/** Up to which size something from outside vouches for the entries. */
export interface Anchored {
  readonly by: 'checkpoint' | 'key' | 'witness'
  /** The key, or the size of the checkpoint. */
  readonly what: string
  readonly size: number
}

/** Holds the roots and the signatures of an export, as they go by in order, against what came from outside. */
export class AnchorCheck {
  private readonly fault: (code: string, message: string) => void
  private readonly keys: readonly NoteKey[]
  private readonly remembered: Map<number, readonly SignedCheckpoint[]>
  /** The last signed checkpoint on which each key's signature was found. */
  private readonly signedBy = new Map<NoteKey, number>()
  private readonly met: number[] = []

  constructor({ checkpoints, keys }: Anchors, fault: (code: string, message: string) => void) {
    this.fault = fault
    this.keys = keys
    this.remembered = Map.groupBy(checkpoints, ({ size }) => size)
  }

  header(origin: string): void {
    const foreign = [...this.remembered.values()].flat().some((each) => each.origin !== origin)
    if (foreign) this.fault('another-log', 'a remembered checkpoint is of another log')
  }

  /** The tree has this size; `rootHere` computes its root and `isSigned` tells whether the key that signs here signed a checkpoint. */
  tree(size: number, rootHere: () => Hash, isSigned: (checkpoint: SignedCheckpoint) => boolean): void {
    const expected = this.remembered.get(size)
    if (expected === undefined) return
    this.remembered.delete(size)
    const root = rootHere()
    for (const checkpoint of expected) {
      const fits = checkpoint.root.equals(root)
      if (isSigned(checkpoint)) {
        // Signatures of witnesses that were remembered count, also where the export itself lacks them.
        if (fits) this.signed(checkpoint)
        else
          this.fault(
            'split-view',
            `this log has signed two histories of ${size} entries: these are not those of the remembered checkpoint, and its key signed both`,
          )
      } else if (fits) this.fault('wrong-signature', `the remembered checkpoint of ${size} entries is not signed by the key of this log`)
      else {
        const what = `the first ${size} entries are not those of the remembered checkpoint, and another key signed it`
        this.fault('other-history', `${what}: all of this may have been written anew`)
      }
    }
    this.met.push(size)
  }

  /** A checkpoint of the export, whose root and signature were found right. */
  signed({ size, note }: SignedCheckpoint): void {
    for (const key of this.keys) {
      const check = checkSignature(note, key)
      if (check === 'good') this.signedBy.set(key, size)
      else if (check === 'wrong') this.fault('wrong-signature', `the signature of ${key.name} on the checkpoint of ${size} entries does not verify`)
    }
  }

  end(size: number): readonly Anchored[] {
    for (const missed of this.remembered.keys()) {
      if (missed > size) this.fault('truncated', `the remembered checkpoint is of ${missed} entries, and here are only ${size}`)
    }
    const anchored: Anchored[] = this.met.map((met) => ({ by: 'checkpoint', what: `${met}`, size: met }))
    for (const key of this.keys) {
      const signed = this.signedBy.get(key)
      if (signed === undefined) this.fault('unknown-key', `no checkpoint of this export is signed with ${formatNoteKey(key)}`)
      else anchored.push({ by: key.type === LOG_KEY ? 'key' : 'witness', what: formatNoteKey(key), size: signed })
    }
    return anchored
  }
}
