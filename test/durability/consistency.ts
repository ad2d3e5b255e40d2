// Holds the trail of a control plane against everything else in its store: each entry has its act, each act its entry, and nothing is there by half.
import assert from 'node:assert/strict'
import { assertTextsHeld } from '../../src/catalog/revisions/conformance/held-texts.ts'
import { verifyCatalog } from '../../src/catalog/revisions/verify.ts'
import type { StoredKey } from '../../src/directory/records.ts'
import { type Entry, everyEntry, type Reading } from '../../src/ports/store.ts'
import type { TrailEntry } from '../../src/trail/entry.ts'
import { exportTrail } from '../../src/trail/export.ts'
import type { Trail } from '../../src/trail/trail.ts'
import { verifyExport } from '../../src/trail/verify.ts'
import type { Did } from './acts.ts'

const DAY = /^\d{4}-\d\d-\d\d\//

/** Throws at the first thing that is not whole. Returns how many entries the trail has. */
export async function checkWhole(reading: Reading, trail: Trail, acknowledged: Iterable<Did>): Promise<number> {
  const entries = await verifiedEntries(reading, trail)
  const told = new Set(entries.map(({ act, object }) => `${act} ${object?.name}`))
  for (const { act, name } of acknowledged) assert.ok(told.has(`${act} ${name}`), `${act} of ${name} was acknowledged, and the trail does not know of it`)
  assert.deepEqual(await verifyCatalog(reading), [])
  await assertTextsHeld(reading)

  const named = async <T>(name: string): Promise<Entry<T>[]> => Array.fromAsync(everyEntry<T>(reading, { name }))
  const names = async (name: string): Promise<string[]> => (await named(name)).map(({ key }) => key)
  const made = (...acts: string[]): string[] => entries.filter(({ act }) => acts.includes(act)).map(({ object }) => object!.name)
  const same = (found: readonly string[], wanted: readonly string[], what: string): void => assert.deepEqual([...found].sort(), [...wanted].sort(), what)

  const gone = new Set(made('consumer.remove'))
  const consumers = made('consumer.create').filter((name) => !gone.has(name))
  same(await names('team'), made('team.create'), 'teams')
  same(await names('consumer'), consumers, 'consumers')
  same(
    await names('consumer-by-team'),
    consumers.map((name) => `${name}/${name}`),
    'consumers by team',
  )

  const keyEntries = entries.filter(({ act }) => act === 'key.create' || act === 'key.rotate')
  const lasting = keyEntries.filter(({ detail }) => !gone.has(String(detail?.['consumer'])))
  const keys = await named<StoredKey>('credential')
  const revoked = new Set(made('key.revoke'))
  same(
    keys.map(({ key }) => key),
    lasting.map(({ object, detail }) => String(detail?.['by'] ?? object!.name)),
    'keys',
  )
  same(
    keys.flatMap(({ value }) => (value.revoked ? [value.id] : [])),
    [...revoked],
    'revoked keys',
  )
  same(
    await names('credential-by-consumer'),
    keys.map(({ value }) => `${value.consumer}/${value.id}`),
    'keys by consumer',
  )
  const byTag = new Map((await named<string>('credential-by-tag')).map(({ key, value }) => [value, key]))
  same(
    [...byTag].map(([id, tag]) => `${id} ${tag}`),
    keys.map(({ value }) => `${value.id} ${value.tag}`),
    'keys by tag',
  )
  const days = (await names('credential-by-day')).map((key) => key.replace(DAY, ''))
  same(
    days,
    keys.flatMap(({ value }) => (value.revoked ? [] : [value.id])),
    'keys by day',
  )
  const refusedTags = new Set(await names('credential-revoked'))
  for (const { value } of keys) assert.equal(refusedTags.has(value.tag), value.revoked !== undefined, `the tag of ${value.id}`)
  assert.equal(refusedTags.size, revoked.size + keyEntries.length - lasting.length, 'tags that stay refused')
  const successors = new Map(entries.flatMap(({ act, object, detail }) => (act === 'key.rotate' ? [[object!.name, String(detail!['by'])]] : [])))
  for (const { value } of keys) assert.equal(value.replacedBy, successors.get(value.id), `what replaces ${value.id}`)

  const published = entries.flatMap(({ act, detail }) => (act === 'draft.publish' ? [String(detail!['draft'])] : []))
  const closed = new Set([...published, ...made('draft.discard')])
  const drafts = made('draft.create').filter((id) => !closed.has(id))
  same(await names('catalog-draft'), drafts, 'drafts')
  same(
    (await names('catalog-draft-change')).map((key) => key.slice(0, key.indexOf('/'))),
    made('draft.put').filter((id) => drafts.includes(id)),
    'changes of drafts',
  )
  const pruned = Math.max(0, ...made('catalog.prune').map(Number))
  same(
    (await names('catalog-revision')).map((key) => String(Number(key))),
    made('file.publish', 'draft.publish', 'catalog.apply', 'catalog.roll-back').filter((number) => Number(number) > pruned),
    'revisions',
  )

  same(await names('secret'), made('secret.put'), 'secrets')
  same(await names('person'), made('person.invite'), 'people')
  same(
    (await named<string>('person-mail')).map(({ value }) => value),
    made('person.invite'),
    'people by mail',
  )
  same(await names('person-link'), made('person.invite'), 'invitations by person')
  assert.equal((await names('sign-in-link')).length, made('person.invite').length, 'invitations')
  same(await names('machine-token'), made('token.mint'), 'tokens')
  same(
    (await named<string>('machine-token-digest')).map(({ value }) => value),
    made('token.mint'),
    'tokens by digest',
  )
  same(
    (await names('person-token')).map((key) => key.slice(key.indexOf('/') + 1)),
    made('token.mint'),
    'tokens by person',
  )
  return entries.length
}

/** The entries of an export that verifies: every leaf, opening and signature. */
async function verifiedEntries(reading: Reading, trail: Trail): Promise<readonly TrailEntry[]> {
  const lines = await Array.fromAsync(exportTrail(trail, reading, Date.now()))
  const verdict = await verifyExport(
    (async function* () {
      for (const line of lines) yield Buffer.from(line)
    })(),
    { keys: [], checkpoints: [] },
  )
  assert.deepEqual(verdict.faults, [])
  const entries = lines.map((line) => JSON.parse(line)).flatMap((line): TrailEntry[] => (line.kind === 'entry' ? [line.entry] : []))
  assert.equal(verdict.size, entries.length)
  return entries.filter(({ outcome }) => outcome === 'done')
}
