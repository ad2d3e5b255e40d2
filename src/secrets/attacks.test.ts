// How one would get at a secret that is somebody else's: by reference, by file, through a dump, an error, a log line.
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { LossyStore } from '../../test/support/lossy-store.ts'
import { Secret } from '../base/secret.ts'
import { dataKey, readDataKey, sealedDataKeys } from './data-keys.ts'
import { KeyedEnvelope } from './envelope.ts'
import { envelopeKeyText, newEnvelopeKey, readEnvelopeKey } from './envelope-key.ts'
import { checkUnder, keyChecks, ONLY } from './key-records.ts'
import { grantSecret, listSecrets, putSecret, readSecret, removeSecret, sealedNamedSecrets } from './named-secrets.ts'
import { openEnvelope } from './open-envelope.ts'
import { type SecretOwner, SecretResolver } from './resolver.ts'
import { rotateEnvelope } from './rotation.ts'

const CANARY = 'canary-9f41c7-do-not-sing'
const key = newEnvelopeKey()
const envelope = new KeyedEnvelope(key)

const base = mkdtempSync(join(tmpdir(), 'gatehouse-secrets-'))
const root = join(base, 'secrets')
for (const folder of [root, join(base, 'secrets-of-others'), join(base, 'elsewhere')]) mkdirSync(folder)
function plant(path: string, text: string | Buffer, mode = 0o600): void {
  writeFileSync(join(base, path), text)
  chmodSync(join(base, path), mode)
}
plant('secrets/good', `${CANARY}\n`)
plant('secrets/windows', `${CANARY}\r\n`)
plant('secrets/group', CANARY, 0o640)
plant('secrets/world', CANARY, 0o604)
plant('secrets/loose', CANARY, 0o620)
plant('secrets/empty', '\n')
plant('secrets/huge', Buffer.alloc(70_000, 65))
plant('secrets-of-others/key', CANARY)
plant('elsewhere/key', CANARY)
symlinkSync(join(base, 'elsewhere/key'), join(root, 'link'))
symlinkSync(join(base, 'elsewhere'), join(root, 'folder'))
symlinkSync(join(root, 'good'), join(root, 'honest-link'))

const store = new LossyStore()
await store.write(async (writing) => {
  writing.put(keyChecks, ONLY, checkUnder(envelope))
  const granted = { people: ['person_ada'], teams: ['books'] }
  await putSecret(writing, envelope, { name: 'smtp', value: new Secret(CANARY), by: 'person_root', nowMs: 1, granted })
  await dataKey(writing, envelope, 'api-key-mac', () => Buffer.from(CANARY.padEnd(32, '!')))
})
const resolver = new SecretResolver({
  envelope,
  environment: (name) => (name === 'TOKEN' ? new Secret(CANARY) : name === 'BLANK' ? new Secret('') : undefined),
  roots: [root, join(base, 'not-there')],
})

const file: SecretOwner = { kind: 'file', folder: root }
const ada: SecretOwner = { kind: 'console', person: 'person_ada', teams: [] }
const bob: SecretOwner = { kind: 'console', person: 'person_bob', teams: ['books'] }
const eve: SecretOwner = { kind: 'console', person: 'person_eve', teams: ['maps'] }

const references: [owner: SecretOwner, reference: { env: string } | { file: string } | { secret: string }, wanted: 'given' | string][] = [
  [file, { env: 'TOKEN' }, 'given'],
  [file, { env: 'BLANK' }, 'secret.empty'],
  [file, { env: 'OTHER' }, 'secret.missing'],
  [file, { secret: 'smtp' }, 'given'],
  [file, { secret: 'other' }, 'secret.missing'],
  [file, { file: 'good' }, 'given'],
  [file, { file: 'windows' }, 'given'],
  [file, { file: 'group' }, 'given'],
  [file, { file: 'honest-link' }, 'given'],
  [file, { file: join(root, 'good') }, 'given'],
  [file, { file: 'world' }, 'secret.exposed'],
  [file, { file: 'loose' }, 'secret.exposed'],
  [file, { file: 'empty' }, 'secret.empty'],
  [file, { file: 'huge' }, 'secret.too-long'],
  [file, { file: 'absent' }, 'secret.missing'],
  [file, { file: '.' }, 'secret.outside'],
  [file, { file: '../elsewhere/key' }, 'secret.outside'],
  [file, { file: '../secrets-of-others/key' }, 'secret.outside'],
  [file, { file: '/etc/passwd' }, 'secret.outside'],
  [file, { file: '/proc/self/environ' }, 'secret.outside'],
  [file, { file: 'link' }, 'secret.outside'],
  [file, { file: 'folder/key' }, 'secret.outside'],
  [file, { file: 'folder' }, 'secret.outside'],
  [ada, { secret: 'smtp' }, 'given'],
  [bob, { secret: 'smtp' }, 'given'],
  [eve, { secret: 'smtp' }, 'secret.missing'],
  [ada, { secret: 'other' }, 'secret.missing'],
  [ada, { env: 'TOKEN' }, 'secret.not-here'],
  [ada, { file: 'good' }, 'secret.not-here'],
  [eve, { file: '/etc/passwd' }, 'secret.not-here'],
]
const told: unknown[] = []
test('a reference leads to what its owner may have and to nothing else', async () => {
  for (const [owner, reference, wanted] of references) {
    const found = await store.read((reading) => resolver.resolve(reading, reference, owner))
    told.push(found)
    if (found instanceof Secret) assert.deepEqual([wanted, found.reveal()], ['given', CANARY], JSON.stringify(reference))
    else assert.equal(found.refused, wanted, JSON.stringify(reference))
  }
  assert.equal(references.length, 30)
})

test('a stranger cannot tell a secret that is not granted from one that is not there', async () => {
  const [hidden, absent] = await store.read(async (reading) => [
    await resolver.resolve(reading, { secret: 'smtp' }, eve),
    await resolver.resolve(reading, { secret: 'other' }, eve),
  ])
  assert.equal(JSON.stringify(hidden).replaceAll('smtp', 'X'), JSON.stringify(absent).replaceAll('other', 'X'))
})

test('a secret that another key sealed is refused and not thrown', async () => {
  const blind = new SecretResolver({ envelope: new KeyedEnvelope(newEnvelopeKey()), environment: () => undefined, roots: [] })
  const found = await store.read((reading) => blind.resolve(reading, { secret: 'smtp' }, file))
  told.push(found)
  assert.ok(!(found instanceof Secret) && found.refused === 'secret.unreadable')
})

/** The canary and what it may be written as, the envelope key among them. */
const spellings = [CANARY, CANARY.slice(3, 15), Buffer.from(CANARY).toString('hex').slice(0, 30)]
for (const cut of [0, 1, 2]) spellings.push(Buffer.from(CANARY.slice(cut)).toString('base64url').slice(0, 24))
spellings.push(envelopeKeyText(key), Buffer.from(key.secret.octets()).toString('hex'), Buffer.from(key.secret.octets()).toString('base64').slice(0, 40))
const showsNothing = (text: string, where: string): void => {
  for (const each of spellings) assert.ok(!text.includes(each), `${where} shows a secret`)
}

test('neither the store, nor what is thrown or refused, nor what is printed holds a secret', async () => {
  showsNothing(await store.dump(), 'the store')
  const stranger = new KeyedEnvelope(newEnvelopeKey())
  const tries: (() => unknown)[] = [
    () => store.read((reading) => readSecret(reading, stranger, 'smtp')),
    () => store.read((reading) => readDataKey(reading, stranger, 'api-key-mac')),
    () => store.read((reading) => readSecret(reading, envelope, 'smtp')),
    () => store.read((reading) => readDataKey(reading, envelope, 'api-key-mac')),
    () => store.read((reading) => listSecrets(reading, { limit: 10 })),
    () => store.write((writing) => putSecret(writing, envelope, { name: CANARY.length > 9 ? 'no name' : '', value: new Secret(CANARY), by: 'x', nowMs: 1 })),
    () => store.write((writing) => putSecret(writing, envelope, { name: 'a', value: new Secret(CANARY.repeat(9999)), by: 'x', nowMs: 1 })),
    () => store.write((writing) => grantSecret(writing, { name: 'smtp', granted: { people: [], teams: ['t'] }, by: 'x', nowMs: 1 })),
    () => store.write((writing) => removeSecret(writing, 'none')),
    () => envelope.seal(Buffer.from(CANARY.repeat(99_999)), 'secret/a'),
    () => envelope.open(CANARY, 'secret/a'),
    () => envelope.open(`v1.${key.id}.${Buffer.from(CANARY.repeat(3)).toString('base64url')}`, 'secret/a'),
    () => readEnvelopeKey(CANARY),
    () => readEnvelopeKey(Buffer.from(CANARY.padEnd(32, '!')).toString('base64')),
    () => openEnvelope(store, { env: 'KEY' }, { commandEnvironment: {}, environment: () => new Secret(CANARY) }),
    () => openEnvelope(store, { env: 'KEY' }, { commandEnvironment: {}, environment: () => new Secret(envelopeKeyText(newEnvelopeKey())) }),
    () => openEnvelope(store, { command: ['/bin/echo', CANARY], folder: base }, { commandEnvironment: {}, environment: () => undefined }),
    () => openEnvelope(store, { file: join(root, 'good') }, { commandEnvironment: {}, environment: () => undefined }),
    () => rotateEnvelope({ store, envelope: stranger, to: newEnvelopeKey(), collections: [], nowMs: 1 }),
    () => rotateEnvelope({ store, envelope, to: newEnvelopeKey(), collections: [sealedDataKeys], nowMs: 1 }),
    async () => {
      store.failAt({ at: 0, how: 'after the commit' })
      return store.write((writing) => putSecret(writing, envelope, { name: 'b', value: new Secret(CANARY), by: 'x', nowMs: 1 }))
    },
  ]
  for (const attempt of tries) {
    try {
      told.push(await attempt())
    } catch (error) {
      told.push(error, (error as Error).stack, (error as Error).cause)
    }
  }
  assert.equal(tries.length, 21)
  store.failAt(undefined)
  showsNothing(await store.dump(), 'the store in the middle of a rotation')
  told.push(key, envelope, resolver, sealedNamedSecrets, store)
  showsNothing(JSON.stringify(told), 'JSON')
  showsNothing(inspect(told, { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null }), 'inspect')
  showsNothing(inspect(told, { depth: 12, customInspect: false, showHidden: true, maxStringLength: null }), 'inspect without custom forms')
  for (const each of told) showsNothing(format('%s %o %j', each, each, each), 'a log line')
})
