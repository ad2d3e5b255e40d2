// Which requests crossed a network in clear, by where they come from and the name that they ask for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isInClear, isOwnHost, ownOrigin } from './own-origin.ts'

const SITE = 'https://console.example.org'
const rows: readonly (readonly [remote: string | undefined, local: string, host: string | undefined, site: string | undefined, inClear: boolean])[] = [
  ['127.0.0.1', '127.0.0.1', '127.0.0.1:8081', SITE, false],
  ['127.0.0.7', '127.0.0.1', 'localhost:8081', undefined, false],
  ['::1', '::1', '[::1]:8081', undefined, false],
  ['::ffff:127.0.0.1', '::ffff:127.0.0.1', 'localhost', undefined, false],
  // The command line on the same machine, by the listener's own address.
  ['10.0.0.5', '10.0.0.5', '10.0.0.5:8081', undefined, false],
  ['10.0.0.9', '10.0.0.5', '10.0.0.5:8081', SITE, true],
  ['10.0.0.9', '10.0.0.5', '10.0.0.5:8081', undefined, true],
  ['10.0.0.9', '10.0.0.5', 'console.example.org', SITE, false],
  ['10.0.0.9', '10.0.0.5', 'CONSOLE.example.org', SITE, false],
  ['10.0.0.9', '10.0.0.5', 'console.example.org:8081', SITE, true],
  ['10.0.0.9', '10.0.0.5', 'localhost:8081', SITE, true],
  // A container's port: its bridge is another machine, and who asks named this one.
  ['172.17.0.1', '172.17.0.2', 'localhost:8081', 'http://localhost:8081', false],
  ['172.17.0.1', '172.17.0.2', '172.17.0.2:8081', 'http://localhost:8081', true],
  ['fe80::1%eth0', 'fe80::2%eth0', '[fe80::2]:8081', SITE, true],
  ['::ffff:10.0.0.9', '::ffff:10.0.0.5', '10.0.0.5:8081', SITE, true],
  // Gone already: nothing says that they were near.
  [undefined, '10.0.0.5', '10.0.0.5:8081', SITE, true],
  ['10.0.0.9', '10.0.0.5', undefined, SITE, true],
]

test('who is on this machine, or comes by the name that people know, does not come in clear; everybody else does', () => {
  for (const [remoteAddress, localAddress, host, site, inClear] of rows)
    assert.equal(isInClear(host, { remoteAddress, localAddress }, site), inClear, `${remoteAddress} asks ${host}`)
  assert.equal(rows.length, 17)
})

test('what comes over TLS to this listener is never in clear, and its pages have an https origin', () => {
  assert.equal(isInClear('10.0.0.5:8081', { remoteAddress: '10.0.0.9', localAddress: '10.0.0.5', encrypted: true }, undefined), false)
  assert.equal(ownOrigin('10.0.0.5:8081', SITE, true), 'https://10.0.0.5:8081')
  assert.equal(ownOrigin('10.0.0.5:8081', SITE), 'http://10.0.0.5:8081')
  assert.equal(ownOrigin('CONSOLE.example.org', SITE), SITE)
})

test('a name is ours when a certificate of ours has it, as a whole', () => {
  const certified = (name: string): boolean => name === 'console.example' || name === '2001:db8::1'
  for (const [host, own] of [
    ['console.example', true],
    ['CONSOLE.example:8481', true],
    ['[2001:db8::1]:8481', true],
    ['evil.console.example', false],
    ['console.example.evil', false],
    ['console.example:80:80', false],
    ['', false],
    [undefined, false],
  ] as const)
    assert.equal(isOwnHost(host, '10.0.0.5', undefined, certified), own, String(host))
})
