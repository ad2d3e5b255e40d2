// A witness: signs the checkpoints of other Gatehouses' trails, each only when it continues the last one that it signed (c2sp.org/tlog-witness).
import { hash } from 'node:crypto'
import { randomSecret } from '../base/ids.ts'
import type { Envelope } from '../ports/envelope.ts'
import { collection, type Reading, type Writing } from '../ports/store.ts'
import { HASH_OCTETS } from './merkle-hash.ts'
import { verifyConsistency } from './merkle-verification.ts'
import { formatNote, formatSignature } from './note.ts'
import {
  checkSignature,
  cosignText,
  formatNoteKey,
  LOG_KEY,
  type NoteKey,
  type NoteSigner,
  noteSigner,
  parseNoteKey,
  SEED_OCTETS,
  WITNESS_KEY,
} from './note-key.ts'
import type { KeyRecord } from './records.ts'
import type { Random } from './trail.ts'
import { parseAddCheckpoint } from './witness-request.ts'

/** A log that is witnessed: whose keys are trusted for it, and what was signed last. */
export interface WitnessedLog {
  readonly origin: string
  readonly keys: readonly string[]
  readonly size: number
  /** Base64; of the empty tree nothing is signed. */
  readonly root?: string
  /** The last note that was signed: with a later one that contradicts it, proof that the log lied. */
  readonly note?: string
}
export const WITNESSED_LOGS = collection<WitnessedLog>('witness-log')
export const WITNESS_KEYS = collection<KeyRecord>('witness-key')

/** What to answer over HTTP. The caller says `alarm` aloud: somebody showed a signed tree that does not continue the one before. */
export type WitnessAnswer =
  | { readonly status: 200; readonly contentType: 'text/plain; charset=utf-8'; readonly body: string }
  | { readonly status: 400 | 403 | 404 | 422; readonly reason: string; readonly alarm?: true }
  | { readonly status: 409; readonly contentType: 'text/x.tlog.size'; readonly body: string; readonly alarm?: true }

export type FollowRefusal = { readonly refused: 'not-a-log-key' | 'too-many-keys' | 'too-many-logs' }
const KEYS_MAX = 16
/** As many as one answer tells: none is followed that nobody sees. */
export const LOGS_MAX = 1000
const THE_KEY = 'key'
export const WITNESS_SEALED_PLACE = 'witness-key/key'

export class Witness {
  private readonly envelope: Envelope
  private readonly random: Random

  constructor(envelope: Envelope, random: Random = randomSecret) {
    this.envelope = envelope
    this.random = random
  }

  /** The witness's key, to be given to those who verify; made at first use. Not the trail's own: C2SP wants a key for each thing that is said. */
  async key(writing: Writing): Promise<NoteKey> {
    return (await this.signer(writing)).key
  }

  /** From now on signs for this log, whose name stands in its key. A further key of the same name is one it rotated to: both are then trusted. */
  async follow(writing: Writing, keyText: string): Promise<WitnessedLog | FollowRefusal> {
    const key = parseNoteKey(keyText)
    if (key === undefined || key.type !== LOG_KEY) return { refused: 'not-a-log-key' }
    const found = await writing.get(WITNESSED_LOGS, logKey(key.name))
    if (!found && (await writing.scan(WITNESSED_LOGS, { limit: LOGS_MAX })).length === LOGS_MAX) return { refused: 'too-many-logs' }
    const known = found ?? { origin: key.name, keys: [], size: 0 }
    const keys = known.keys.includes(keyText) ? known.keys : [...known.keys, keyText]
    if (keys.length > KEYS_MAX) return { refused: 'too-many-keys' }
    const log = { ...known, keys }
    writing.put(WITNESSED_LOGS, logKey(key.name), log)
    return log
  }

  /** Answers add-checkpoint. What it signs it remembers in the same transaction, so that no crash and no race makes it sign two trees. */
  async addCheckpoint(writing: Writing, body: string, nowMs: number): Promise<WitnessAnswer> {
    const request = parseAddCheckpoint(body)
    if (request === undefined) return { status: 400, reason: 'the body is no request to add a checkpoint' }
    const { old, proof, checkpoint } = request
    const log = await writing.get(WITNESSED_LOGS, logKey(checkpoint.origin))
    if (log === undefined || log.origin !== checkpoint.origin) return { status: 404, reason: 'this log is not witnessed here' }
    const checks = log.keys.map((key) => checkSignature(checkpoint.note, parseNoteKey(key)!))
    if (checks.includes('wrong') || !checks.includes('good')) return { status: 403, reason: 'no key that is trusted for this log has signed the checkpoint' }
    if (old > checkpoint.size) return { status: 400, reason: 'the old size is above the size of the checkpoint' }
    const root = checkpoint.root.toString('base64')
    // The size is told to whoever is behind, or would like to be: a rollback gets no further than this.
    if (old !== log.size) return conflict(log.size, false)
    if (old === checkpoint.size && log.root !== undefined && log.root !== root) return conflict(log.size, true)
    const before = Buffer.from(log.root ?? '', 'base64')
    if (log.root !== undefined && before.length !== HASH_OCTETS) throw new Error('what the witness remembers is broken')
    const continues = log.root === undefined ? proof.length === 0 : verifyConsistency(old, checkpoint.size, before, checkpoint.root, proof)
    if (!continues) return { status: 422, reason: 'the proof does not show that this tree continues the last one', alarm: true }
    const signature = cosignText(await this.signer(writing), checkpoint.note.text, Math.floor(nowMs / 1000))
    writing.put(WITNESSED_LOGS, logKey(log.origin), { ...log, size: checkpoint.size, root, note: formatNote(checkpoint.note) })
    return { status: 200, contentType: 'text/plain; charset=utf-8', body: formatSignature(signature) }
  }

  private async signer(writing: Writing): Promise<NoteSigner> {
    const kept = await writing.get(WITNESS_KEYS, THE_KEY)
    if (kept?.sealed !== undefined) return noteSigner(parseNoteKey(kept.key)!.name, WITNESS_KEY, this.envelope.open(kept.sealed, WITNESS_SEALED_PLACE))
    const seed = this.random(SEED_OCTETS)
    const signer = noteSigner(`gatehouse.witness/${Buffer.from(this.random(16)).toString('hex')}`, WITNESS_KEY, seed)
    writing.put(WITNESS_KEYS, THE_KEY, { key: formatNoteKey(signer.key), sealed: this.envelope.seal(seed, WITNESS_SEALED_PLACE) })
    return signer
  }
}

/** The witness's public key as text, if it was made yet. */
export const readWitnessKey = async (reading: Reading): Promise<string | undefined> => (await reading.get(WITNESS_KEYS, THE_KEY))?.key

/** Every log that is witnessed here. */
export const readWitnessedLogs = async (reading: Reading): Promise<readonly WitnessedLog[]> =>
  (await reading.scan(WITNESSED_LOGS, { limit: LOGS_MAX })).map(({ value }) => value)

const conflict = (size: number, isAlarm: boolean): WitnessAnswer => ({
  status: 409,
  contentType: 'text/x.tlog.size',
  body: `${size}\n`,
  ...(isAlarm && { alarm: true }),
})
/** Origins may hold what keys of the store may not. */
const logKey = (origin: string): string => hash('sha256', origin, 'hex')
