// How one would get past a mask, or a member past a drop, and why it does not work. Over the wire: test/e2e/changed-bodies.test.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { isRefusal } from '../../pipeline/body-filter.ts'
import { run } from '../../pipeline/chain.ts'
import { Harness, type Request } from '../../pipeline/harness.ts'
import { bodyTransform } from './policy.ts'

const SECRET = '4111111111111111'
const MASK = { mask: [{ path: '$..card.number', last: 4 }] }
const MASK_HOUSE = new Harness([{ policy: bodyTransform, config: { response: MASK } }])
const LENIENT_HOUSE = new Harness([{ policy: bodyTransform, config: { response: { ...MASK, others: 'pass' } } }])
const DROP_HOUSE = new Harness([{ policy: bodyTransform, config: { request: { drop: ['$.role'], set: { '$.tenant': 'acme' } } } }])

async function answered(
  body: string | Uint8Array,
  headers: Request['headers'] = { 'Content-Type': 'application/json' },
  { house = MASK_HOUSE, status = 200 } = {},
) {
  const x = house.exchange()
  assert.equal(await run(house.chain, x, house.tally), undefined)
  const outcome = await house.answer(x, { status, headers: headers!, body })
  return { text: outcome.body.toString('latin1'), code: outcome.code ?? (isRefusal(outcome.failure) ? outcome.failure.code : outcome.failure) }
}
async function sent(body: string | Uint8Array, headers: Request['headers'] = { 'Content-Type': 'application/json' }, house = DROP_HOUSE): Promise<string> {
  const x = house.exchange({ method: 'POST', headers: { ...headers, 'Transfer-Encoding': 'chunked' } })
  const verdict = await run(house.chain, x, house.tally)
  if (verdict?.kind === 'refusal') return verdict.code
  const { body: given, failure } = await house.body(x, body)
  return isRefusal(failure) ? failure.code : given.toString()
}
const INVALID = 'body-transform.answer-invalid'
const card = (number: string) => `{"card":{"number":${number}}}`

/** Bodies that say they are JSON. The secret does not come out: it is masked, or nothing that is whole comes out at all. */
const BODIES: readonly (readonly [title: string, body: string | Uint8Array, code: string | undefined])[] = [
  ['an escape in the name', `{"\\u0063ard":{"number":"${SECRET}"}}`, undefined],
  ['every character of the name escaped', `{"card":{"\\u006e\\u0075\\u006d\\u0062\\u0065\\u0072":"${SECRET}"}}`, undefined],
  ['escapes in the value', card(`"${[...SECRET].map((digit) => `\\u003${digit}`).join('')}"`), undefined],
  ['a number in the place of a text', card(SECRET), undefined],
  ['a number with a fraction and an exponent', card(`${SECRET}.0e0`), undefined],
  ['an object in the place of a text', card(`{"value":"${SECRET}"}`), undefined],
  ['a list in the place of a text', card(`["${SECRET}"]`), undefined],
  ['the name twice, the secret first', `{"card":{"number":"${SECRET}","number":"x"}}`, INVALID],
  ['the name twice, once escaped', `{"card":{"number":"x","\\u006eumber":"${SECRET}"}}`, INVALID],
  ['the object twice', `{"card":{"number":"x"},"card":{"number":"${SECRET}"}}`, INVALID],
  ['a list around the object', `[[[{"card":{"number":"${SECRET}"}}]]]`, undefined],
  ['a byte order mark', `\ufeff${card(`"${SECRET}"`)}`, INVALID],
  ['UTF-16 without a word of it', Buffer.from(card(`"${SECRET}"`), 'utf16le'), INVALID],
  ['UTF-16 with a byte order mark', Buffer.from(`\ufeff${card(`"${SECRET}"`)}`, 'utf16le'), INVALID],
  ['UTF-32', Buffer.from([...card(`"${SECRET}"`)].flatMap((each) => [0, 0, 0, each.charCodeAt(0)])), INVALID],
  ['UTF-7', `{"+AGM-ard":{"number":"${'9'.repeat(16)}"}}`, undefined],
  ['several documents, a line each', `{"a":1}\n${card(`"${SECRET}"`)}`, INVALID],
  ['documents one behind the other', `{}${card(`"${SECRET}"`)}`, INVALID],
  ['a sequence of documents (RFC 7464)', `\u001e${card(`"${SECRET}"`)}`, INVALID],
  ['a prefix against cross-site reading', `)]}',\n${card(`"${SECRET}"`)}`, INVALID],
  ['a call around the document', `callback(${card(`"${SECRET}"`)})`, INVALID],
  ['a comment', `/* */${card(`"${SECRET}"`)}`, INVALID],
  ['a comment between', `{"card"/**/:{"number":"${SECRET}"}}`, INVALID],
  ['single quotes', `{'card':{'number':'${SECRET}'}}`, INVALID],
  ['names without quotes', `{card:{number:"${SECRET}"}}`, INVALID],
  ['a comma too many', `{"card":{"number":"${SECRET}",}}`, INVALID],
  ['NaN', `{"a":NaN,"card":{"number":"${SECRET}"}}`, INVALID],
  ['a control character in the name', `{"car\u0000d":1,"card":{"number":"${SECRET}"}}`, INVALID],
  ['overlong UTF-8 in the name', Buffer.concat([Buffer.from('{"'), Buffer.from('c1a3', 'hex'), Buffer.from(`ard":{"number":"${SECRET}"}}`)]), INVALID],
  ['an octet that is no UTF-8', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from(`","card":{"number":"${SECRET}"}}`)]), INVALID],
  ['half a surrogate pair', `{"a":"\\ud800","card":{"number":"${SECRET}"}}`, INVALID],
  ['a surrogate in three octets', Buffer.concat([Buffer.from('{"'), Buffer.from('eda080', 'hex'), Buffer.from(`":1,"card":{"number":"${SECRET}"}}`)]), INVALID],
  ['nested beyond the bound', `${'['.repeat(65)}${card(`"${SECRET}"`)}${']'.repeat(65)}`, INVALID],
  ['a number beyond the bound', `{"a":${'1'.repeat(300)},"card":{"number":"${SECRET}"}}`, INVALID],
  ['a name beyond the bound', `{"${'a'.repeat(2000)}":1,"card":{"number":"${SECRET}"}}`, INVALID],
  ['a body that ends too early', `{"card":{"number":"${SECRET}"`, INVALID],
  ['a body that ends within the secret', `{"card":{"number":"${SECRET}`, INVALID],
  ['a body that is compressed and does not say so', gzipSync(card(`"${SECRET}"`)), INVALID],
  ['white space that no JSON has', `\u00a0${card(`"${SECRET}"`)}`, INVALID],
]

/** Heads that would have the body taken for something else. */
const HEADS: readonly (readonly [title: string, headers: NonNullable<Request['headers']>, code: string])[] = [
  ['no Content-Type', {}, 'body-transform.answer-type'],
  ['an empty one', { 'Content-Type': '' }, 'body-transform.answer-type'],
  ['text/json', { 'Content-Type': 'text/json' }, 'body-transform.answer-type'],
  ['application/x-json', { 'Content-Type': 'application/x-json' }, 'body-transform.answer-type'],
  ['application/x-ndjson', { 'Content-Type': 'application/x-ndjson' }, 'body-transform.answer-type'],
  ['application/json-seq', { 'Content-Type': 'application/json-seq' }, 'body-transform.answer-type'],
  ['application/jsonlines', { 'Content-Type': 'Application/JSONLines' }, 'body-transform.answer-type'],
  ['charset=utf-16', { 'Content-Type': 'application/json;charset=utf-16' }, 'body-transform.answer-type'],
  ['charset=utf-7', { 'Content-Type': 'application/json; charset="UTF-7"' }, 'body-transform.answer-type'],
  ['charset=iso-8859-1', { 'Content-Type': 'application/json; Charset=iso-8859-1' }, 'body-transform.answer-type'],
  ['two charsets', { 'Content-Type': 'application/json; charset=utf-8; charset=utf-16' }, 'body-transform.answer-type'],
  ['two Content-Types', { 'Content-Type': ['text/plain', 'application/json'] }, 'body-transform.answer-type'],
  ['two in one field', { 'Content-Type': 'text/html, application/json' }, 'body-transform.answer-type'],
  ['a quote that does not end', { 'Content-Type': 'text/html; a="' }, 'body-transform.answer-type'],
  ['gzip', { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }, 'body-transform.answer-encoded'],
  ['two codings', { 'Content-Type': 'application/json', 'Content-Encoding': 'identity, br' }, 'body-transform.answer-encoded'],
  ['a coding in a second field', { 'Content-Type': 'application/json', 'Content-Encoding': ['identity', 'gzip'] }, 'body-transform.answer-encoded'],
  ['a coding that nobody knows', { 'Content-Type': 'application/json', 'Content-Encoding': 'x-secret' }, 'body-transform.answer-encoded'],
  ['Content-Range', { 'Content-Type': 'application/json', 'Content-Range': 'bytes 0-9/10' }, 'body-transform.answer-partial'],
]

const REQUESTS: readonly (readonly [title: string, body: string | Uint8Array, headers: Request['headers'], result: string])[] = [
  ['an escape in the name', '{"rol\\u0065":"admin"}', undefined, '{"tenant":"acme"}'],
  ['the name twice', '{"role":"a","role":"b","x":1}', undefined, '{"x":1,"tenant":"acme"}'],
  ['what is set said by the caller', '{"tenant":"evil"}', undefined, '{"tenant":"acme"}'],
  ['what is set said twice', '{"tenant":"acme","tenant":"evil"}', undefined, 'body-transform.invalid'],
  ['what is set said once more, escaped', '{"tenant":"acme","t\\u0065nant":"evil"}', undefined, 'body-transform.invalid'],
  ['a body that is no JSON', '{"role":"admin"', undefined, 'body-transform.invalid'],
  ['nothing but white space', ' \n ', undefined, 'body-transform.invalid'],
  ['a form', 'role=admin', { 'Content-Type': 'application/x-www-form-urlencoded' }, 'body-transform.unsupported-type'],
  ['no Content-Type', '{"role":"admin"}', {}, 'body-transform.unsupported-type'],
  ['text/plain, which some read as JSON', '{"role":"admin"}', { 'Content-Type': 'text/plain' }, 'body-transform.unsupported-type'],
  [
    'a patch that names the member in a text',
    '[{"op":"add","path":"/role","value":"admin"}]',
    { 'Content-Type': 'application/json-patch+json' },
    'body-transform.unsupported-type',
  ],
  ['a merge patch', '{"role":"admin"}', { 'Content-Type': 'application/merge-patch+json' }, '{"tenant":"acme"}'],
  ['compressed', gzipSync('{"role":"admin"}'), { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }, 'body-transform.encoded'],
  ['compressed by an old name', gzipSync('{"role":"admin"}'), { 'Content-Type': 'application/json', 'Content-Encoding': 'x-gzip' }, 'body-transform.encoded'],
  ['compressed without a word', gzipSync('{"role":"admin"}'), undefined, 'body-transform.invalid'],
  ['a part', '{"role":"admin"}', { 'Content-Type': 'application/json', 'Content-Range': 'bytes 0-15/16' }, 'body-transform.partial'],
  ['another charset', '{"role":"admin"}', { 'Content-Type': 'application/json; charset=utf-16be' }, 'body-transform.unsupported-type'],
  ['a prototype', '{"__proto__":{"role":"admin"}}', undefined, '{"__proto__":{"role":"admin"},"tenant":"acme"}'],
]

describe('against body-transform', () => {
  it('a secret comes out of no body that says it is JSON', async () => {
    for (const [title, body, code] of BODIES) {
      const outcome = await answered(body)
      assert.equal(outcome.code, code, title)
      assert.ok(!outcome.text.includes(SECRET.slice(0, 12)) && !/(?:\\u003[0-9]){5}/.test(outcome.text), `${title}: ${outcome.text}`)
      if (code === undefined) JSON.parse(outcome.text)
      else assert.throws(() => JSON.parse(outcome.text), title)
    }
    assert.equal(BODIES.length, 39)
  })

  it('no head has a body taken for something else, also where other media types pass', async () => {
    for (const [title, headers, code] of HEADS) {
      assert.deepEqual(await answered(card(`"${SECRET}"`), headers), { text: '', code }, title)
      if (!/text\/html; a=|two in one|two Content/.test(title)) {
        const lenient = await answered(card(`"${SECRET}"`), headers, { house: LENIENT_HOUSE })
        assert.deepEqual(lenient, { text: '', code }, title)
      }
    }
    assert.equal(HEADS.length, 19)
  })

  it('a part, or a difference to an earlier answer, is not passed on', async () => {
    for (const status of [206, 226])
      assert.equal((await answered(card(`"${SECRET}"`), { 'Content-Type': 'application/json' }, { status })).code, 'body-transform.answer-partial')
    assert.equal(
      (await answered(SECRET, { 'Content-Type': 'multipart/byteranges; boundary=x' }, { status: 206, house: LENIENT_HOUSE })).code,
      'body-transform.answer-partial',
    )
  })

  it('an error of the upstream is masked like any other answer', async () => {
    const { text } = await answered(card(`"${SECRET}"`), { 'Content-Type': 'application/problem+json' }, { status: 500 })
    assert.equal(text, card('"****1111"'))
  })

  it('a caller gets no member past a drop and nothing in the place of what is set', async () => {
    for (const [title, body, headers, result] of REQUESTS) assert.equal(await sent(body, headers), result, title)
    assert.equal(REQUESTS.length, 18)
  })

  it('a service that does not look at case: nor does the policy, where it is told', async () => {
    const house = new Harness([{ policy: bodyTransform, config: { request: { drop: ['$.isAdmin'], ignoreCase: true } } }])
    assert.equal(await sent('{"ISADMIN":1,"i\\u017fadmin":2,"iſAdmin":3,"isAdmi\\u006e":4,"x":5}', undefined, house), '{"x":5}')
  })

  it('of a request that turns out to be no JSON nothing is forwarded, up to what is held', async () => {
    const x = DROP_HOUSE.exchange({ method: 'POST', headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' } })
    assert.equal(await run(DROP_HOUSE.chain, x, DROP_HOUSE.tally), undefined)
    const body = Buffer.from(`{"a":"${'x'.repeat(60_000)}"]`)
    const { body: given, failure } = await DROP_HOUSE.body(
      x,
      body,
      [...body.keys()].filter((at) => at > 0 && at % 1000 === 0),
    )
    assert.deepEqual([given.length, isRefusal(failure) && failure.code], [0, 'body-transform.invalid'])
  })

  it('a broken document never comes out as one that looks whole', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 4 }), fc.nat(300), async (text, at) => {
        const octets = Buffer.from(text)
        // What is cut off a number leaves a number: only a document in brackets shows that it was cut.
        const cut = Buffer.concat([Buffer.from('[1,'), octets, Buffer.from(']')]).subarray(0, at % (octets.length + 4))
        if (cut.length === 0) return
        const outcome = await answered(cut)
        assert.equal(outcome.code, INVALID)
        assert.throws(() => JSON.parse(outcome.text))
      }),
      { numRuns: 500 },
    )
  })
})
