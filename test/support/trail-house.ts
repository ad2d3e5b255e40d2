// A trail with everything in it that one can have, for tests; and what a forger needs who holds its key.
import { createHash } from 'node:crypto'
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import { canonicalJson } from '../../src/base/canonical-json.ts'
import type { Actor, TrailEvent } from '../../src/model/trail-event.ts'
import { formatCheckpoint } from '../../src/trail/checkpoint.ts'
import { attachCosignatures } from '../../src/trail/checkpoints.ts'
import type { TrailEntry } from '../../src/trail/entry.ts'
import { exportTrail } from '../../src/trail/export.ts'
import { Frontier, leafHash } from '../../src/trail/merkle-hash.ts'
import { formatNote } from '../../src/trail/note.ts'
import { cosignText, LOG_KEY, type NoteSigner, noteSigner, signText, WITNESS_KEY } from '../../src/trail/note-key.ts'
import type { Opening } from '../../src/trail/opening.ts'
import { Trail } from '../../src/trail/trail.ts'
import { type Verdict, verifyExport } from '../../src/trail/verify.ts'
import { testEnvelope } from './envelope.ts'

export const ALICE: Actor = { kind: 'person', id: 'person_alice' }
export const BOB: Actor = { kind: 'person', id: 'person_bob' }
export const START_MS = Date.parse('2026-11-24T08:00:00Z')
export const WITNESS: NoteSigner = noteSigner('witness.example/w1', WITNESS_KEY, Buffer.alloc(32, 7))
/** The entry whose field `name` is erased, and the one that says so. */
export const ERASED = 12
export const ERASURE = 15
/** The rotation's entry; from the next size on the second key signs. */
export const ROTATION = 25
export const REMEMBERED = 30
export const SIZE = 40

/** Random octets that come again the same: what was built once can be built again, up to where it differs. */
export function seededRandom(seed: string): (octets: number) => Uint8Array {
  let count = 0
  return (octets) => {
    const drawn = createHash('shake256', { outputLength: octets }).update(`${seed} ${count++}`).digest()
    return drawn
  }
}

export interface TrailHouse {
  readonly store: MemoryStore
  readonly trail: Trail
  /** The keys of the log, the first and the one after the rotation. */
  readonly signers: readonly NoteSigner[]
}

/** 40 entries, signed at 10, 20, 26 (by both keys), 30 and 35; the last checkpoint carries a witness's signature. `told` may change what is said from some entry on. */
export async function trailHouse(told: (index: number) => string = () => 'as it was', seed = 'house'): Promise<TrailHouse> {
  const seeds: Uint8Array[] = []
  const random = seededRandom(seed)
  const store = new MemoryStore()
  const trail = new Trail(
    testEnvelope(Buffer.alloc(32, 3)),
    async () => {},
    (octets) => {
      const drawn = random(octets)
      if (octets === 32) seeds.push(drawn)
      return drawn
    },
  )
  let origin = ''
  await store.write(async (writing) => {
    for (let index = 1; index < SIZE; index++) {
      const nowMs = START_MS + index * 1000
      if (index === ERASURE)
        await trail.erase(writing, { fields: [{ index: ERASED, name: 'name' }], requestedBy: ALICE, approvedBy: BOB, reason: 'request 17' }, nowMs)
      else if (index === ROTATION) await trail.rotateKey(writing, ALICE, nowMs)
      else {
        await trail.append(
          writing,
          {
            act: index % 3 === 0 ? 'session.sign-in' : 'key.create',
            actor: index % 2 === 0 ? ALICE : BOB,
            outcome: 'done',
            object: { kind: 'key', name: `key-${index % 5}` },
            detail: { said: told(index) },
            ...(index % 4 === 0 && { personal: { name: `Name ${index}`, address: `203.0.113.${index}` } }),
          },
          nowMs,
        )
      }
      if ([9, 19, 29, 34, 39].includes(index)) origin = (await trail.checkpoint(writing))!.origin
    }
    const last = (await trail.checkpoint(writing))!
    await attachCosignatures(writing, SIZE, [cosignText(WITNESS, last.note.text, START_MS / 1000)], [WITNESS.key])
  })
  return { store, trail, signers: seeds.map((each) => noteSigner(origin, LOG_KEY, each)) }
}

export async function exportText({ store, trail }: TrailHouse): Promise<string> {
  let text = ''
  await store.read(async (reading) => {
    for await (const line of exportTrail(trail, reading, START_MS + 3_600_000)) text += line
  })
  return text
}

/** What a forger turns an export into, to write it anew. */
export interface Forgery {
  origin: string
  items: { entry: TrailEntry; openings: (Opening & { readonly name: string })[] }[]
  /** After which sizes a checkpoint is signed. */
  signedAt: number[]
  /** Who signs at a size. */
  signersAt: (size: number) => readonly NoteSigner[]
}

export function forgeryOf(text: string, signers: readonly NoteSigner[]): Forgery {
  const forgery: Forgery = {
    origin: signers[0]!.key.name,
    items: [],
    signedAt: [],
    signersAt: (size) => (size === ROTATION + 1 ? signers : [signers[size <= ROTATION ? 0 : 1]!]),
  }
  for (const line of text.trimEnd().split('\n')) {
    const { kind, entry, index: _, ...rest } = JSON.parse(line) as { kind: string; entry: TrailEntry; index: number } & Opening & { name: string }
    if (kind === 'entry') forgery.items.push({ entry, openings: [] })
    else if (kind === 'opening') forgery.items.at(-1)!.openings.push(rest)
    else if (kind === 'checkpoint') forgery.signedAt.push(forgery.items.length)
  }
  return forgery
}

/** An export that agrees with itself in every hash, signed by whoever the forger can sign as. */
export function forged({ origin, items, signedAt, signersAt }: Forgery): string {
  const frontier = new Frontier()
  const line = (value: unknown): string => `${canonicalJson(value)}\n`
  let text = line({ kind: 'header', format: 'gatehouse-trail/1', origin, size: items.length, written: new Date(START_MS).toISOString() })
  for (const { entry, openings } of items) {
    frontier.append(leafHash(Buffer.from(canonicalJson(entry))))
    text += line({ kind: 'entry', entry })
    for (const opening of openings) text += line({ kind: 'opening', index: entry.index, ...opening })
    const { size } = frontier
    if (!signedAt.includes(size)) continue
    const body = formatCheckpoint({ origin, size, root: frontier.root() })
    text += line({ kind: 'checkpoint', note: formatNote({ text: body, signatures: signersAt(size).map((signer) => signText(signer, body)) }) })
  }
  return text + line({ kind: 'end', size: frontier.size, root: frontier.root().toString('hex') })
}

/** A trail without an entry yet. */
export const newTrail = (): { store: MemoryStore; trail: Trail } => ({ store: new MemoryStore(), trail: new Trail(testEnvelope(), async () => {}) })

/** What the verifier says when nothing is brought along. */
export function verdictOf(text: string | Uint8Array): Promise<Verdict> {
  async function* chunks() {
    yield Buffer.from(text)
  }
  return verifyExport(chunks(), { checkpoints: [], keys: [] })
}
export const verdictOfTrail = async (store: MemoryStore, trail: Trail): Promise<Verdict> => verdictOf(await exportText({ store, trail, signers: [] }))

export const SIGN_IN: TrailEvent = { act: 'session.sign-in', actor: ALICE, outcome: 'done', personal: { name: 'Alice', address: '203.0.113.9' } }
