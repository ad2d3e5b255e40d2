// client-certificate knows a consumer by the certificate itself, by its subject or by a name in it, and says of each bad one what is wrong with it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keyed } from '../../../test/support/keyed-policy.ts'
import { type CertificateProblem, type ClientCertificate, certificateProblems } from '../../model/client-certificate.ts'
import { run } from '../../pipeline/chain.ts'
import { Harness, type HarnessOptions, runExamples } from '../../pipeline/harness.ts'
import { ShownCertificate } from '../../pipeline/slots.ts'
import { clientCertificate } from './policy.ts'

const certificate = (more: Partial<ClientCertificate> = {}): ClientCertificate => ({
  thumbprint: 'ab'.repeat(32),
  x5tS256: 'q',
  subject: 'CN=acme,O=Acme',
  names: ['dns:client.acme.example', 'uri:spiffe://acme/billing'],
  problem: undefined,
  trust: ['partners'],
  raw: Buffer.from('certificate'),
  ...more,
})
const certificates: HarnessOptions['certificates'] = [
  { kind: 'thumbprint', thumbprint: 'ab'.repeat(32), consumer: 'acme' },
  { kind: 'thumbprint', thumbprint: 'cd'.repeat(32), consumer: 'far', apis: ['another-api'] },
  { kind: 'thumbprint', thumbprint: 'ef'.repeat(32), consumer: 'acme', expiresMs: 1_700_000_000_000 },
  { kind: 'subject', name: 'CN=acme,O=Acme', trust: 'partners', consumer: 'acme' },
  { kind: 'san', name: 'uri:spiffe://acme/billing', trust: 'partners', consumer: 'billing' },
]
const house = (config: unknown, options: HarnessOptions = {}) => new Harness([{ policy: clientCertificate, config }], { certificates, ...options })

describe('client-certificate', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(clientCertificate), 3))

  it('knows a consumer by what `match` says', async () => {
    const other = 'cd'.repeat(32)
    const table: readonly (readonly [config: object, certificate: ClientCertificate | undefined, status: number, said: string | undefined])[] = [
      [{}, undefined, 401, 'client-certificate.missing'],
      [{}, certificate(), 200, 'acme'],
      [{}, certificate({ thumbprint: '00'.repeat(32) }), 401, 'client-certificate.unknown'],
      [{}, certificate({ thumbprint: 'ef'.repeat(32) }), 401, 'client-certificate.unknown'],
      [{}, certificate({ thumbprint: other }), 403, 'client-certificate.not-allowed'],
      [{ match: 'subject' }, certificate({ thumbprint: other }), 200, 'acme'],
      [{ match: 'subject' }, certificate({ subject: 'CN=acme,O=Other' }), 401, 'client-certificate.unknown'],
      [{ match: 'subject' }, certificate({ subject: '' }), 401, 'client-certificate.unknown'],
      [{ match: 'subject' }, certificate({ trust: ['others'] }), 401, 'client-certificate.unknown'],
      [{ match: 'subject' }, certificate({ trust: ['others', 'partners'] }), 200, 'acme'],
      [{ match: 'subject', trust: ['partners'] }, certificate(), 200, 'acme'],
      [{ match: 'subject', trust: ['others'] }, certificate({ trust: ['others', 'partners'] }), 401, 'client-certificate.unknown'],
      [{ trust: ['others'] }, certificate(), 401, 'client-certificate.untrusted'],
      [{ match: 'san' }, certificate({ thumbprint: other }), 200, 'billing'],
      [{ match: 'san' }, certificate({ names: [] }), 401, 'client-certificate.unknown'],
      [{ required: false }, undefined, 200, undefined],
      [{ required: false }, certificate(), 200, 'acme'],
      [{ required: false }, certificate({ problem: 'revoked' }), 401, 'client-certificate.revoked'],
      [{ required: false }, certificate({ thumbprint: '00'.repeat(32) }), 401, 'client-certificate.unknown'],
    ]
    for (const [config, shown, status, said] of table) {
      const { status: got, code, consumer } = await house(config).send(shown && { certificate: shown })
      assert.deepEqual([got, code ?? consumer], [status, said], `${JSON.stringify(config)} ${shown?.thumbprint.slice(0, 2)} ${shown?.trust}`)
    }
    assert.equal(table.length, 19)
  })

  it('leaves nothing on a certificate, whose connection outlives any number of publications', async () => {
    const shown = certificate()
    const before = Reflect.ownKeys(shown)
    for (let publication = 0; publication < 3; publication++) assert.equal((await house({}).send({ certificate: shown })).status, 200)
    assert.deepEqual(Reflect.ownKeys(shown), before)
  })

  it('says what is wrong with a certificate, and challenges', async () => {
    const problems = Object.keys(certificateProblems) as CertificateProblem[]
    for (const problem of problems) {
      const { status, code, fields } = await house({}).send({ certificate: certificate({ problem, trust: [] }) })
      assert.deepEqual([status, code, fields.get('www-authenticate')], [401, `client-certificate.${problem}`, 'ClientCertificate realm="test-api"'])
    }
    assert.equal(problems.length, 9)
  })

  it('lets what is under way go on for as long as the certificate is good and its consumer is known, and strangers where they may pass', () => {
    const table: readonly (readonly [config: object, at: ClientCertificate | undefined, later: ClientCertificate | undefined, holds: boolean])[] = [
      [{}, certificate(), certificate(), true],
      [{}, certificate(), certificate({ problem: 'revoked', trust: [] }), false],
      [{}, certificate(), undefined, false],
      [{ match: 'san' }, certificate(), certificate({ trust: [] }), false],
      [{ required: false }, undefined, undefined, true],
      [{ required: false }, certificate(), certificate({ problem: 'expired' }), false],
    ]
    for (const [config, at, later, holds] of table) {
      const harness = house(config)
      const x = harness.exchange(at && { certificate: at })
      assert.equal(run(harness.chain, x, harness.tally), undefined)
      x.set(ShownCertificate, later)
      assert.equal(harness.chain.lasting.holds(x, harness.clock.nowUs() / 1000), holds, JSON.stringify(config))
    }
    assert.equal(table.length, 6)
  })

  it('tells the upstream who calls, and sends the certificate on only where that is wanted', async () => {
    const plain = (await house({}).send({ certificate: certificate() })).forwarded
    assert.match(plain.join('\n'), /^Gatehouse-Consumer: acme\nGatehouse-Credential: key_[0-9a-f]{12}$/)
    const { forwarded } = await house({ forward: true }).send({ certificate: certificate() })
    assert.ok(forwarded.includes(`Client-Cert: :${Buffer.from('certificate').toString('base64')}:`))
  })

  it('beside another identify policy: a stranger without a certificate is asked for the other credential, whether or not one is required', async () => {
    for (const required of [true, false]) {
      const both = new Harness(
        [
          { policy: clientCertificate, config: { required } },
          { policy: keyed, config: {} },
        ],
        { certificates },
      )
      assert.equal((await both.send({ certificate: certificate() })).consumer, 'acme')
      assert.equal((await both.send({ headers: { 'X-Key': 'keyed' } })).consumer, 'keyed')
      assert.equal((await both.send()).status, 401, `required: ${required}`)
      assert.equal((await both.send({ headers: { 'X-Key': 'wrong' } })).code, 'keyed.invalid')
    }
  })

  it('with `authenticate: all`, certificate and key must be those of one consumer', async () => {
    const both = new Harness(
      [
        { policy: clientCertificate, config: {} },
        { policy: keyed, config: {} },
      ],
      {
        authenticate: 'all',
        certificates,
      },
    )
    assert.equal((await both.send({ certificate: certificate(), headers: { 'X-Key': 'acme' } })).consumer, 'acme')
    assert.equal((await both.send({ certificate: certificate(), headers: { 'X-Key': 'keyed' } })).code, 'identify.mismatch')
  })
})
