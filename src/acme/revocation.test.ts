// A certificate whose key may be known to others is replaced and revoked, whatever comes between.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { afterEach, describe, it } from 'node:test'
import { type AcmeHouse, acmeHouse, NAME } from '../../test/support/acme-house.ts'
import { problem } from '../../test/support/acme-server.ts'
import { compromised, revocations } from './revocation.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
let house: AcmeHouse
afterEach(() => house.close())

describe('a certificate whose key may be known to others', () => {
  it('is replaced at once and revoked then, with the reason, and again until the authority has done it', async () => {
    house = await acmeHouse()
    await house.settle()
    const first = (await house.certificate())!
    house.acme.trouble('newOrder', problem('serverInternal', 500))
    house.acme.trouble('revoke', problem('serverInternal', 500))
    assert.equal(typeof (await house.store.write((writing) => compromised(writing, NAME))), 'object')
    await house.settle()
    // As long as it is shown, it is not revoked.
    assert.deepEqual([house.acme.revoked.length, house.acme.asked.includes('revoke')], [0, false])
    for (let tries = 0; tries < 2; tries++) {
      house.clock.advanceMs(HOUR)
      await house.settle()
    }
    assert.equal(house.acme.orders.length, 2)
    assert.deepEqual(house.acme.revoked, [{ certificate: new X509Certificate(first.chain).raw.toString('base64url'), reason: 1 }])
    assert.match(house.warned.at(-1)!, /not revoked yet/)
    assert.deepEqual(
      house.events.slice(-2).map(({ act, outcome }) => `${act} ${outcome}`),
      ['certificate.revoke refused', 'certificate.revoke done'],
    )
    assert.equal(await house.store.write((writing) => compromised(writing, 'bank.example')), undefined)
  })

  it('is revoked also when nobody wants its name any more, and not shown to who wants it again', async () => {
    for (const isRevokedFirst of [true, false]) {
      house = await acmeHouse()
      await house.settle()
      const first = (await house.certificate())!
      await house.store.write((writing) => compromised(writing, NAME))
      const { settings } = house
      house.settings = { ...settings!, names: ['api.example'] }
      if (!isRevokedFirst) house.acme.trouble('revoke', problem('serverInternal', 500))
      await house.settle()
      assert.equal(house.acme.revoked.length, isRevokedFirst ? 1 : 0)
      house.settings = settings
      await house.settle()
      assert.notEqual((await house.certificate())!.chain, first.chain)
      house.clock.advanceMs(HOUR)
      await house.settle()
      assert.deepEqual(
        house.acme.revoked.map(({ certificate }) => certificate),
        [new X509Certificate(first.chain).raw.toString('base64url')],
      )
      if (isRevokedFirst) await house.close()
    }
  })

  it('is replaced by one whose key was made after that was known, and refusals change nothing', async () => {
    house = await acmeHouse()
    assert.equal(await house.store.write((writing) => compromised(writing, NAME)), undefined)
    house.acme.trouble('finalize', problem('serverInternal', 500))
    await house.settle()
    const begun = await house.state()
    assert.equal(await house.store.write((writing) => compromised(writing, NAME)), 'none')
    assert.deepEqual(await house.state(), begun)
    house.clock.advanceMs(HOUR)
    await house.settle()
    house.clock.advanceMs((await house.certificate())!.renewMs - house.nowMs())
    house.acme.trouble('finalize', problem('serverInternal', 500))
    await house.settle()
    assert.ok((await house.state())!.order)
    const state = await house.store.write((writing) => compromised(writing, NAME))
    assert.equal(typeof state === 'object' && state.order, undefined)
    assert.equal(await house.store.write((writing) => compromised(writing, NAME)), 'begun')
  })

  it('that somebody revoked already, or that has ended, is done with', async () => {
    for (const isEnded of [false, true]) {
      house = await acmeHouse()
      await house.settle()
      house.acme.trouble('revoke', problem(isEnded ? 'serverInternal' : 'alreadyRevoked'))
      await house.store.write((writing) => compromised(writing, NAME))
      await house.settle()
      if (isEnded) house.clock.advanceMs(91 * DAY)
      await house.settle()
      assert.deepEqual([house.acme.revoked.length, await house.store.read((reading) => reading.get(revocations, NAME))], [0, undefined])
      if (!isEnded) await house.close()
    }
  })
})
