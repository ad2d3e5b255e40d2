// How one would get round ip-filter, and why it does not work.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Harness } from '../../pipeline/harness.ts'
import { ipFilter } from './policy.ts'

const house = (config: unknown) => new Harness([{ policy: ipFilter, config }])

describe('against ip-filter', () => {
  it('another spelling of a denied IPv4 address, as IPv4-mapped IPv6, is denied', async () => {
    for (const address of ['::ffff:203.0.113.9', '::ffff:cb00:7109', '0:0:0:0:0:FFFF:CB00:7109'])
      assert.equal((await house({ deny: ['203.0.113.0/24'] }).send({ address })).status, 403)
  })

  it('a network that the operator wrote as IPv4-mapped is the IPv4 network', async () => {
    assert.equal((await house({ deny: ['::ffff:203.0.113.0/120'] }).send({ address: '203.0.113.9' })).status, 403)
    assert.equal((await house({ allow: ['::ffff:203.0.113.0/120'] }).send({ address: '203.0.112.9' })).status, 403)
  })

  it('an IPv4 address inside another IPv6 form is not let in as that IPv4 address', async () => {
    for (const address of ['::10.0.0.1', '64:ff9b::10.0.0.1', '2002:a00:1::'])
      assert.equal((await house({ allow: ['10.0.0.0/8'] }).send({ address })).status, 403)
  })

  it('claiming another address in the request changes nothing', async () => {
    const headers = {
      'X-Forwarded-For': '10.0.0.1',
      Forwarded: 'for=10.0.0.1',
      'X-Real-IP': '10.0.0.1',
      'True-Client-IP': '10.0.0.1',
      'X-Client-IP': '10.0.0.1',
    }
    assert.equal((await house({ allow: ['10.0.0.0/8'] }).send({ address: '203.0.113.9', headers })).status, 403)
  })

  it('a mapped allow list never opens to all of IPv6, nor an IPv6 one to IPv4', async () => {
    assert.equal((await house({ allow: ['::ffff:0.0.0.0/96'] }).send({ address: '2001:db8::1' })).status, 403)
    assert.equal((await house({ allow: ['::/0'] }).send({ address: '203.0.113.9' })).status, 403)
  })

  it('overlapping networks, in any order, hold what each of them holds', async () => {
    for (const deny of [
      ['10.0.0.0/8', '10.1.0.0/16', '10.1.1.1'],
      ['10.1.1.1', '10.1.0.0/16', '10.0.0.0/8'],
    ]) {
      for (const address of ['10.255.255.255', '10.1.9.9', '10.1.1.1']) assert.equal((await house({ deny }).send({ address })).status, 403)
    }
  })
})
