// headers does to each field what is written down, in both directions, and nothing to any other.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { faultsOf, Harness, runExamples } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'
import { headers } from './policy.ts'

const house = (config: unknown) => new Harness([{ policy: headers, config }])
type Fields = Readonly<Record<string, string | readonly string[]>>

/** [what, request, sent, forwarded in this order] */
const requests: readonly [what: string, request: unknown, sent: Fields, forwarded: readonly string[]][] = [
  ['set a constant', { set: { 'X-A': '1' } }, {}, ['X-A: 1']],
  ['set takes the place of what is there', { set: { 'X-A': '1' } }, { 'x-a': 'me', 'X-B': '2' }, ['X-B: 2', 'X-A: 1']],
  ['set takes the place of all there are', { set: { 'X-A': '1' } }, { 'X-A': ['me', 'too'] }, ['X-A: 1']],
  ['set takes the place of what CGI could not tell from it', { set: { 'X-My-A': '1' } }, { X_My_A: 'me', 'x_MY-a': 'too' }, ['X-My-A: 1']],
  ['set from the request', { set: { 'X-A': '${request.header.x-b}' } }, { 'X-B': 'b' }, ['X-B: b', 'X-A: b']],
  ['set from its own former value', { set: { 'X-A': 'eu-${request.header.x-a}' } }, { 'X-A': 'b' }, ['X-A: eu-b']],
  ['set what is not there leaves it out', { set: { 'X-A': '${request.header.x-b}' } }, { 'X-A': 'me' }, []],
  ['set what is not there with a fallback', { set: { 'X-A': '${request.header.x-b:-none}' } }, {}, ['X-A: none']],
  ['set to nothing', { set: { 'X-A': '' } }, { 'X-A': 'me' }, ['X-A: ']],
  ['set what is there twice', { set: { 'X-A': '${request.header.x-b}' } }, { 'X-B': ['1', '2'] }, ['X-B: 1', 'X-B: 2', 'X-A: 1, 2']],
  ['set the address', { set: { 'X-A': '${client.address}' } }, {}, ['X-A: 192.0.2.1']],
  ['set with what is known of the route', { set: { 'X-A': '${api}/${operation}' } }, {}, ['X-A: test-api/test']],
  ['add beside what is there', { add: { 'X-A': '1' } }, { 'X-A': 'me' }, ['X-A: me', 'X-A: 1']],
  ['add from the request', { add: { 'X-A': '${request.method}' } }, {}, ['X-A: GET']],
  ['remove', { remove: ['X-A'] }, { 'X-A': '1', 'X-B': '2' }, ['X-B: 2']],
  ['remove every one of that name', { remove: ['x-a'] }, { 'X-A': ['1', '2'] }, []],
  ['remove what CGI could not tell from it', { remove: ['X-My-A'] }, { X_My_A: '1' }, []],
  ['remove is no prefix', { remove: ['X-A'] }, { 'X-AB': '1' }, ['X-AB: 1']],
  ['remove a credential', { remove: ['Authorization'] }, { Authorization: 'Basic x' }, []],
  ['rename', { rename: { 'X-A': 'X-B' } }, { 'X-A': '1' }, ['X-B: 1']],
  ['rename all of that name', { rename: { 'X-A': 'X-B' } }, { 'X-A': ['1', '2'] }, ['X-B: 1', 'X-B: 2']],
  ['rename takes the place of what has the name', { rename: { 'X-A': 'X-B' } }, { 'X-A': '1', 'X-B': 'me' }, ['X-B: 1']],
  ['rename what is not there takes away what has the name', { rename: { 'X-A': 'X-B' } }, { 'X-B': 'me' }, []],
  ['rename keeps octets beyond ASCII', { rename: { 'X-A': 'X-B' } }, { 'X-A': '\u00c3\u00a9' }, ['X-B: \u00c3\u00a9']],
  [
    'all at once',
    { set: { 'X-A': '1' }, add: { 'X-B': '2' }, remove: ['X-C'], rename: { 'X-D': 'X-E' } },
    { 'X-C': '3', 'X-D': '4' },
    ['X-A: 1', 'X-B: 2', 'X-E: 4'],
  ],
  ['octets beyond ASCII are encoded', { set: { 'X-A': '${request.header.x-b}' } }, { 'X-B': '\u00c3\u00a9 %' }, ['X-B: \u00c3\u00a9 %', 'X-A: %C3%A9%20%25']],
]

/** [what, response, answered by the upstream, what the client gets] */
const responses: readonly [what: string, response: unknown, answered: Fields, told: Readonly<Record<string, string>>][] = [
  ['set a constant', { set: { 'X-A': '1' } }, {}, { 'x-a': '1' }],
  ['set takes the place of all there are', { set: { 'X-A': '1' } }, { 'X-A': ['2', '3'] }, { 'x-a': '1' }],
  ['set the status', { set: { 'X-A': '${response.status}' } }, {}, { 'x-a': '200' }],
  ['set from the response', { set: { 'X-A': '${response.header.etag}' } }, { ETag: '"1"' }, { etag: '"1"', 'x-a': '"1"' }],
  ['set from its own former value', { set: { 'X-A': 'n-${response.header.x-a}' } }, { 'X-A': '1' }, { 'x-a': 'n-1' }],
  ['set what is not there leaves it out', { set: { 'X-A': '${response.header.x-b}' } }, { 'X-A': '1' }, {}],
  ['add beside what is there', { add: { 'X-A': '2' } }, { 'X-A': '1' }, { 'x-a': '1, 2' }],
  ['remove', { remove: ['X-A', 'Server'] }, { 'X-A': '1', Server: 'nginx', 'X-B': '2' }, { 'x-b': '2' }],
  ['rename', { rename: { 'X-A': 'X-B' } }, { 'X-A': ['1', '2'], 'X-B': '3' }, { 'x-b': '1, 2' }],
  ['a cache is told what it depends on', { set: { 'X-A': '${request.header.x-b:-none}' } }, { Vary: 'Accept' }, { vary: 'Accept, x-b', 'x-a': 'none' }],
  [
    'what tells of the caller is kept by nobody',
    { set: { 'X-A': '${client.address}' } },
    { 'Cache-Control': 'public, max-age=60' },
    { 'cache-control': 'no-store', 'x-a': '192.0.2.1' },
  ],
  [
    'what is kept by nobody stays so',
    { set: { 'X-A': '${client.address}' } },
    { 'Cache-Control': 'private, no-store' },
    { 'cache-control': 'private, no-store', 'x-a': '192.0.2.1' },
  ],
  ['Cache-Control as text', { set: { 'Cache-Control': 'max-age=5' } }, { 'Cache-Control': 'public' }, { 'cache-control': 'max-age=5' }],
]

/** [configuration, code] */
const faulty: readonly [what: string, config: unknown, code: string][] = [
  ['nothing', {}, 'empty'],
  ['an unknown key', { request: { sets: {} } }, 'unknown-key'],
  ['no name', { request: { set: { 'X A': '1' } } }, 'bad-name'],
  ['a value with a line end', { request: { set: { 'X-A': 'a\r\nX-B: b' } } }, 'bad-value'],
  ['a value with a tab', { request: { set: { 'X-A': 'a\tb' } } }, 'bad-value'],
  ['an unknown value', { request: { set: { 'X-A': '${consume}' } } }, 'unknown-value'],
  ['a response in a request', { request: { set: { 'X-A': '${response.status}' } } }, 'contradiction'],
  ['set and removed', { request: { set: { 'X-A': '1' }, remove: ['x-a'] } }, 'contradiction'],
  ['set twice in two spellings', { request: { set: { 'X-A': '1', X_A: '2' } } }, 'contradiction'],
  ['renamed to what is set', { request: { set: { 'X-A': '1' }, rename: { 'X-B': 'X-A' } } }, 'contradiction'],
  ['the caller where nobody is asked', { request: { set: { 'X-A': '${consumer}' } } }, 'slot-unwritten'],
  ['what a caller sends as a credential, sent back', { response: { set: { 'X-A': '${request.header.authorization}' } } }, 'secret-shown'],
  ['cookies, sent back', { response: { add: { 'X-A': '${request.header.cookie}' } } }, 'secret-shown'],
]

describe('headers', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(headers), 3))

  it('forwards fields as the table says', async () => {
    let ran = 0
    for (const [what, request, sent, forwarded] of requests) {
      const outcome = await house({ request }).send({ headers: sent })
      assert.deepEqual([outcome.status, outcome.forwarded], [200, forwarded], what)
      ran++
    }
    assert.equal(ran, 26)
  })

  it('answers with fields as the table says', async () => {
    let ran = 0
    for (const [what, response, answered, told] of responses) {
      const at = house({ response })
      const { fields } = await at.answer(at.exchange(), { headers: answered })
      assert.deepEqual({ ...Object.fromEntries(fields) }, { ...told, 'content-length': '0' }, what)
      ran++
    }
    assert.equal(ran, 13)
  })

  it('refuses each configuration of the table, for the reason that it names', () => {
    let ran = 0
    for (const [what, config, code] of faulty) {
      assert.deepEqual(faultsOf([{ policy: headers, config }]), [code], what)
      ran++
    }
    assert.equal(ran, 13)
  })

  it('learns who calls from those who ask before it', async () => {
    const apiKey = policies.find(({ name }) => name === 'api-key')!
    const at = new Harness(
      [
        { policy: apiKey, config: { header: 'X-API-Key', format: 'any' } },
        { policy: headers, config: { request: { set: { 'X-Tenant': '${consumer}' } } } },
      ],
      { keys: [{ secret: 'k', consumer: 'acme' }] },
    )
    const { forwarded } = await at.send({ headers: { 'X-API-Key': 'k', 'X-Tenant': 'other' } })
    assert.deepEqual(
      forwarded.filter((line) => line.startsWith('X-')),
      ['X-Tenant: acme'],
    )
  })

  it('touches neither refusals nor replies of the gateway', async () => {
    const at = house({ response: { set: { 'X-A': '1' } } })
    const { fields } = await at.send()
    assert.equal(fields.has('x-a'), false)
  })

  it('asked for nothing it costs nothing, with constants it makes one append, and in monitor mode it changes nothing', async () => {
    assert.equal(house({ request: { set: {} } }).chain.steps.length, 0)
    assert.equal(house({ response: { set: { 'X-A': '1' } } }).chain.run.parts.length, 0)
    const at = new Harness([
      { policy: headers, mode: 'monitor', config: { request: { set: { 'X-A': '1' }, remove: ['X-B'] }, response: { set: { 'X-A': '1' } } } },
    ])
    assert.deepEqual((await at.send({ headers: { 'X-B': '2' } })).forwarded, ['X-B: 2'])
    assert.equal((await at.answer(at.exchange())).fields.has('x-a'), false)
  })

  it('fields that a default of another policy stands for are said once', async () => {
    const secure = policies.find(({ name }) => name === 'secure-headers')!
    const at = new Harness([
      { policy: headers, config: { response: { set: { 'X-A': '${client.address}' } } } },
      { policy: secure, config: {} },
    ])
    const x = at.exchange()
    await at.answer(x, {})
    assert.equal(x.clientFields.match(/cache-control/gi)?.length, 1)
    assert.equal(x.defaultFields.length, 0)
  })
})
