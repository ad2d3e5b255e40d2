// How an upstream is told of the time that is left.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldName } from '../../http/field-names.ts'
import { deadlineLines } from './deadline.ts'

const NEVER = Number.POSITIVE_INFINITY
const field = fieldName('X-Time-Left')
const vectors: readonly (readonly [what: string, lines: string, wanted: string])[] = [
  ['no deadline', deadlineLines(field, true, NEVER, 0), ''],
  ['nobody to tell', deadlineLines(undefined, false, 1000, 0), ''],
  ['a field, in whole milliseconds', deadlineLines(field, false, 1000.2, 0), 'x-time-left: 1001\r\n'],
  ['never nothing', deadlineLines(field, false, 1000, 2000), 'x-time-left: 1\r\n'],
  ['gRPC', deadlineLines(undefined, true, 1500, 1000), 'grpc-timeout: 500m\r\n'],
  ['both', deadlineLines(field, true, 1500, 1000), 'x-time-left: 500\r\ngrpc-timeout: 500m\r\n'],
  ['gRPC in eight digits at most', deadlineLines(undefined, true, 200_000_000, 0), 'grpc-timeout: 200000S\r\n'],
]
for (const [what, lines, wanted] of vectors) test(what, () => assert.equal(lines, wanted))
test('all of them ran', () => assert.equal(vectors.length, 7))
