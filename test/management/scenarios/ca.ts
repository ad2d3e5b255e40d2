// Certificate authorities: how each operation is asked, by whom, and how it refuses.
import { keepAuthority, makeAuthority } from '../../../src/authority/authorities.ts'
import { issueCertificate } from '../../../src/authority/certificates.ts'
import { authorities, type CertificateRecord, compromisedKeys } from '../../../src/authority/records.ts'
import { type CertificateRequest, readRequest } from '../../../src/authority/requests.ts'
import { extension, makeRequest, pairOf } from '../../support/certificate-request.ts'
import type { Scenarios } from '../scenario.ts'
import type { World } from '../world.ts'

const WRITERS = 'owner administrator admin token'
const READERS = 'owner administrator auditor admin token'
const ANY = { 'if-match': '*' }
const good = makeRequest()
const read = async (text: string): Promise<CertificateRequest> => (await readRequest(text, { names: [], uri: '' })) as CertificateRequest
let serials = 0
const serial = (): string => `a${String(++serials).padStart(31, '0')}`

async function clients({ plane }: World, days = 30, name = 'clients') {
  const nowMs = plane.nowMs()
  const made = await makeAuthority({ name, kind: 'P-256', days, serial: serial(), nowMs })
  const kept = await plane.store.write((writing) => keepAuthority(writing, plane.services.envelope, made, { name, by: 'system', nowMs }))
  if ('refused' in kept) throw new Error(kept.refused)
  return kept
}
export async function issued(world: World, count = 1): Promise<CertificateRecord> {
  const { plane } = world
  await clients(world)
  const request = await read(good.text)
  let last: CertificateRecord | undefined
  for (let i = 0; i < count; i++) {
    const issuing = { consumer: 'filed', request, names: [], hours: 24, label: '', serial: serial(), by: 'system', nowMs: plane.nowMs() }
    const made = await plane.store.write(async (writing) =>
      issueCertificate(writing, plane.services.envelope, (await writing.get(authorities, 'clients'))!, issuing),
    )
    if ('refused' in made) throw new Error(made.refused)
    last = made.record
  }
  return last!
}
const asking = (body: object) => ({ path: '/ca/clients/certificates', body: { consumer: 'filed', request: good.text, ...body } })
const asked = (body: object, days?: number) => async (world: World) => {
  await clients(world, days)
  return asking(body)
}

export const ca: Scenarios = {
  createAuthority: {
    may: WRITERS,
    good: () => ({ path: '/ca', body: { name: 'clients', crlUrl: 'http://pki.example.org/ca/clients.crl' } }),
    refusals: {
      taken: async (world) => {
        await clients(world)
        return { path: '/ca', body: { name: 'clients' } }
      },
      'too-many-authorities': async (world) => {
        for (let i = 0; i < 20; i++) await clients(world, 30, `c${i}`)
        return { path: '/ca', body: { name: 'clients' } }
      },
    },
  },
  listAuthorities: {
    may: READERS,
    good: async (world) => {
      await clients(world)
      return { path: '/ca' }
    },
    refusals: {},
  },
  getAuthority: {
    may: READERS,
    good: async (world) => {
      await clients(world)
      return { path: '/ca/clients' }
    },
    refusals: {},
  },
  removeAuthority: {
    may: WRITERS,
    good: async (world) => {
      await clients(world)
      return { path: '/ca/clients', headers: ANY }
    },
    refusals: {
      'in-use': async (world) => {
        await issued(world)
        return { path: '/ca/clients', headers: ANY }
      },
    },
  },
  issueCertificate: {
    may: WRITERS,
    good: asked({ label: 'build server', hours: 1, names: ['agent.example.org'] }),
    refusals: {
      'unknown-consumer': asked({ consumer: 'none' }),
      'bad-request': asked({ request: 'hello' }),
      'private-key': asked({ request: good.text + good.key }),
      'weak-key': asked({ request: makeRequest({ pair: pairOf(1024) }).text }),
      'no-possession': asked({ request: makeRequest({ signer: pairOf('P-256').privateKey }).text }),
      // basicConstraints, CA:TRUE.
      'asks-too-much': asked({ request: makeRequest({ extensions: [extension('551d13', Buffer.from('30030101ff', 'hex'), true)] }).text }),
      'compromised-key': async (world) => {
        await clients(world)
        const { keyHash } = await read(good.text)
        await world.store.write(async (writing) => writing.put(compromisedKeys, keyHash, { atMs: 1 }))
        return asking({})
      },
      'authority-ends': asked({ hours: 48 }, 1),
      'too-many-certificates': async (world) => {
        await issued(world, 100)
        return asking({})
      },
    },
  },
  listCertificates: {
    may: READERS,
    good: async (world) => {
      await issued(world)
      return { path: '/ca/clients/certificates?state=valid&consumer=filed' }
    },
    refusals: {},
  },
  getCertificate: { may: READERS, good: async (world) => ({ path: `/ca/clients/certificates/${(await issued(world)).serial}` }), refusals: {} },
  revokeCertificate: {
    may: WRITERS,
    good: async (world) => ({
      path: `/ca/clients/certificates/${(await issued(world)).serial}/revoke`,
      headers: ANY,
      body: { reason: 'keyCompromise', why: 'found in a paste' },
    }),
    refusals: {},
  },
}
