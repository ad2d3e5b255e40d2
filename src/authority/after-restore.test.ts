// What a restore leaves revoked, removed and known of certificates, whatever the back-up held.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { makeRequest } from '../../test/support/certificate-request.ts'
import { testEnvelope } from '../../test/support/envelope.ts'
import { MemoryStore } from '../adapters/memory/store.ts'
import { keepCertificatesEnded } from './after-restore.ts'
import { hasDueCrl, keepAuthority, makeAuthority, removeAuthority, renewCrls } from './authorities.ts'
import { getCertificate, issueCertificate, revokeCertificate } from './certificates.ts'
import { readCrl } from './crl.ts'
import { authorities, type CertificateRecord, certificates, certificatesByConsumer, compromisedKeys, revokedCertificates } from './records.ts'
import { type CertificateRequest, readRequest } from './requests.ts'

const NOW_MS = Date.UTC(2026, 10, 24)
const envelope = testEnvelope()
const [one, other] = (await Promise.all([1, 2].map(() => readRequest(makeRequest().text, { names: [], uri: '' })))) as [CertificateRequest, CertificateRequest]
/** As the store is now, and as a back-up of before has it. */
let store: MemoryStore
let backUp: MemoryStore
let serials = 0

async function make(of: MemoryStore, name: string): Promise<void> {
  const made = await makeAuthority({ name, kind: 'P-256', days: 30, serial: 'ab'.repeat(16), nowMs: NOW_MS })
  await of.write((writing) => keepAuthority(writing, envelope, made, { name, by: 'x', nowMs: NOW_MS }))
}
async function issue(name: string, request = one): Promise<CertificateRecord> {
  const issuing = { consumer: 'acme', request, names: [], hours: 24, label: '', serial: `a${String(++serials).padStart(31, '0')}`, by: 'x', nowMs: NOW_MS }
  const issued = await store.write(async (writing) => issueCertificate(writing, envelope, (await writing.get(authorities, name))!, issuing))
  assert.ok(!('refused' in issued))
  return issued.record
}
const revoke = (record: CertificateRecord, reason: 'superseded' | 'keyCompromise' = 'superseded') =>
  store.write((writing) => revokeCertificate(writing, envelope, record, { atMs: NOW_MS, by: 'x', reason, why: '' }))
/** Everything that the store holds now, in another one. */
async function copy(): Promise<void> {
  backUp = new MemoryStore()
  const names = await store.read((reading) => reading.collections())
  const all = await store.read(async (reading) =>
    Promise.all(names.map(async (name) => [name, await reading.scan<unknown>({ name }, { limit: 1000 })] as const)),
  )
  await backUp.write(async (writing) => {
    for (const [name, entries] of all) for (const { key, value } of entries) writing.put<unknown>({ name }, key, value)
  })
}
const known = (record: CertificateRecord) => backUp.read((reading) => getCertificate(reading, record.authority, record.serial))

beforeEach(async () => {
  store = new MemoryStore()
  await make(store, 'clients')
})

test('what was revoked since stays revoked, and its list is signed anew before anybody is shown one', async () => {
  const [kept, lost] = [await issue('clients'), await issue('clients', other)]
  await copy()
  await revoke(lost, 'keyCompromise')
  const before = (await store.read((reading) => readCrl(reading, 'clients')))!
  assert.equal(await keepCertificatesEnded(backUp, store, NOW_MS), 1)
  assert.equal((await known(lost))?.revoked?.reason, 'keyCompromise')
  assert.equal((await known(kept))?.revoked, undefined)
  assert.ok(await backUp.read((reading) => reading.get(compromisedKeys, lost.keyHash)))
  assert.equal(await backUp.read((reading) => readCrl(reading, 'clients')), undefined)
  assert.equal(await backUp.read((reading) => hasDueCrl(reading, NOW_MS)), true)
  await backUp.write((writing) => renewCrls(writing, envelope, NOW_MS + 1000))
  const after = (await backUp.read((reading) => readCrl(reading, 'clients')))!
  assert.ok(after.number > before.number)
  assert.ok(Buffer.from(after.der, 'base64').includes(Buffer.from(lost.serial, 'hex')))
  assert.equal(Buffer.from(after.der, 'base64').includes(Buffer.from(kept.serial, 'hex')), false)
  // Again: what the first restore knew, the second knows.
  assert.equal(await keepCertificatesEnded(backUp, store, NOW_MS), 0)
})

test('what was issued since is known, and can be revoked', async () => {
  await copy()
  const [late, ended] = [await issue('clients'), await issue('clients')]
  await revoke(ended)
  assert.equal(await keepCertificatesEnded(backUp, store, NOW_MS), 0)
  assert.equal((await known(late))?.serial, late.serial)
  assert.ok((await known(ended))?.revoked)
  assert.deepEqual(
    (await backUp.read((reading) => reading.scan(certificatesByConsumer, { limit: 10 }))).map(({ key }) => key),
    [`acme/clients/${late.serial}`],
  )
  assert.equal((await backUp.read((reading) => reading.get(authorities, 'clients')))?.kept, 2)
})

test('what the back-up knows to be revoked and the store does not stays revoked', async () => {
  const record = await issue('clients')
  const before = store
  await copy()
  await backUp.write((writing) => revokeCertificate(writing, envelope, record, { atMs: NOW_MS, by: 'x', reason: 'superseded', why: '' }))
  await keepCertificatesEnded(backUp, before, NOW_MS)
  assert.ok((await known(record))?.revoked)
  assert.ok(await backUp.read((reading) => reading.get(revokedCertificates, `clients/${record.serial}`)))
})

test('an authority that was removed, or is another one of its name now, does not come back', async () => {
  const record = await issue('clients')
  await copy()
  await revoke(record)
  await store.write((writing) => removeAuthority(writing, 'clients', NOW_MS))
  await make(store, 'clients')
  assert.equal(await keepCertificatesEnded(backUp, store, NOW_MS), 1)
  for (const each of [authorities, certificates, revokedCertificates, certificatesByConsumer])
    assert.deepEqual(await backUp.read((reading) => reading.scan<unknown>(each, { limit: 10 })), [])
})
