// Names that the gateway acts on are known in every spelling that an upstream may take for them.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as N from './field-names.ts'

const identify = (text: string): number => N.identify(Buffer.from(text, 'latin1'), 0, text.length)

describe('a field name', () => {
  const cases: [name: string, id: number][] = [
    ['Host', N.HOST],
    ['hOST', N.HOST],
    ['Content-Length', N.CONTENT_LENGTH],
    ['content_length', N.DISGUISED],
    ['TRANSFER_ENCODING', N.DISGUISED],
    ['X-Forwarded-For', N.X_FORWARDED_FOR],
    ['X_Forwarded-For', N.RESERVED],
    ['x-forwarded-anything', N.RESERVED],
    ['X_FORWARDED_PROTO', N.RESERVED],
    ['Gatehouse-Consumer', N.RESERVED],
    ['GATEHOUSE_SUBJECT', N.RESERVED],
    ['gatehouse', N.OTHER],
    ['X-HTTP-Method-Override', N.RESERVED],
    ['X-Original-URL', N.RESERVED],
    ['Client-Cert-Chain', N.RESERVED],
    ['Proxy', N.RESERVED],
    ['Proxy-Authorization', N.HOP_BY_HOP],
    ['TE', N.HOP_BY_HOP],
    ['Hosts', N.OTHER],
    ['Hose', N.OTHER],
    ['X-Request-Id', N.X_REQUEST_ID],
    ['Accept', N.OTHER],
    ['', N.OTHER],
  ]
  for (const [name, id] of cases) test(`${name} is ${id}`, () => assert.equal(identify(name), id))

  test('is compared without its case, and whole', () => {
    const bytes = Buffer.from('x-API-key')
    assert.ok(N.isNamed(bytes, 0, 9, N.fieldName('X-Api-Key')))
    assert.ok(!N.isNamed(bytes, 0, 8, N.fieldName('X-Api-Key')))
    assert.ok(!N.isNamed(Buffer.from('x-api_key'), 0, 9, N.fieldName('X-Api-Key')))
  })
})
