// A media type is read in the one way that every reader reads it, or not at all.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isJsonType, readMediaType } from './media-type.ts'

const READ: readonly (readonly [value: string, essence: string, charset: string | undefined])[] = [
  ['application/json', 'application/json', undefined],
  ['Application/JSON', 'application/json', undefined],
  ['application/json;charset=UTF-8', 'application/json', 'utf-8'],
  ['application/json ; charset="utf-8"', 'application/json', 'utf-8'],
  ['application/json; charset="ut\\f-8"', 'application/json', 'utf-8'],
  ['application/json; profile="a;charset=utf-16"', 'application/json', undefined],
  ['application/vnd.api+json; ext="x"; CHARSET=utf-16', 'application/vnd.api+json', 'utf-16'],
  ['text/plain;;', 'text/plain', undefined],
]
const UNREAD = [
  '',
  'json',
  'application/',
  '/json',
  'application/json, text/html',
  'application/json; charset',
  'application/json; charset=',
  'application/json; charset=utf-8; charset=utf-16',
  'application/json; charset="utf-8',
  'application/json; charset=utf-8 x',
  'application/json charset=utf-8',
  'application/js on',
  'application/json/x',
  'application/json; =utf-8',
  'application/json; charset = utf-8',
]

test('a media type is read with its charset', () => {
  for (const [value, essence, charset] of READ) assert.deepEqual(readMediaType([value]), { essence, charset }, value)
  assert.equal(READ.length, 8)
})
test('what could be read in two ways is not read', () => {
  for (const value of UNREAD) assert.equal(readMediaType([value]), undefined, value)
  assert.equal(UNREAD.length, 15)
  assert.deepEqual([readMediaType([]), readMediaType(['application/json', 'application/json'])], [undefined, undefined])
})
test('JSON is what says so by its name or its suffix', () => {
  assert.deepEqual(
    ['application/json', 'application/problem+json', 'text/json', 'application/json-seq', 'application/x-ndjson', 'application/jsonp'].map(isJsonType),
    [true, true, false, false, false, false],
  )
})
