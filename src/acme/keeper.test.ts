// Certificates are got, renewed early, and tried for again later and later.
import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { afterEach, describe, it } from 'node:test'
import { type AcmeHouse, acmeHouse, NAME } from '../../test/support/acme-house.ts'
import { problem, type Step, type Trouble } from '../../test/support/acme-server.ts'
import { everyEntry } from '../ports/store.ts'
import { accounts, hurry, nameStates } from './records.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
let house: AcmeHouse
afterEach(() => house.close())
/** Milliseconds until the next try. */
const restOf = async (): Promise<number> => (await house.state())!.nextMs - house.nowMs()

describe('a certificate', () => {
  it('is got, kept sealed, shown, and written into the trail', async () => {
    house = await acmeHouse()
    const { nextDueMs } = await house.settle()
    const record = (await house.certificate())!
    assert.deepEqual([record.expiresMs - record.validFromMs, record.directory], [90 * DAY + HOUR, house.acme.directory])
    const shown = house.holdings.find(NAME)!
    assert.ok(new X509Certificate(shown.chain).checkPrivateKey(createPrivateKey(shown.key)))
    assert.deepEqual(shown.names, [NAME])
    assert.deepEqual(await house.state(), { name: NAME, wantedMs: house.nowMs(), nextMs: 0, failures: 0 })
    assert.deepEqual(
      house.events.map(({ act, outcome, object }) => [act, outcome, object?.name]),
      [['certificate.issue', 'done', NAME]],
    )
    // Renewal information is asked for first; this server has none.
    assert.equal(nextDueMs, record.issuedMs + 6 * HOUR)
  })

  it('leaves no private key in the store in clear', async () => {
    house = await acmeHouse()
    house.acme.trouble('finalize', problem('serverInternal', 500))
    await house.settle()
    const all: string[] = []
    await house.store.read(async (reading) => {
      for (const name of await reading.collections())
        for await (const { value } of everyEntry(reading, { name })) {
          all.push(JSON.stringify(value))
        }
    })
    assert.ok(all.length >= 2)
    for (const text of all) assert.doesNotMatch(text, /PRIVATE KEY|"d":|MIGHAgEA|MEECAQ/)
  })

  it('is renewed when two thirds of its life are over, naming the one that it replaces, and the old one is shown until then', async () => {
    house = await acmeHouse({ renewalWindow: () => ({ start: '2027-12-01T00:00:00Z', end: '2027-12-02T00:00:00Z' }) })
    await house.settle()
    const first = (await house.certificate())!
    const life = first.expiresMs - first.validFromMs
    const due = first.renewMs - first.validFromMs
    assert.ok(due >= (life * 2) / 3 && due <= (life * 2) / 3 + life / 30, String(due / life))
    const thumbprint = house.holdings.find(NAME)!.thumbprint
    while (house.nowMs() < first.renewMs - 1) {
      house.clock.advanceMs(Math.min(6 * HOUR, first.renewMs - 1 - house.nowMs()))
      await house.settle()
    }
    assert.deepEqual([house.acme.orders.length, house.holdings.find(NAME)!.thumbprint], [1, thumbprint])
    house.clock.advanceMs(1)
    await house.settle()
    assert.equal(house.acme.orders.length, 2)
    assert.notEqual(house.holdings.find(NAME)!.thumbprint, thumbprint)
    const serial = new X509Certificate(first.chain).serialNumber
    assert.equal(Buffer.from(house.acme.orders[1]!.replaces!.split('.')[1]!, 'base64url').toString('hex').toUpperCase().replace(/^00/, ''), serial)
    assert.equal(house.events.at(-1)!.act, 'certificate.renew')
  })

  it('is renewed sooner when the authority asks for it, and never in a circle', async () => {
    const past = { start: '2026-11-01T00:00:00Z', end: '2026-11-02T00:00:00Z' }
    house = await acmeHouse({ renewalWindow: () => past })
    await house.settle()
    for (let hours = 1; hours <= 48; hours++) {
      house.clock.advanceMs(HOUR)
      await house.settle()
    }
    assert.ok(house.acme.orders.length >= 7 && house.acme.orders.length <= 9, String(house.acme.orders.length))
  })

  it('that lives for minutes is renewed every five at the most', async () => {
    house = await acmeHouse({ life: () => ({ fromMs: -HOUR, toMs: 2 * MINUTE }) })
    await house.settle()
    for (let minutes = 1; minutes <= 30; minutes++) {
      house.clock.advanceMs(MINUTE)
      await house.settle()
    }
    assert.equal(house.acme.orders.length, 7)
  })

  it('is ordered anew where the authority is another, and nobody wants it any more when no listener lists its name', async () => {
    house = await acmeHouse()
    await house.settle()
    house.settings = { ...house.settings!, directory: house.acme.directory.replace('/directory', '/directory/') }
    await house.settle()
    assert.deepEqual([house.acme.orders.length, house.acme.accounts.length], [2, 2])
    house.settings = undefined
    await house.settle()
    assert.equal(await house.state(), undefined)
    assert.ok(await house.certificate())
    house.clock.advanceMs(365 * DAY)
    house.settings = { directory: house.acme.directory, contact: [], challenge: 'tls-alpn-01', trust: house.acme.trust, names: ['api.example'] }
    await house.settle()
    assert.equal(await house.certificate(), undefined)
    assert.ok(await house.certificate('api.example'))
  })

  it('is renewed without naming the one that it replaces where the authority takes that amiss, as after a restored back-up', async () => {
    house = await acmeHouse({ renewalWindow: () => ({ start: '2027-12-01T00:00:00Z', end: '2027-12-02T00:00:00Z' }) })
    await house.settle()
    house.clock.advanceMs((await house.certificate())!.renewMs - house.nowMs())
    house.acme.trouble('newOrder', problem('alreadyReplaced', 409))
    await house.settle()
    assert.deepEqual([house.acme.orders.length, house.acme.orders[1]!.replaces, house.warned], [2, undefined, []])
  })

  it('that does not say readably who issued it is renewed as its life says, and keeps no other name from anything', async () => {
    house = await acmeHouse({ wrong: () => 'issuer', renewalWindow: () => ({ start: '2027-12-01T00:00:00Z', end: '2027-12-02T00:00:00Z' }) })
    await house.settle()
    house.clock.advanceMs((await house.certificate())!.renewMs - house.nowMs())
    house.settings = { ...house.settings!, names: [NAME, 'api.example'] }
    await house.settle()
    assert.deepEqual(house.acme.orders.map(({ name }) => name).sort(), ['api.example', NAME, NAME])
  })

  it('is not ordered in a circle by a clock that is far ahead', async () => {
    house = await acmeHouse({ life: () => ({ fromMs: -80 * DAY, toMs: 10 * DAY }) })
    await house.settle()
    for (let hours = 0; hours < 48; hours++) {
      house.clock.advanceMs(HOUR)
      await house.settle()
    }
    assert.equal(house.acme.orders.length, 1)
  })

  it('is got with another account where nobody can open the key of the one before', async () => {
    house = await acmeHouse()
    await house.settle()
    await house.store.write(async (writing) => {
      for (const { key, value } of await writing.scan(accounts, { limit: 10 })) writing.put(accounts, key, { ...value, sealed: 'broken' })
      await hurry(writing, NAME)
    })
    await house.settle()
    assert.deepEqual([house.acme.orders.length, house.acme.accounts.length, house.warned], [2, 2, []])
  })

  it('is got for each of several names, one after the other', async () => {
    house = await acmeHouse({ settings: { names: ['api.example', NAME] } })
    await house.settle()
    assert.deepEqual(house.acme.orders.map(({ name }) => name).sort(), ['api.example', NAME])
  })
})

describe('the account', () => {
  it('is bound to the one that the authority knows, with the key that is referred to', async () => {
    const mac = new Uint8Array(32).fill(9)
    house = await acmeHouse({ externalKeys: { 'kid-1': mac }, settings: { externalAccount: { keyId: 'kid-1', key: { env: 'EAB' } } } })
    await house.settle()
    assert.match(house.warned[0]!, /the key of the external account: there is none/)
    house.clock.advanceMs(HOUR)
    await house.settle(house.join('node_b', { secret: async () => mac }))
    assert.equal(house.acme.accounts.length, 1)
    assert.ok(await house.certificate())
  })
  it('says what is missing where the authority takes known accounts alone', async () => {
    house = await acmeHouse({ externalKeys: {} })
    await house.settle()
    assert.match(house.warned[0]!, /gateway\.acme needs externalAccount/)
  })
  it('is told another contact', async () => {
    house = await acmeHouse({ settings: { contact: ['mailto:a@example.org'] } })
    await house.settle()
    house.settings = { ...house.settings!, contact: ['mailto:b@example.org'], names: [NAME, 'api.example'] }
    await house.settle()
    assert.deepEqual(
      house.acme.accounts.map(({ contact }) => contact),
      [['mailto:b@example.org']],
    )
  })
  it('that the authority has forgotten is made again with the same key', async () => {
    house = await acmeHouse()
    house.acme.trouble('newOrder', problem('accountDoesNotExist'))
    await house.settle()
    assert.equal(await house.certificate(), undefined)
    house.clock.advanceMs(HOUR)
    await house.settle()
    assert.ok(await house.certificate())
    assert.deepEqual([house.acme.accounts.length, house.acme.asked.filter((step) => step === 'newAccount').length], [1, 2])
  })
})

describe('a failure', () => {
  it('of a nonce is no failure: the request is signed ten times at the most', async () => {
    house = await acmeHouse()
    house.acme.trouble('newOrder', ...Array<Trouble>(9).fill(problem('badNonce')))
    await house.settle()
    assert.ok(await house.certificate())
    assert.equal(house.warned.length, 0)
    house.settings = { ...house.settings!, names: ['api.example'] }
    house.acme.trouble('newOrder', ...Array<Trouble>(19).fill(problem('badNonce')))
    await house.settle()
    assert.match(house.warned[0]!, /badNonce/)
    assert.equal(house.acme.asked.filter((step) => step === 'newOrder').length, 10 + 10)
  })

  it('makes the next try later and later, five in an hour at the most, with no certificate and no order in between', async () => {
    house = await acmeHouse({ ports: () => ({ http: 1, tls: 1 }) })
    const rests: number[] = []
    let firstHour = 0
    const startMs = house.nowMs()
    for (let tries = 0; tries < 14; tries++) {
      await house.settle()
      if (house.nowMs() - startMs <= HOUR) firstHour++
      const rest = await restOf()
      rests.push(rest)
      const orders = house.acme.orders.length
      house.clock.advanceMs(rest - 1)
      await house.settle()
      assert.equal(house.acme.orders.length, orders)
      house.clock.advanceMs(1)
    }
    assert.ok(firstHour <= 5, String(firstHour))
    assert.deepEqual(
      rests.slice(0, 4).map((rest) => rest / MINUTE),
      [2.5, 5, 10, 20],
    )
    assert.ok(rests.every((rest) => rest <= 18 * HOUR))
    assert.match(house.warned[0]!, /the proof by tls-alpn-01 was refused: unauthorized: no handshake.* \(try 1\); tried again 2026/)
    assert.deepEqual([(await house.state())!.failures, house.events.at(-1)!.code], [14, 'acme.unauthorized'])
    // Told of the first three, then with each doubling.
    assert.deepEqual(
      house.failures.map(({ failures }) => failures),
      [1, 2, 3, 4, 8],
    )
    // What is proved no longer is answered no longer.
    assert.equal(house.node.handed, 28)
  })

  it('of too many requests waits as long as the authority asks, and nobody hurries it', async () => {
    house = await acmeHouse()
    house.acme.trouble('newOrder', problem('rateLimited', 429, '90000'))
    await house.settle()
    assert.ok((await restOf()) >= 90_000_000)
    assert.equal((await house.state())!.heldUntilMs, house.nowMs() + 90_000_000)
    house.clock.advanceMs(await restOf())
    await house.settle()
    assert.deepEqual([(await house.state())!.failures, (await house.state())!.heldUntilMs], [0, undefined])
  })

  it('at one authority does not keep a name from another one, and what it counted begins anew', async () => {
    house = await acmeHouse()
    house.acme.trouble('newOrder', problem('rateLimited', 429, '604800'))
    await house.settle()
    house.settings = { ...house.settings!, directory: house.acme.directory.replace('/directory', '/directory/') }
    house.clock.advanceMs(1)
    house.acme.trouble('newOrder', problem('rejectedIdentifier'))
    await house.settle()
    assert.deepEqual([(await house.state())!.failures, (await house.state())!.heldUntilMs], [1, undefined])
    assert.ok((await restOf()) <= 3 * MINUTE)
  })

  it('that a wrong clock wrote down for next year is not waited for', async () => {
    house = await acmeHouse()
    const failedMs = house.nowMs() + 365 * DAY
    const failed = {
      wantedMs: failedMs,
      nextMs: failedMs + HOUR,
      heldUntilMs: failedMs + HOUR,
      failures: 4,
      why: 'x',
      failedMs,
      failedAt: house.acme.directory,
    }
    await house.store.write(async (writing) => writing.put(nameStates, NAME, { name: NAME, ...failed }))
    await house.settle()
    assert.ok(await house.certificate())
  })

  it('of a renewal keeps the certificate that there is, and says until when', async () => {
    house = await acmeHouse()
    await house.settle()
    const { thumbprint } = house.holdings.find(NAME)!
    house.clock.advanceMs((await house.certificate())!.renewMs - house.nowMs())
    house.acme.trouble('newOrder', problem('serverInternal', 503))
    await house.settle()
    assert.match(house.warned[0]!, /the one that is shown ends 2027-02-22/)
    assert.equal(house.holdings.find(NAME)!.thumbprint, thumbprint)
  })

  const steps: readonly (readonly [Step, orders: number])[] = [
    ['directory', 1],
    ['newAccount', 1],
    ['newOrder', 1],
    ['authorization', 1],
    ['challenge', 1],
    ['order', 1],
    ['finalize', 1],
    ['certificate', 1],
  ]
  for (const [step, orders] of steps)
    it(`of the server at the step '${step}' is tried again, with the order that was begun`, async () => {
      house = await acmeHouse()
      house.acme.trouble(step, problem('serverInternal', 500))
      await house.settle()
      assert.match(house.warned[0]!, /serverInternal: told to fail/)
      assert.equal((await house.state())!.failures, 1)
      house.clock.advanceMs(await restOf())
      await house.settle()
      assert.ok(await house.certificate(), house.warned.join('\n'))
      assert.equal(house.acme.orders.length, orders)
    })

  it('of an order that takes longer than a try is waited for in the next ones', async () => {
    house = await acmeHouse({ processing: 40 })
    await house.settle()
    assert.match(house.warned[0]!, /did not come to an end in time/)
    for (let tries = 0; tries < 10 && !(await house.certificate()); tries++) {
      house.clock.advanceMs(await restOf())
      await house.settle()
    }
    assert.ok(await house.certificate())
    assert.equal(house.acme.orders.length, 1)
  })

  it('of an order that the server has forgotten makes another one', async () => {
    house = await acmeHouse()
    house.acme.trouble('finalize', problem('serverInternal', 500))
    await house.settle()
    house.acme.orders.splice(0)
    house.clock.advanceMs(await restOf())
    await house.settle()
    assert.ok(await house.certificate())
  })
})
