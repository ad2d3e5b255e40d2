// body-transform changes what its configuration says, in both directions, wherever the body is cut; heads say what is true of the changed body.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRefusal } from '../../pipeline/body-filter.ts'
import { run } from '../../pipeline/chain.ts'
import { faultsOf, Harness, HarnessFaults, type Request, runExamples, type UpstreamAnswer } from '../../pipeline/harness.ts'
import { bodyTransform } from './policy.ts'

const JSON_TYPE = { 'Content-Type': 'application/json' }
const house = (config: unknown) => new Harness([{ policy: bodyTransform, config }])

/** What the client gets of this answer: status and code, or the body. */
async function answered(response: unknown, upstream: UpstreamAnswer, cuts: readonly number[] = [], request: Request = {}) {
  const harness = house({ response })
  const x = harness.exchange(request)
  assert.equal(await run(harness.chain, x, harness.tally), undefined)
  const outcome = await harness.answer(x, upstream, cuts)
  const failure = isRefusal(outcome.failure) ? outcome.failure.code : outcome.failure
  return { ...outcome, text: outcome.body.toString(), failure }
}
/** What the upstream gets of this request's body, or the code of the refusal. */
async function sent(request: unknown, body: string | Uint8Array, headers: Request['headers'] = JSON_TYPE, cuts: readonly number[] = []): Promise<string> {
  const harness = house({ request })
  const x = harness.exchange({ method: 'POST', headers: { ...headers, 'Content-Length': String(Buffer.from(body).length) } })
  const verdict = await run(harness.chain, x, harness.tally)
  if (verdict?.kind === 'refusal') return verdict.code
  const { body: given, failure } = await harness.body(x, body, cuts)
  return isRefusal(failure) ? `${failure.code}${given.length > 0 ? ` after ${given.length} octets` : ''}` : given.toString()
}

const ORDER =
  '{"id": 7, "customer": {"name": "Zoë", "email": "zoe@shop.example"}, "card": {"number": "4111111111111111", "cvc": 123}, "items": [{"sku": "a", "cost": 1.5}, {"sku": "b", "cost": 2}], "internal": {"margin": 0.4}}'

/** Title, one direction's configuration, document, what comes out. */
const CASES: readonly (readonly [title: string, change: object, document: string, result: string])[] = [
  ['drops a member', { drop: ['$.internal'] }, '{"a":1,"internal":{"x":[1]}}', '{"a":1}'],
  ['drops the first of several', { drop: ['$.a'] }, '{ "a" : 1 , "b" : 2 }', '{  "b" : 2 }'],
  ['drops the last of several', { drop: ['$.b'] }, '{"a":1 , "b":2 }', '{"a":1 }'],
  ['drops the only one', { drop: ['$.a'] }, '{"a":1}', '{}'],
  ['drops several in a row', { drop: ['$.a', '$.b'] }, '{"a":1,"b":2,"c":3}', '{"c":3}'],
  ['drops below a list', { drop: ['$.items[*].cost'] }, '{"items":[{"sku":"a","cost":1},{"cost":2}]}', '{"items":[{"sku":"a"},{}]}'],
  ['drops items', { drop: ['$[*]'] }, '[1,[2],{}]', '[]'],
  ['drops one item by its place', { drop: ['$[1]'] }, '[1,2,3]', '[1,3]'],
  ['drops at any depth', { drop: ['$..secret'] }, '{"secret":1,"a":[{"secret":2,"b":{"secret":3,"c":4}}]}', '{"a":[{"b":{"c":4}}]}'],
  ['drops every member', { drop: ['$.*'] }, '{"a":1,"b":{}}', '{}'],
  ['drops a name of other characters', { drop: ["$['a-b']", '$["€"]'] }, '{"a-b":1,"€":2,"c":3}', '{"c":3}'],
  ['a path that leads nowhere drops nothing', { drop: ['$.x.y', '$.a[0]'] }, '{"a":{"0":1},"x":5}', '{"a":{"0":1},"x":5}'],
  ['leaves what is deeper than its path', { drop: ['$.secret'] }, '{"a":{"secret":1}}', '{"a":{"secret":1}}'],
  ['picks members', { pick: ['$.id', '$.name'] }, '{"id":1,"name":"x","email":"y"}', '{"id":1,"name":"x"}'],
  ['picks with what is on the way', { pick: ['$.a.b'] }, '{"a":{"b":{"c":1},"d":2},"e":3}', '{"a":{"b":{"c":1}}}'],
  ['picks below a list', { pick: ['$.items[*].sku'] }, '{"items":[{"sku":"a","cost":1},5,{"cost":2}],"n":2}', '{"items":[{"sku":"a"},{}]}'],
  ['picks at any depth', { pick: ['$..sku'] }, '{"a":[{"sku":1,"x":2}],"b":3}', '{"a":[{"sku":1}]}'],
  ['picks what is not there: nothing is left', { pick: ['$.x'] }, '{"a":1}', '{}'],
  ['of a document without members picks nothing', { pick: ['$.x'] }, '"secret"', 'null'],
  ['a value in the place of an object on the way goes', { pick: ['$.a.b'] }, '{"a":"secret"}', '{}'],
  ['picks and drops', { pick: ['$.a'], drop: ['$.a.secret'] }, '{"a":{"secret":1,"b":2},"c":3}', '{"a":{"b":2}}'],
  ['renames', { rename: { '$.cust_no': 'customerNumber' } }, '{"cust_no" : 5}', '{"customerNumber" : 5}'],
  ['renames below a list', { rename: { '$[*].n': 'name' } }, '[{"n":1},{"m":2}]', '[{"name":1},{"m":2}]'],
  ['changes two names for each other', { rename: { '$.a': 'b', '$.b': 'a' } }, '{"a":1,"b":2}', '{"b":1,"a":2}'],
  ['renames and goes on below by the old name', { rename: { '$.a': 'x' }, drop: ['$.a.b'] }, '{"a":{"b":1,"c":2}}', '{"x":{"c":2}}'],
  ['writes a new name as JSON', { rename: { '$.a': 'say "é"\n' } }, '{"a":1}', '{"say \\"é\\"\\n":1}'],
  ['masks a text', { mask: ['$.ssn'] }, '{"ssn":"123-45-6789"}', '{"ssn":"****"}'],
  ['masks all but the last four', { mask: [{ path: '$.n', last: 4 }] }, '{"n":"4111111111111111"}', '{"n":"****1111"}'],
  ['masks all but both ends', { mask: [{ path: '$.n', first: 6, last: 4 }] }, '{"n":"41111111112222223333"}', '{"n":"411111****3333"}'],
  ['masks a number as text', { mask: [{ path: '$.n', last: 4 }] }, '{"n":4111111111111234}', '{"n":"****1234"}'],
  ['masks whole what is short', { mask: [{ path: '$.n', last: 4 }] }, '{"n":"1234567"}', '{"n":"****"}'],
  ['masks objects, lists and booleans whole', { mask: ['$.*'] }, '{"a":{"x":1},"b":[1,2],"c":true}', '{"a":"****","b":"****","c":"****"}'],
  ['null stays null', { mask: ['$.a'] }, '{"a":null}', '{"a":null}'],
  ['masks with another text', { mask: [{ path: '$.a', with: '"hidden"' }] }, '{"a":"x"}', '{"a":"\\"hidden\\""}'],
  ['counts characters, not octets', { mask: [{ path: '$.a', last: 2 }] }, '{"a":"Zoë Müller😀é"}', '{"a":"****😀é"}'],
  ['an escape is one character', { mask: [{ path: '$.a', last: 2 }] }, '{"a":"abc\\u00e9\\ud83d\\ude00"}', '{"a":"****\\u00e9\\ud83d\\ude00"}'],
  [
    'of two masks the narrower',
    {
      mask: [
        { path: '$..n', last: 4 },
        { path: '$.n', last: 2 },
      ],
    },
    '{"n":"12345678"}',
    '{"n":"****78"}',
  ],
  ['masks items', { mask: ['$.phones[*]'] }, '{"phones":["1","2"]}', '{"phones":["****","****"]}'],
  ['masks the whole document', { mask: ['$'] }, '{"a":1}', '"****"'],
  ['sets what is there', { set: { '$.role': 'guest' } }, '{"role":{"x":1},"a":1}', '{"role":"guest","a":1}'],
  ['sets what is not there', { set: { '$.tenant': { id: 5 } } }, '{"a":1}', '{"a":1,"tenant":{"id":5}}'],
  ['sets in an empty object', { set: { '$.a': null } }, '{ }', '{ "a":null}'],
  ['sets below a list', { set: { '$[*].v': 2 } }, '[{"v":1},{},5]', '[{"v":2},{"v":2},5]'],
  ['makes no objects on the way', { set: { '$.a.b': 1 } }, '{"c":1}', '{"c":1}'],
  ['sets at any depth where it is there', { set: { '$..v': 0 } }, '{"v":1,"a":{"v":2},"b":{}}', '{"v":0,"a":{"v":0},"b":{}}'],
  ['sets and renames', { set: { '$.a': 1 }, rename: { '$.a': 'b' } }, '{}', '{"b":1}'],
  ['dropping goes before setting', { drop: ['$.a'], set: { '$..a': 1 } }, '{"a":5}', '{}'],
  ['a template of picked values', { template: { n: '$.id', skus: '$.items[*].sku', v: 2 } }, ORDER, '{"n":7,"skus":["a","b"],"v":2}'],
  [
    'a template sees what the other changes left',
    { mask: [{ path: '$.card.number', last: 4 }], template: { card: '$.card.number' } },
    ORDER,
    '{"card":"****1111"}',
  ],
  ['ignores case where that is asked for', { drop: ['$.isAdmin'], ignoreCase: true }, '{"IsAdmin":1,"ISADMIN":2,"a":3}', '{"a":3}'],
  [
    'several at once, the rest octet by octet',
    { drop: ['$.internal', '$.items[*].cost'], mask: [{ path: '$..card.number', last: 4 }, '$..cvc'], rename: { '$.id': 'orderId' } },
    ORDER,
    '{"orderId": 7, "customer": {"name": "Zoë", "email": "zoe@shop.example"}, "card": {"number": "****1111", "cvc": "****"}, "items": [{"sku": "a"}, {"sku": "b"}]}',
  ],
]

describe('body-transform', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(bodyTransform), 4))

  it('changes answers and requests alike, in one piece and octet by octet', async () => {
    let ran = 0
    for (const [title, change, document, result] of CASES) {
      const everywhere = [...Buffer.from(document).keys()].slice(1)
      for (const cuts of [[], everywhere]) {
        const { text, failure } = await answered(change, { headers: JSON_TYPE, body: document }, cuts)
        assert.deepEqual([text, failure], [result, undefined], title)
        assert.equal(await sent(change, document, JSON_TYPE, cuts), result, title)
      }
      JSON.parse(result)
      ran++
    }
    assert.equal(ran, 51)
  })

  it('the head of an answer says what is true of the changed body', async () => {
    const headers = {
      'Content-Type': 'application/json',
      ETag: '"abc"',
      'Content-MD5': 'Q2hlY2sgSW50ZWdyaXR5IQ==',
      'Repr-Digest': 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:',
      'Content-Digest': 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:',
      Digest: 'md5=abc',
      'Accept-Ranges': 'bytes',
      'Last-Modified': 'Tue, 24 Nov 2026 10:00:00 GMT',
    }
    const expected = { 'content-type': 'application/json', etag: 'W/"abc"', 'accept-ranges': 'none', 'last-modified': 'Tue, 24 Nov 2026 10:00:00 GMT' }
    const change = { drop: ['$.a'] }
    assert.deepEqual(Object.fromEntries((await answered(change, { headers, body: '{"a":1}' })).fields), expected)
    const toHead = await answered(change, { headers: { ...headers, 'content-length': '7' } }, [], { method: 'HEAD' })
    assert.deepEqual(Object.fromEntries(toHead.fields), expected)
    const { 'content-type': _, ...of304 } = expected
    const { 'Content-Type': __, ...headersOf304 } = headers
    assert.deepEqual(Object.fromEntries((await answered(change, { status: 304, headers: headersOf304 })).fields), of304)
    // A weak one stays as it is.
    assert.equal((await answered(change, { headers: { ...JSON_TYPE, ETag: 'W/"x"' }, body: '{}' })).fields.get('etag'), 'W/"x"')
  })

  it('asks the upstream for a whole answer without content coding, only where answers are changed', async () => {
    const headers = { Range: 'bytes=0-9', 'If-Range': '"a"', 'A-IM': 'vcdiff', 'Accept-Encoding': 'gzip, br', Accept: '*/*' }
    const { forwarded } = await house({ response: { drop: ['$.a'] } }).send({ headers })
    assert.deepEqual(
      forwarded.filter((line) => !/^Host/i.test(line)),
      ['Accept: */*', 'Accept-Encoding: identity'],
    )
    const untouched = (await house({ request: { drop: ['$.a'] } }).send({ headers })).forwarded
    assert.deepEqual(
      untouched.filter((line) => /^(?:Range|Accept-Encoding)/.test(line)),
      ['Range: bytes=0-9', 'Accept-Encoding: gzip, br'],
    )
  })

  it('takes the digests of what it changes out of a request', async () => {
    const headers = { ...JSON_TYPE, 'Content-Length': '2', 'Content-Digest': 'sha-256=:a:', 'Content-MD5': 'x', 'Repr-Digest': 'y', Digest: 'z' }
    const { forwarded } = await house({ request: { drop: ['$.a'] } }).send({ method: 'POST', headers })
    assert.deepEqual(
      forwarded.filter((line) => !/^Host/i.test(line)),
      ['Content-Type: application/json'],
    )
  })

  it('a body of no octets is no document, and passes as it is', async () => {
    const change = { set: { '$.a': 1 }, template: { a: '$.a' } }
    const { text, failure } = await answered(change, { headers: JSON_TYPE, body: '' })
    assert.deepEqual([text, failure], ['', undefined])
    const harness = house({ request: change })
    const x = harness.exchange({ method: 'POST', headers: { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' } })
    assert.equal(await run(harness.chain, x, harness.tally), undefined)
    assert.deepEqual(await harness.body(x, ''), { body: Buffer.alloc(0), failure: undefined })
    assert.equal((await harness.send({ method: 'GET' })).status, 200)
  })

  it('what is changed is what the media type says, or what is listed', async () => {
    const change = { drop: ['$.a'] }
    const document = '{"a":1}'
    const table: readonly (readonly [type: string, config: object, result: string])[] = [
      ['application/json', change, '{}'],
      ['application/problem+json; charset=UTF-8', change, '{}'],
      ['APPLICATION/VND.API+JSON;ext="x"', change, '{}'],
      ['text/html', change, 'body-transform.answer-type'],
      ['text/html', { ...change, others: 'pass' }, document],
      ['text/json', { ...change, types: ['text/json'] }, '{}'],
      ['application/json', { ...change, types: ['text/json'] }, 'body-transform.answer-type'],
      ['application/hal+json', { ...change, types: ['application/json'], others: 'pass' }, 'body-transform.answer-type'],
    ]
    for (const [type, config, result] of table) {
      const { text, code } = await answered(config, { headers: { 'Content-Type': type }, body: document })
      assert.equal(code ?? text, result, type)
    }
    assert.equal(table.length, 8)
  })

  it('a template collects no more than its buffer', async () => {
    const body = JSON.stringify({ a: 'x'.repeat(2000) })
    const change = { template: { a: '$.a' }, buffer: '1KiB' }
    assert.equal((await answered(change, { headers: JSON_TYPE, body })).failure, 'body-transform.answer-too-large')
    assert.equal(await sent(change, body), 'body-transform.too-large')
  })

  it('one that only watches changes nothing, and leaves the length as it is', async () => {
    const harness = new Harness([{ policy: bodyTransform, config: { request: { drop: ['$.a'] }, response: { drop: ['$.a'] } }, mode: 'monitor' }])
    const x = harness.exchange({ method: 'POST', headers: { ...JSON_TYPE, 'Content-Length': '7', Range: 'bytes=0-1' } })
    assert.equal(await run(harness.chain, x, harness.tally), undefined)
    assert.equal((await harness.body(x, '{"a":1}')).body.toString(), '{"a":1}')
    const { body, fields } = await harness.answer(x, { headers: JSON_TYPE, body: '{"a":1}' })
    assert.deepEqual([body.toString(), fields.get('content-length'), fields.get('accept-ranges')], ['{"a":1}', '7', undefined])
    assert.ok((await harness.send({ headers: { Range: 'bytes=0-1' } })).forwarded.includes('Range: bytes=0-1'))
  })

  it('a configuration that would not do what was meant does not load, and says why', () => {
    const table: readonly (readonly [config: unknown, why: RegExp])[] = [
      [{}, /needs 'request' or 'response'/],
      [{ response: {} }, /changes nothing/],
      [{ response: { drop: [] } }, /at least 1/],
      [{ response: { drop: ['a.b'] } }, /begins with '\$'/],
      [{ response: { drop: ['$.a[-1]'] } }, /from the end/],
      [{ response: { drop: ['$'] } }, /nothing would be left/],
      [{ response: { drp: ['$.a'] } }, /did you mean 'drop'\?/],
      [{ response: { rename: { '$.a[0]': 'x' } } }, /only a member/],
      [{ response: { rename: { '$.a-b': 'x' } } }, /like-this/],
      [{ response: { rename: { a: 'x' } } }, /must be a path/],
      [{ response: { set: { $: 1 } } }, /must be a path/],
      [{ response: { set: { '$.a': 1, '$.*': 2 } } }, /cannot be set to 1 and to 2/],
      [{ response: { mask: [{ path: '$.a', last: 17 }] } }, /between 0 and 16/],
      [{ response: { mask: [{ path: '$.a', keep: 4 }] } }, /unknown key 'keep'/],
      [{ response: { mask: ['$.'] } }, /no path/],
      [{ response: { template: { a: '$a' } } }, /the template: /],
      [{ response: { template: 'x', buffer: '1GiB' } }, /between/],
      [{ response: { drop: ['$.a'], types: ['Application/JSON'] } }, /lower case/],
      [{ response: { drop: ['$.a'], others: 'ignore' } }, /one of refuse, pass/],
      [{ response: { drop: ['$.a'], limits: { depth: 0 } } }, /between 1 and 1000/],
      [{ request: { drop: Array.from({ length: 16 }, (_, i) => `$..a${'[*]'.repeat(8)}.b${i}`) } }, /fewer with '\.\.'/],
    ]
    for (const [config, why] of table) {
      assert.throws(
        () => house(config),
        (cause) => cause instanceof HarnessFaults && why.test(cause.message),
        JSON.stringify(config),
      )
    }
    assert.equal(table.length, 21)
    assert.deepEqual(faultsOf([{ policy: bodyTransform, config: { request: { set: { '$.a': { b: [1, null, 'x'] } } } } }]), [])
  })
})
