// Faults are written one a line, with paths as short as they can be, and cannot write to a terminal.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultLines, faultsJson } from './check.ts'

const fault = { file: '/etc/gatehouse/apis/shop.yaml', line: 3, column: 7, code: 'unknown-key', message: "unknown key 'x'" }

test('a line is file:line:column code message', () => {
  assert.equal(
    faultLines([fault, { ...fault, line: 4 }], '/etc/gatehouse'),
    "apis/shop.yaml:3:7 unknown-key unknown key 'x'\napis/shop.yaml:4:7 unknown-key unknown key 'x'",
  )
  assert.equal(faultLines([fault], '/home'), "/etc/gatehouse/apis/shop.yaml:3:7 unknown-key unknown key 'x'")
})

test('control characters, in names of files too, are shown and not sent', () => {
  assert.equal(
    faultLines([{ ...fault, file: '/d/a\u001b[2J.yaml', message: 'a\nb\u2028c\u009bd\u202e' }], '/d'),
    'a\\u001b[2J.yaml:3:7 unknown-key a\\u000ab\\u2028c\\u009bd\\u202e',
  )
})

test('the JSON form holds what the text holds', () => {
  assert.deepEqual(JSON.parse(faultsJson({ ok: false, faults: [fault], notices: [] })), { ok: false, faults: [fault], notices: [] })
})
