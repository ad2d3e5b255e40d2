// Files are believed only when nobody else can write them, when they stand where they may, and when they are files.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { loadConfiguration } from '../resolving/resolve.ts'

let folder = ''
const put = (name: string, text: string, mode = 0o600): string => {
  const file = join(folder, name)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}
const API = 'path: /a, upstream: "http://127.0.0.1:9001", public: true'
const MAIN = `gatehouse: 1\napis:\n  a: { ${API} }\n`
const codes = (file: string): string[] => loadConfiguration(file, { policies: [], nowMs: 0 }).faults.map(({ code }) => code)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-sources-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a configuration that group or world may write is refused', () => {
  assert.deepEqual(codes(put('gatehouse.yaml', MAIN)), [])
  assert.deepEqual(codes(put('gatehouse.yaml', MAIN, 0o644)), [])
  assert.deepEqual(codes(put('gatehouse.yaml', MAIN, 0o602)), ['file-writable-by-others'])
  assert.deepEqual(codes(put('gatehouse.yaml', MAIN, 0o666)), ['file-writable-by-others'])
})

test('an included file and an OpenAPI document that others may write are refused too', () => {
  put('apis/b.yaml', `apis:\n  b: { ${API.replace('/a', '/b')} }\n`, 0o602)
  assert.deepEqual(codes(put('gatehouse.yaml', `include: [apis/*.yaml]\n${MAIN}`)), ['file-writable-by-others'])
  put('api.yaml', 'openapi: 3.0.0\npaths: { /: { get: {} } }\n', 0o602)
  assert.deepEqual(codes(put('gatehouse.yaml', `gatehouse: 1\napis:\n  a: { ${API}, openapi: ./api.yaml }\n`)), ['file-writable-by-others'])
})

test('folders, pipes and files that are too large are refused without being read', () => {
  assert.deepEqual(codes(folder), ['file-not-regular'])
  assert.deepEqual(codes(join(folder, 'nothing.yaml')), ['file-missing'])
  assert.equal(spawnSync('mkfifo', [join(folder, 'pipe.yaml')]).status, 0)
  assert.deepEqual(codes(join(folder, 'pipe.yaml')), ['file-not-regular'])
  const large = put('large.yaml', MAIN)
  truncateSync(large, 4 * 1024 ** 2 + 1)
  assert.deepEqual(codes(large), ['file-too-large'])
})

test('a symbolic link that leads out of the folder includes nothing', () => {
  const outside = mkdtempSync(join(tmpdir(), 'gatehouse-outside-'))
  try {
    writeFileSync(join(outside, 'b.yaml'), `apis:\n  b: { ${API.replace('/a', '/b')} }\n`, { mode: 0o600 })
    mkdirSync(join(folder, 'apis'))
    symlinkSync(join(outside, 'b.yaml'), join(folder, 'apis/b.yaml'))
    assert.deepEqual(codes(put('gatehouse.yaml', `include: [apis/*.yaml]\n${MAIN}`)), ['include-outside'])
    writeFileSync(join(outside, 'items.yaml'), 'get: {}\n', { mode: 0o600 })
    symlinkSync(join(outside, 'items.yaml'), join(folder, 'items.yaml'))
    put('api.yaml', 'openapi: 3.0.0\npaths: { /items: { $ref: ./items.yaml } }\n')
    assert.ok(codes(put('gatehouse.yaml', `gatehouse: 1\napis:\n  a: { ${API}, openapi: ./api.yaml }\n`)).includes('ref-outside'))
  } finally {
    rmSync(outside, { recursive: true })
  }
})
