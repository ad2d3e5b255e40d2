// The trail: takes what operators did, inside the transaction that does it, and signs where it stands.
import { hash } from 'node:crypto'
import { canonicalJson } from '../base/canonical-json.ts'
import { randomSecret } from '../base/ids.ts'
import type { Actor, TrailEvent } from '../model/trail-event.ts'
import type { Envelope } from '../ports/envelope.ts'
import type { Reading, Writing } from '../ports/store.ts'
import { BEGIN, OWN_ACTS, ROTATE } from './acts.ts'
import { formatCheckpoint, parseCheckpoint, type SignedCheckpoint } from './checkpoint.ts'
import { entryOf, PERSONAL_FIELDS_MAX, type TrailEntry } from './entry.ts'
import { type Erasure, type ErasureRefusal, erasureEvent, erasureRefusal } from './erasure.ts'
import { Frontier, leafHash } from './merkle-hash.ts'
import { formatNote } from './note.ts'
import { formatNoteKey, LOG_KEY, type NoteSigner, noteSigner, SEED_OCTETS, signText } from './note-key.ts'
import { openingDigest, openingOf, SALT_OCTETS } from './opening.ts'
import {
  CHECKPOINTS,
  ENTRIES,
  frontierOf,
  HEAD,
  HEAD_KEY,
  HEAD_PLACE,
  type Head,
  indexKey,
  KEYS,
  MENTIONS,
  mentionPrefix,
  OPENINGS,
  openingKey,
  readHead,
  sealedPlace,
} from './records.ts'

/** The end of the trail is not where this Gatehouse left it: somebody wrote to the store. Nothing more is added or signed, and so nothing is done. */
export class AlteredTrail extends Error {
  constructor() {
    super('the trail in the store was altered by somebody without the envelope key')
    this.name = 'AlteredTrail'
  }
}

type UnsealedHead = Omit<Head, 'seal'>
const headDigest = (head: UnsealedHead): Buffer => hash('sha256', canonicalJson(head), 'buffer')

export type Random = (octets: number) => Uint8Array
/** Hears of every entry in the transaction that adds it, whichever way it came; what it throws takes the entry and the act back. */
export type Told = (writing: Writing, entry: TrailEntry) => Promise<void>
const SYSTEM: Actor = { kind: 'system', id: 'system' }

/** Whatever it knows stands in the store, so that several nodes may write to one trail. */
export class Trail {
  private readonly envelope: Envelope
  private readonly told: Told
  private readonly random: Random
  private readonly turns = new WeakMap<Writing, Promise<unknown>>()

  /** `told` has no default: who opens a trail says who hears of it. */
  constructor(envelope: Envelope, told: Told, random: Random = randomSecret) {
    this.envelope = envelope
    this.told = told
    this.random = random
  }

  /**
   * Adds an entry, in the caller's transaction: the act and its entry are kept together or not at all. Returns the entry's index. Throws when the event
   * cannot be told (an act without the form of one, a detail that is no JSON): the caller lets it fall, and with it the transaction and the act.
   */
  async append(writing: Writing, event: TrailEvent, nowMs: number): Promise<number> {
    if (event.outcome === 'done' && OWN_ACTS.has(event.act)) throw new TypeError(`only the trail itself writes ${event.act}`)
    return this.inTurn(writing, async () => this.add(writing, await this.headOf(writing, nowMs), event, nowMs))
  }

  /** Erases the openings of personal fields and says so in an entry, whose index it returns; or refuses and changes nothing. */
  async erase(writing: Writing, erasure: Erasure, nowMs: number): Promise<{ readonly index: number } | ErasureRefusal> {
    return this.inTurn(writing, async () => {
      const refusal = await erasureRefusal(writing, erasure)
      if (refusal) return refusal
      const index = await this.add(writing, await this.headOf(writing, nowMs), erasureEvent(erasure), nowMs)
      for (const field of erasure.fields) writing.remove(OPENINGS, openingKey(field.index, field.name))
      return { index }
    })
  }

  /** The checkpoint of all entries so far: the one that is kept, or a new one, signed and kept. Undefined while there is no entry. */
  async checkpoint(writing: Writing): Promise<SignedCheckpoint | undefined> {
    return this.inTurn(writing, async () => {
      const checkpoint = await this.signedHead(writing)
      if (checkpoint) keep(writing, checkpoint)
      return checkpoint
    })
  }

  /** The same without keeping a new one: for an export, which reads. */
  async signedHead(reading: Reading): Promise<SignedCheckpoint | undefined> {
    const head = await this.readSealedHead(reading)
    if (head === undefined) return undefined
    const kept = await reading.get(CHECKPOINTS, indexKey(head.size))
    return kept ? parseCheckpoint(kept.note) : sign(head, [await this.signer(reading, head)])
  }

  /**
   * From here on another key signs. The entry that says so is covered at once by a checkpoint that both keys sign: whoever trusts the old key learns the
   * new one from it. The private half of the old key is then forgotten.
   */
  async rotateKey(writing: Writing, actor: Actor, nowMs: number): Promise<SignedCheckpoint> {
    return this.inTurn(writing, async () => {
      const before = await this.headOf(writing, nowMs)
      const old = await this.signer(writing, before)
      const next = this.makeKey(writing, before.origin)
      const detail = { from: formatNoteKey(old.key), to: formatNoteKey(next.key) }
      await this.add(writing, { ...before, keyId: next.key.id }, { act: ROTATE, actor, outcome: 'done', detail }, nowMs)
      writing.put(KEYS, old.key.id, { key: formatNoteKey(old.key) })
      const checkpoint = sign((await readHead(writing))!, [old, next])
      keep(writing, checkpoint)
      return checkpoint
    })
  }

  /** One after the other within a transaction: two that read the same head would take the same place, and the first would be lost. */
  private inTurn<T>(writing: Writing, work: () => Promise<T>): Promise<T> {
    const mine = (this.turns.get(writing) ?? Promise.resolve()).then(work, work)
    this.turns.set(writing, mine)
    return mine
  }

  private async add(writing: Writing, head: UnsealedHead, event: TrailEvent, now: number): Promise<number> {
    const index = head.size
    const nowMs = Math.floor(now)
    const timeMs = Math.max(nowMs, head.timeMs)
    const fields = Object.entries(event.personal ?? {})
    if (fields.length > PERSONAL_FIELDS_MAX) throw new TypeError(`an entry has at most ${PERSONAL_FIELDS_MAX} personal fields`)
    const openings = fields.map(([name, value]) => ({ name, opening: openingOf(value, this.random(SALT_OCTETS)) }))
    const personal = Object.fromEntries(openings.map(({ name, opening }) => [name, openingDigest(name, opening)]))
    const entry = entryOf(event, { index, timeMs, clockMs: nowMs, personal })
    // Nothing is written before it is certain that all of it will be: a caller may catch what is thrown and go on.
    for (const { name, opening } of openings) writing.put(OPENINGS, openingKey(index, name), opening)
    const frontier = frontierOf(head)
    const nodes = frontier.append(leafHash(Buffer.from(canonicalJson(entry))))
    writing.put(ENTRIES, indexKey(index), { entry, nodes: nodes.map(base64) })
    const mention = (prefix: string): void => writing.put(MENTIONS, prefix + indexKey(index), 0)
    mention(mentionPrefix('actor', entry.actor.id))
    mention(mentionPrefix('noun', nounOf(entry.act)))
    if (entry.object) mention(mentionPrefix('object', entry.object.kind, entry.object.name))
    const { origin, keyId } = head
    const next = { origin, size: frontier.size, timeMs, peaks: frontier.hashes.map(base64), keyId }
    writing.put(HEAD, HEAD_KEY, { ...next, seal: this.envelope.seal(headDigest(next), HEAD_PLACE) })
    await this.told(writing, entry)
    return index
  }

  private async readSealedHead(reading: Reading): Promise<Head | undefined> {
    const head = await readHead(reading)
    if (head === undefined) return undefined
    const { seal, ...rest } = head
    if (!headDigest(rest).equals(this.envelope.open(seal, HEAD_PLACE))) throw new AlteredTrail()
    return head
  }

  /** Where the trail ends; on the very first use it begins, with an entry that names the log and its key. */
  private async headOf(writing: Writing, nowMs: number): Promise<Head> {
    const head = await this.readSealedHead(writing)
    if (head) return head
    const origin = `gatehouse.trail/${Buffer.from(this.random(16)).toString('hex')}`
    const { key } = this.makeKey(writing, origin)
    const { hashes } = new Frontier()
    const empty: UnsealedHead = { origin, size: 0, timeMs: 0, peaks: hashes.map(base64), keyId: key.id }
    await this.add(writing, empty, { act: BEGIN, actor: SYSTEM, outcome: 'done', detail: { origin, key: formatNoteKey(key) } }, nowMs)
    return (await readHead(writing))!
  }

  private makeKey(writing: Writing, origin: string): NoteSigner {
    const seed = this.random(SEED_OCTETS)
    const signer = noteSigner(origin, LOG_KEY, seed)
    writing.put(KEYS, signer.key.id, { key: formatNoteKey(signer.key), sealed: this.envelope.seal(seed, sealedPlace(signer.key.id)) })
    return signer
  }

  private async signer(reading: Reading, { origin, keyId }: UnsealedHead): Promise<NoteSigner> {
    const record = await reading.get(KEYS, keyId)
    if (record?.sealed === undefined) throw new Error('the key that signs the trail is not in the store')
    return noteSigner(origin, LOG_KEY, this.envelope.open(record.sealed, sealedPlace(keyId)))
  }
}

const base64 = (octets: Buffer): string => octets.toString('base64')
export const nounOf = (act: string): string => act.slice(0, act.indexOf('.'))

function sign(head: UnsealedHead, signers: readonly NoteSigner[]): SignedCheckpoint {
  const { origin, size } = head
  const root = frontierOf(head).root()
  const text = formatCheckpoint({ origin, size, root })
  return { origin, size, root, note: { text, signatures: signers.map((signer) => signText(signer, text)) } }
}

const keep = (writing: Writing, { size, note }: SignedCheckpoint): void => writing.put(CHECKPOINTS, indexKey(size), { note: formatNote(note) })
