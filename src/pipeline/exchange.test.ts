// What policies say through an exchange cannot break a message, and nothing of one request is left for the next.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fieldName } from '../http/field-names.ts'
import { Exchange } from './exchange.ts'
import { Harness } from './harness.ts'
import { Principal } from './slots.ts'

const fresh = () => new Harness([]).exchange({ method: 'POST', path: '/a?b=c', headers: { 'X-One': '1', 'X-Two': '2' } })

describe('an exchange', () => {
  it('tells method, path and query as the codec read them', () => {
    const x = fresh()
    assert.deepEqual([x.method, x.path, x.query], ['POST', '/a', 'b=c'])
  })

  it('a value with a line end becomes no second field', () => {
    const x = fresh()
    x.tellUpstream('X-A', 'one\r\nX-Evil: 1')
    x.tellClient('X-B', 'ü\0')
    assert.equal(x.upstreamFields, 'X-A: one%0D%0AX-Evil%3A%201\r\n')
    assert.equal(x.clientFields, 'X-B: %C3%BC%00\r\n')
    x.tellClient('X-C', 'lone \ud800')
    assert.equal(x.clientFields.endsWith('X-C: lone%20%EF%BF%BD\r\n'), true)
  })

  it('a name that is no token is a fault of the policy and throws', () => {
    for (const name of ['', 'a b', 'a:', 'a\r\n', 'ä']) assert.throws(() => fresh().tellClient(name, 'x'), TypeError)
  })

  it('a query is respelled only to what a query may be; an empty one is none', () => {
    const x = fresh()
    for (const query of ['a b', 'a#b', 'a\r\nb', 'ü']) assert.throws(() => x.respellQuery(query), TypeError)
    x.respellQuery('d=%20e')
    assert.equal(x.query, 'd=%20e')
    x.respellQuery('')
    assert.equal(x.query, undefined)
  })

  it('restored, it is as it was remembered: messages, dropped fields, query and slots', () => {
    const x = fresh()
    x.tellClient('X-Kept', '1')
    const before = x.remember()
    x.tellClient('X-Gone', '1')
    x.tellUpstream('X-Gone', '1')
    x.dropFromResponse(fieldName('server'))
    x.respellQuery('z')
    x.head.drop(x.head.find(fieldName('x-two')))
    x.set(Principal, { consumer: 'acme', credential: 'key_1', by: 'test' })
    x.restore(before)
    assert.deepEqual([x.clientFields, x.upstreamFields, x.query, x.droppedFromResponse.length], ['X-Kept: 1\r\n', '', 'b=c', 0])
    assert.equal(x.head.get(fieldName('x-two')), '2')
    assert.equal(x.get(Principal), undefined)
  })

  it('reset, it holds nothing of the request before', () => {
    const x = fresh()
    x.tellClient('A', '1')
    x.tellUpstream('B', '1')
    x.dropFromResponse(fieldName('server'))
    x.respellQuery('z')
    x.set(Principal, { consumer: 'acme', credential: 'key_1', by: 'test' })
    x.reset()
    const unused = new Exchange()
    assert.deepEqual(
      [x.clientFields, x.upstreamFields, x.droppedFromResponse, x.get(Principal), x.address.text],
      ['', '', unused.droppedFromResponse, undefined, ''],
    )
    assert.equal(x.head.bytes.length, 0)
    assert.equal(x.head.respelledQuery, undefined)
  })
})
