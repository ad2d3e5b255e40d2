// How one would get past client-certificate, and why it does not work.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keyed } from '../../../test/support/keyed-policy.ts'
import { keyDigest } from '../../base/keys.ts'
import { type ClientCertificate, certificateDigest } from '../../model/client-certificate.ts'
import { Harness, type HarnessOptions } from '../../pipeline/harness.ts'
import type { Credentials } from '../../ports/credentials.ts'
import { clientCertificate } from './policy.ts'

const THUMBPRINT = 'ab'.repeat(32)
const certificate = (more: Partial<ClientCertificate> = {}): ClientCertificate => ({
  thumbprint: THUMBPRINT,
  x5tS256: 'q',
  subject: 'CN=victim',
  names: ['dns:victim.example'],
  problem: undefined,
  trust: ['partners'],
  raw: Buffer.from('certificate'),
  ...more,
})
const certificates: HarnessOptions['certificates'] = [
  { kind: 'thumbprint', thumbprint: THUMBPRINT, consumer: 'victim' },
  { kind: 'subject', name: 'CN=victim', trust: 'partners', consumer: 'victim' },
  { kind: 'san', name: 'dns:victim.example', trust: 'partners', consumer: 'victim' },
  { kind: 'san', name: 'dns:other.example', trust: 'partners', consumer: 'other' },
]
const house = (config: unknown, options: HarnessOptions = {}) => new Harness([{ policy: clientCertificate, config }], { certificates, ...options })

describe('against client-certificate', () => {
  it('a certificate in a field is seen by nobody, in any spelling, and goes no further', async () => {
    const headers = { 'Client-Cert': ':YQ==:', client_cert: ':YQ==:', 'Client-Cert-Chain': ':YQ==:', 'CLIENT-CERT': ':Yg==:', 'X-Client-Cert': 'a' }
    assert.equal((await house({}).send({ headers })).code, 'client-certificate.missing')
    const { forwarded } = await house({ required: false }).send({ headers })
    assert.deepEqual(forwarded, ['X-Client-Cert: a'])
  })

  it('an API key that is made up to have the digest of a certificate has not', async () => {
    const credential = { kind: 'thumbprint', thumbprint: THUMBPRINT } as const
    const guesses = ['\u00ff', '\xff', '\ufffd', '\ud800', ''].map((first) => `${first}client-certificate\0thumbprint\0${THUMBPRINT}`)
    for (const guess of guesses) assert.notEqual(keyDigest(guess), certificateDigest(credential))
  })

  it('names cannot be moved between kinds, or into the name of a trust store', () => {
    const digests = [
      certificateDigest({ kind: 'san', name: 'dns:a', trust: 'b' }),
      certificateDigest({ kind: 'subject', name: 'dns:a', trust: 'b' }),
      certificateDigest({ kind: 'san', name: 'a', trust: 'b\0dns:' }),
      certificateDigest({ kind: 'san', name: 'b', trust: 'dns:a' }),
      certificateDigest({ kind: 'thumbprint', thumbprint: 'dns:a' }),
    ]
    assert.equal(new Set(digests).size, 5)
  })

  it('another authority that writes the victim’s name into a certificate makes nobody the victim', async () => {
    for (const match of ['subject', 'san']) {
      assert.equal((await house({ match }).send({ certificate: certificate({ thumbprint: '00'.repeat(32) }) })).consumer, 'victim')
      for (const trust of [[], ['suppliers'], ['Partners'], ['partners ']])
        assert.equal((await house({ match }).send({ certificate: certificate({ thumbprint: '00'.repeat(32), trust }) })).code, 'client-certificate.unknown')
    }
  })

  it('a certificate with the names of two consumers is nobody’s, in either order', async () => {
    for (const names of [
      ['dns:victim.example', 'dns:other.example'],
      ['dns:other.example', 'dns:victim.example'],
    ])
      assert.equal((await house({ match: 'san' }).send({ certificate: certificate({ names }) })).code, 'client-certificate.ambiguous')
  })

  it('a certificate with thousands of names costs a hundred look-ups', async () => {
    let asked = 0
    const credentials: Credentials = {
      findKey: () => {
        asked++
        return undefined
      },
    }
    const names = Array.from({ length: 5000 }, (_, i) => `dns:${i}.example`)
    await house({ match: 'san' }, { resources: { credentials } }).send({ certificate: certificate({ names }) })
    assert.equal(asked, 100)
  })

  it('a bad certificate is refused though a good key lies beside it: there is no second door', async () => {
    const both = new Harness(
      [
        { policy: clientCertificate, config: { required: false } },
        { policy: keyed, config: {} },
      ],
      { certificates },
    )
    const { code } = await both.send({ certificate: certificate({ problem: 'revoked' }), headers: { 'X-Key': 'keyed' } })
    assert.equal(code, 'client-certificate.revoked')
  })

  it('trying certificates from one address ends in 429', async () => {
    const harness = house({}, { authenticationFailures: { limit: 10, windowMs: 60_000 } })
    for (let i = 0; i < 10; i++) assert.equal((await harness.send({ certificate: certificate({ problem: 'untrusted' }) })).status, 401)
    assert.equal((await harness.send({ certificate: certificate() })).code, 'identify.throttled')
  })

  it('a policy that only watches tells the upstream nothing', async () => {
    const watching = new Harness([{ policy: clientCertificate, config: { forward: true }, mode: 'monitor' }], { certificates })
    assert.deepEqual((await watching.send({ certificate: certificate() })).forwarded, [])
  })

  it('a directory that throws refuses', async () => {
    const credentials: Credentials = {
      findKey: () => {
        throw new Error('lost')
      },
    }
    assert.equal((await house({ required: false }, { resources: { credentials } }).send({ certificate: certificate() })).code, 'client-certificate.broken')
  })
})
