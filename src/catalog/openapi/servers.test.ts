// Only the path of the first server matters, and it must be one that requests can have.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fault } from '../../base/fault.ts'
import { basePath } from './servers.ts'

function of(servers: unknown): string {
  const faults: Fault[] = []
  const path = basePath(servers, [], faults)
  return faults.length > 0 ? 'refused' : path
}

test('the path of the first server is put in front, whatever its host', () => {
  for (const [servers, path] of [
    [undefined, ''],
    [[], ''],
    [[{ url: 'https://api.example.com' }], ''],
    [[{ url: 'https://api.example.com/' }], ''],
    [[{ url: 'https://api.example.com/v1/' }, { url: 'http://localhost:3000' }], '/v1'],
    [[{ url: '//api.example.com/v1' }], '/v1'],
    [[{ url: '/' }], ''],
    [[{ url: '/v1/x' }], '/v1/x'],
    [[{ url: 'v1' }], '/v1'],
    [[{ url: './v1' }], '/v1'],
    [
      [{ url: 'https://{region}.example.com:{port}/{base}', variables: { region: { default: 'eu' }, port: { default: '443' }, base: { default: 'v2' } } }],
      '/v2',
    ],
  ] as const) {
    assert.equal(of(servers), path, JSON.stringify(servers))
  }
})

test('a server without a usable path is refused', () => {
  for (const servers of [
    '/',
    {},
    [null],
    [{}],
    [{ url: 1 }],
    [{ url: 'https://a/{x}' }],
    [{ url: '/a/../b' }],
    [{ url: '/a//b' }],
    [{ url: '/a?b' }],
    [{ url: '/a;b' }],
    [{ url: '/a%20b' }],
    [{ url: '/{__proto__}', variables: {} }],
  ]) {
    assert.equal(of(servers), 'refused', JSON.stringify(servers))
  }
})
