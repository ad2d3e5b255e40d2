// The files of authorities are those of the store: after each change, and none is written that is right already.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as turn } from 'node:timers/promises'
import { testEnvelope } from '../../test/support/envelope.ts'
import { MemoryStore } from '../adapters/memory/store.ts'
import { keepAuthority, makeAuthority, removeAuthority } from '../authority/authorities.ts'
import { publishCrl } from '../authority/crl.ts'
import { authorities, crls } from '../authority/records.ts'
import { authorityTrust } from '../authority/trust.ts'
import { collection } from '../ports/store.ts'
import { AuthorityFiles } from './authority-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-authority-files-'))
after(() => rmSync(folder, { recursive: true }))
const envelope = testEnvelope()
const NOW_MS = Date.UTC(2026, 10, 24)
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await turn(5)
}

test('follow the store from the start to the end, and say nothing that it does not', async () => {
  const store = new MemoryStore()
  const reports: string[] = []
  const make = async (name: string): Promise<void> => {
    const made = await makeAuthority({ name, kind: 'P-256', days: 30, serial: 'ab'.repeat(16), nowMs: NOW_MS })
    await store.write((writing) => keepAuthority(writing, envelope, made, { name, by: 'x', nowMs: NOW_MS }))
  }
  await make('early')
  const files = new AuthorityFiles(store, folder, (text) => reports.push(text))
  const present = (): readonly string[] => readdirSync(files.folder).sort()
  await files.start()
  assert.deepEqual(present(), ['early.crl', 'early.pem'])
  await make('late')
  await until(() => present().length === 4)

  const trust = (await store.read((reading) => authorityTrust(reading, 'late')))!
  await until(() => readFileSync(join(files.folder, 'late.crl')).equals(trust.crl))
  assert.equal(readFileSync(join(files.folder, 'late.pem'), 'utf8'), trust.certificate)
  const { mtimeMs, ino } = statSync(join(files.folder, 'early.crl'))
  await store.write(async (writing) => publishCrl(writing, envelope, (await writing.get(authorities, 'late'))!, NOW_MS + 5000))
  await until(() => !readFileSync(join(files.folder, 'late.crl')).equals(trust.crl))
  assert.deepEqual([statSync(join(files.folder, 'early.crl')).mtimeMs, statSync(join(files.folder, 'early.crl')).ino], [mtimeMs, ino])

  // A list that waits to be signed takes nothing away: without the file nobody could be told what is revoked.
  await store.write(async (writing) => writing.put(crls, 'late', { number: 1 }))
  await store.write((writing) => removeAuthority(writing, 'early', NOW_MS))
  await until(() => present().length === 2)
  assert.deepEqual(present(), ['late.crl', 'late.pem'])

  writeFileSync(join(files.folder, 'note'), 'mine')
  await store.write(async (writing) => writing.put(collection<number>('other'), 'a', 1))
  await files.close()
  assert.deepEqual(present(), ['late.crl', 'late.pem', 'note'])
  assert.deepEqual(reports, [])
  await make('after')
  assert.equal(present().length, 3)
})

test('what could not be written is written as soon as it can be, without a further change, and is told once', async () => {
  const store = new MemoryStore()
  const reports: string[] = []
  const made = await makeAuthority({ name: 'a', kind: 'P-256', days: 30, serial: 'ab'.repeat(16), nowMs: NOW_MS })
  await store.write((writing) => keepAuthority(writing, envelope, made, { name: 'a', by: 'x', nowMs: NOW_MS }))
  const files = new AuthorityFiles(store, mkdtempSync(join(folder, 'retry-')), (text) => reports.push(text), 5)
  await files.start()
  const list = join(files.folder, 'a.crl')
  rmSync(list)
  mkdirSync(join(list, 'in the way'), { recursive: true })
  await store.write(async (writing) => publishCrl(writing, envelope, (await writing.get(authorities, 'a'))!, NOW_MS + 5000))
  await until(() => reports.length > 0)
  rmSync(list, { recursive: true })
  const trust = (await store.read((reading) => authorityTrust(reading, 'a')))!
  await until(() => existsSync(list) && readFileSync(list).equals(trust.crl))
  await files.close()
  assert.equal(reports.length, 1)
})
