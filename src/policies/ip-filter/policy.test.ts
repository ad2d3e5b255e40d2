// ip-filter lets in and keeps out exactly the networks it is given.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NetworkSet, parseCidr } from '../../base/ip.ts'
import { faultsOf, Harness, runExamples } from '../../pipeline/harness.ts'
import { ipFilter } from './policy.ts'

const attached = (config: unknown) => [{ policy: ipFilter, config }]

describe('ip-filter', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(ipFilter), 3))

  it('lets in and keeps out by network, and a denial wins', async () => {
    const table = [
      [{ deny: ['203.0.113.0/24'] }, '203.0.113.0', 403],
      [{ deny: ['203.0.113.0/24'] }, '203.0.113.255', 403],
      [{ deny: ['203.0.113.0/24'] }, '203.0.114.0', 200],
      [{ deny: ['203.0.113.0/24'] }, '2001:db8::1', 200],
      [{ allow: ['203.0.113.7'] }, '203.0.113.7', 200],
      [{ allow: ['203.0.113.7'] }, '203.0.113.8', 403],
      [{ allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16'] }, '10.1.0.1', 200],
      [{ allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16'] }, '10.9.0.1', 403],
      [{ allow: ['10.9.0.0/16'], deny: ['10.0.0.0/8'] }, '10.9.0.1', 403],
      [{ allow: ['2001:db8::/32'] }, '2001:db8:ffff::1', 200],
      [{ allow: ['2001:db8::/32'] }, '2001:db9::1', 403],
      [{ deny: ['0.0.0.0/0'] }, '192.0.2.1', 403],
      [{ deny: ['0.0.0.0/0'] }, '2001:db8::1', 200],
      [{ deny: ['::/0'] }, '2001:db8::1', 403],
    ] as const
    let ran = 0
    for (const [config, address, status] of table) {
      assert.equal((await new Harness(attached(config)).send({ address })).status, status, `${JSON.stringify(config)} ${address}`)
      ran++
    }
    assert.equal(ran, 14)
  })

  it('a configuration that filters nothing, or names no network, is a fault', () => {
    for (const config of [{}, { allow: [] }, { deny: [] }]) assert.deepEqual(faultsOf(attached(config)), ['empty'])
    for (const text of ['10.0.0.1/8', '10.0.0.0/33', '10.0.0', '7office', 'office-', 'a b', 'fe80:', '', '::1%eth0', '010.0.0.0/8'])
      assert.deepEqual(faultsOf(attached({ deny: [text] })), ['bad-network'], text)
    assert.deepEqual(faultsOf(attached({ countries: { allow: ['CH'] } })), ['unknown-key'])
    assert.deepEqual(faultsOf(attached({ deny: ['1x', '2y', '10.0.0.0/8'] })), ['bad-network', 'bad-network'])
  })

  it('an address list stands by its name beside networks, in either list', async () => {
    const addressLists = new Map([
      ['office', new NetworkSet([parseCidr('198.51.100.0/24')!, parseCidr('2001:db8::/32')!])],
      ['empty', new NetworkSet()],
    ])
    const table = [
      [{ allow: ['office'] }, '198.51.100.9', 200],
      [{ allow: ['office'] }, '2001:db8::9', 200],
      [{ allow: ['office'] }, '192.0.2.9', 403],
      [{ allow: ['192.0.2.0/24', 'office'] }, '192.0.2.9', 200],
      [{ deny: ['192.0.2.0/24', 'office'] }, '198.51.100.9', 403],
      [{ deny: ['192.0.2.0/24', 'office'] }, '203.0.113.9', 200],
      [{ allow: ['empty'] }, '192.0.2.9', 403],
    ] as const
    let ran = 0
    for (const [config, address, status] of table) {
      assert.equal((await new Harness(attached(config), { addressLists }).send({ address })).status, status, `${JSON.stringify(config)} ${address}`)
      ran++
    }
    assert.equal(ran, 7)
    assert.deepEqual(faultsOf(attached({ deny: ['offic'] }), { addressLists }), ['policy-broken'])
  })

  it('decides at once and before identity', async () => {
    const harness = new Harness(attached({ deny: ['203.0.113.0/24'] }))
    assert.equal((await harness.send()).synchronous, true)
    assert.equal(ipFilter.stage, 'admit')
  })
})
