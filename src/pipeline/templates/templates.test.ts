// Whatever a request says, what a template makes of it stays where it is put: one line, one segment, one parameter, one path in normal form.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { AMBIGUITIES, isNormalPath } from '../../http/target.ts'
import { Exchange } from '../exchange.ts'
import { Harness } from '../harness.ts'
import { Principal } from '../slots.ts'
import { type Answered, exchangeValue } from './exchange-values.ts'
import { type PathPattern, readPathPattern } from './path-pattern.ts'
import { percentDecoded } from './percent-encoding.ts'
import { type AddressTemplate, type PathTemplate, type QueryTemplate, readAddressTemplate, readPathTemplate, readQueryTemplate } from './target-templates.ts'
import { type FieldTemplate, readFieldTemplate } from './templates.ts'

const harness = new Harness([])
const exchange = (path = '/', headers: Record<string, string | string[]> = {}) => harness.exchange({ path, headers })
const field = (text: string, ofResponse = false): FieldTemplate => {
  const template = readFieldTemplate(text, ofResponse)
  assert.ok(!('code' in template), JSON.stringify(template))
  return template
}
const codeOf = (text: string, ofResponse = false): string => {
  const template = readFieldTemplate(text, ofResponse)
  return 'code' in template ? template.code : ''
}

/** Every name there is, each with a value for it. */
const values: readonly [text: string, value: string | undefined][] = [
  ['${request.method}', 'GET'],
  ['${request.path}', '/books/7'],
  ['${request.host}', 'api.example'],
  ['${request.query.q}', 'a b'],
  ['${request.query.none}', undefined],
  ['${request.query.empty}', undefined],
  ['${request.query.empty:-x}', 'x'],
  ['${request.header.x-one}', '1'],
  ['${request.header.X-ONE}', '1'],
  ['${request.header.x-two}', 'a, b'],
  ['${request.header.x-none:-}', ''],
  ['${api}', 'test-api'],
  ['${operation}', 'test'],
  ['${consumer}', 'acme'],
  ['${principal.credential}', 'key_1'],
  ['${principal.by}', 'api-key'],
  ['${client.address}', '192.0.2.1'],
  ['$${x} is text', '${x} is text'],
  ['a $ and a } are text', 'a $ and a } are text'],
  ['{"json": 1}', '{"json": 1}'],
  ['tenant=${consumer}; by=${principal.by}', 'tenant=acme; by=api-key'],
  ['q=${request.query.q}', 'q=a%20b'],
]

/** [template, code of its fault] */
const faulty: readonly [text: string, code: string][] = [
  ['${', 'bad-template'],
  ['${consumer', 'bad-template'],
  ['${}', 'unknown-value'],
  ['${consumers}', 'unknown-value'],
  ['${constructor}', 'unknown-value'],
  ['${__proto__}', 'unknown-value'],
  ['${request.header.}', 'bad-value'],
  ['${request.header.a b}', 'bad-value'],
  ['${request.query.a&b}', 'bad-value'],
  ['${request.header.host}', 'contradiction'],
  ['${request.header.gatehouse-consumer}', 'contradiction'],
  ['${request.header.Gatehouse_Consumer}', 'contradiction'],
  ['${request.header.x-forwarded-for}', 'contradiction'],
  ['${request.header.x-real-ip}', 'contradiction'],
  ['${request.header.connection}', 'contradiction'],
  ['${request.header.transfer-encoding}', 'contradiction'],
  ['${request.header.proxy-authorization}', 'contradiction'],
  ['${response.status}', 'contradiction'],
  ['${response.header.etag}', 'contradiction'],
  ['a\r\nX: y', 'bad-value'],
  ['a\u010aX: y', 'bad-value'],
  ['a\tb', 'bad-value'],
  ['é', 'bad-value'],
  ['${consumer:-a\nb}', 'bad-value'],
  [' ${consumer}', 'bad-value'],
  [`${'${api}a'.repeat(30)}`, 'too-long'],
]

describe('templates of fields', () => {
  it('put in every value by its name', () => {
    const x = exchange('/books/7?q=a%20b&empty=', { 'X-One': '1', 'X-Two': ['a', 'b'] })
    x.set(Principal, { consumer: 'acme', credential: 'key_1', by: 'api-key' })
    let ran = 0
    for (const [text, value] of values) {
      assert.equal(field(text).render(x), value, text)
      ran++
    }
    assert.equal(ran, 22)
  })

  it('read a response where there is one', () => {
    const answer: Answered = { status: 404, all: ({ text }) => (text === 'etag' ? ['"1"'] : []) }
    assert.equal(field('${response.status} ${response.header.etag:-none}', true).render(exchange(), answer), '404 %221%22')
    assert.equal(field('${response.header.etag}', true).render(exchange(), answer), '"1"')
  })

  it('are refused at load when something in them is not known, and the nearest name is told', () => {
    let ran = 0
    for (const [text, code] of faulty) {
      assert.equal(codeOf(text), code, JSON.stringify(text))
      ran++
    }
    assert.equal(ran, 26)
    const value = exchangeValue('request.heder.x', false)
    assert.ok('message' in value && /did you mean 'request\.header'/.test(value.message), JSON.stringify(value))
  })

  it('are constant where nothing is put in', () => {
    assert.equal(field('plain').constant, 'plain')
    assert.equal(field('${api}').constant, undefined)
  })
})

/** Octets of a field's value or a decoded parameter, one character each; and what no codec lets through. */
const octets = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 }).map((all) => String.fromCharCode(...all))
const anyText = fc.oneof(
  octets,
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('\r\nX: y', '\u010a\u010dX: y', '../', '/../', '%2e%2e', '..\\', '\u2025/', '%25', '//evil.example', '\ud800', 'a;b'),
)
/** An exchange in which everything that templates can name holds `value`, whoever would have refused it before. */
function holding(value: string): Exchange {
  const x = new Exchange()
  Object.defineProperties(x, {
    head: { value: { find: (_: unknown, from = 0) => (from > 0 ? -1 : 0), value: () => value, host: value, query: `q=${value.replaceAll('&', '%26')}` } },
    path: { value },
    method: { value },
    query: { value: `q=${value.replaceAll('&', '%26')}` },
    requestId: { value },
  })
  x.api = x.operation = value
  x.address = { text: value, octets: new Uint8Array(4), group: '' }
  x.set(Principal, { consumer: value, credential: value, by: value })
  return x
}
const NAMES =
  'request.method request.path request.host request.id request.header.x request.query.q api operation consumer principal.credential principal.by client.address'.split(
    ' ',
  )
const name = fc.constantFrom(...NAMES)

describe('whatever the values are', () => {
  it('a field is one line of visible ASCII', () => {
    fc.assert(
      fc.property(anyText, name, name, (value, first, second) => {
        const x = holding(value)
        for (const text of [`\${${first}}`, `a=\${${first}}; b="\${${second}}"`, `\${${first}:-x}\${${second}:-y}`]) {
          const out = field(text).render(x)
          assert.ok(out === undefined || /^[\x20-\x7e]*$/.test(out), JSON.stringify(out))
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('beside other text a value brings nothing that parts lists, parameters or quoted text', () => {
    fc.assert(
      fc.property(anyText, name, (value, first) => {
        const out = field(`a="\${${first}:-x}"; b`).render(holding(value))
        assert.ok(out === undefined || /^a="[A-Za-z0-9\-._~:/@%]+"; b$/.test(out), JSON.stringify(out))
      }),
      { numRuns: 2000 },
    )
  })

  it('a path is one that a request might have come with, with as many segments as were written, and reads back as what was put in', () => {
    const template = readPathTemplate('/a/${request.header.x}/b', undefined) as PathTemplate
    fc.assert(
      fc.property(anyText, (value) => {
        const out = template.render(holding(value), [], 0)
        if (out === undefined) return
        assert.ok(isNormalPath(out, 0), out)
        const segments = out.split('/')
        assert.deepEqual([segments.length, segments[1], segments[3]], [4, 'a', 'b'])
        assert.match(out, /^[!-~]+$/)
        if (/^[\x00-\xff]*$/.test(value)) assert.equal(percentDecoded(segments[2]!), value)
      }),
      { numRuns: 3000 },
    )
  })

  it('a rewritten path is in normal form and has no ambiguity that the request had not', () => {
    const from = readPathPattern('/x/{rest*}') as PathPattern
    const to = readPathTemplate('/y/{rest}/z', from) as PathTemplate
    const part = fc.constantFrom('a', '.', '..', '%2E', '%2F', '%5C', '%00', ';a=1', '/', '//', '%C3%A9', '%FF', '%25', '%2541', '\\', '~', '')
    const bits = fc.subarray(Object.values(AMBIGUITIES)).map((all) => all.reduce<number>((sum, bit) => sum | bit, 0))
    let passed = 0
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), bits, (parts, allowed) => {
        const groups = from.match(`/x/${parts.join('')}`)
        assert.ok(groups)
        const out = to.render(exchange(), groups, allowed)
        if (out === undefined) return
        passed++
        assert.ok(isNormalPath(out, allowed) && out.startsWith('/y/') && !/[\r\n\0]/.test(out), out)
        if ((allowed & AMBIGUITIES['dot-segments']) === 0) assert.doesNotMatch(out, /\/\.{1,2}(?:\/|$)/)
      }),
      { numRuns: 3000 },
    )
    assert.ok(passed > 100)
  })

  it('a parameter is one parameter, and reads back as what was put in', () => {
    const template = readQueryTemplate('${request.header.x}') as QueryTemplate
    fc.assert(
      fc.property(octets, (value) => {
        const out = template.render(holding(value), [])
        if (out === undefined) return
        assert.match(out, /^[A-Za-z0-9\-._~%]*$/)
        assert.equal(percentDecoded(out), value)
      }),
      { numRuns: 2000 },
    )
  })

  it('an address keeps its host', () => {
    const from = readPathPattern('/{rest*}') as PathPattern
    const { origin, path, query } = readAddressTemplate(
      'https://new.example/{rest}/${request.header.x}?q=${request.header.x}&r={rest}',
      from,
    ) as AddressTemplate
    const own = (readAddressTemplate('/{rest}', from) as AddressTemplate).path
    fc.assert(
      fc.property(anyText, (value) => {
        const x = holding(value)
        const groups = [value.replaceAll(/[^!-~]/g, '')]
        const at = path.render(x, groups, 0)
        const asked = query!.render(x, groups)
        if (at !== undefined && asked !== undefined) {
          const url = new URL(`${origin}${at}?${asked}`)
          assert.deepEqual([url.host, url.username, url.hash, [...url.searchParams.keys()]], ['new.example', '', '', ['q', 'r']])
        }
        const there = own.render(x, groups, 0)
        if (there !== undefined) assert.equal(new URL(there, 'https://here.example/a').host, 'here.example')
      }),
      { numRuns: 3000 },
    )
  })

  it('a value that would be longer than 8 KiB is none', () => {
    const x = exchange('/', { 'X-Long': 'a'.repeat(8193) })
    assert.equal(field('${request.header.x-long}').render(x), undefined)
    assert.equal((readPathTemplate('/${request.header.x-long}', undefined) as PathTemplate).render(x, [], 0), undefined)
  })
})
