// Guessing: how many passwords anyone gets to try, in every way to try them, and what the answers give away.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ADMIN, granted, live, member, PASSWORD, type PeopleRoom, peopleRoom, VISIT, visitFrom } from '../../test/support/people-room.ts'
import { ACCOUNT_BUDGET, ADDRESS_BUDGET, CODE_BUDGET, FAILURES, waitMs } from './back-off.ts'
import { changePassword } from './passwords.ts'
import { invitePerson, suspendPerson } from './people.ts'
import { isRefused } from './refusal.ts'
import { signInWithPassword } from './sign-in.ts'
import { sweep } from './sweep.ts'

const signIn = (room: PeopleRoom, mail: string, password: string, visit = VISIT) => signInWithPassword(room.means, { mail, password, visit })

/** How many guesses one patient attacker gets looked at in `hours`: at every moment as many as are allowed. */
async function guesses(room: PeopleRoom, mail: string, hours: number, address: (attempt: number) => string): Promise<number> {
  const end = room.at().nowMs + hours * 3_600_000
  let looked = 0
  for (let attempt = 0; room.at().nowMs < end; attempt++) {
    const result = await signIn(room, mail, `wrong guess number ${attempt}`, visitFrom(address(attempt)))
    assert.ok(isRefused(result))
    if (result.refused === 'wrong-credentials') looked++
    else room.clock.advanceMs(result.retryAfterMs!)
  }
  return looked
}

describe('guessing passwords', () => {
  it('from one address is looked at some hundred times a day', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['viewer'], { isPlain: true })
    const looked = await guesses(room, person.mail, 24, () => '198.51.100.7')
    let wait = 0
    let bound = 0
    while (wait < 86_400_000) wait += waitMs(++bound)
    assert.ok(looked <= bound && bound < 120, `${looked} of ${bound}`)
    assert.ok(looked > 50, 'the bound is not one because nothing was tried')
  })

  it('from as many addresses as anyone has is looked at 270 times on the first day and 240 on each other', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['viewer'], { isPlain: true })
    const looked = await guesses(room, person.mail, 24, (attempt) => `2001:db8:${(attempt >> 8).toString(16)}:${(attempt & 255).toString(16)}::1`)
    const bound = ACCOUNT_BUDGET.burst + 86_400_000 / ACCOUNT_BUDGET.intervalMs
    assert.equal(bound, 270)
    assert.ok(looked <= bound + 1 && looked >= bound - 10, String(looked))
  })

  it('one password for many accounts (spraying) from one /64 is bounded by address', async () => {
    const room = peopleRoom()
    let looked = 0
    for (let i = 0; i < 200; i++) {
      const result = await signIn(room, `nobody-${i}@example.org`, 'seven green llamas', visitFrom(`2001:db8::${i.toString(16)}`))
      if (isRefused(result) && result.refused === 'wrong-credentials') looked++
    }
    assert.equal(looked, ADDRESS_BUDGET.burst)
    const mapped = await signIn(room, 'x@example.org', 'seven green llamas', visitFrom('::ffff:203.0.113.1'))
    assert.deepEqual(mapped, { refused: 'wrong-credentials' })
  })

  it('many at once are looked at no more often than one after another', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['viewer'], { isPlain: true })
    const before = room.means.hashing.computed
    const results = await Promise.all(Array.from({ length: 40 }, (_, i) => signIn(room, person.mail, `wrong guess ${i} of many`)))
    const turnedAway = results.filter((each) => isRefused(each) && each.refused === 'slow-down').length
    assert.equal(room.means.hashing.computed - before, 40 - turnedAway)
    assert.ok(40 - turnedAway <= 4, `${40 - turnedAway} were looked at`)
  })

  it('signing in to an own account in between gives no new guesses at another', async () => {
    const room = peopleRoom()
    const [own, victim] = [await member(room, ['viewer'], { isPlain: true }), await member(room, ['viewer'], { isPlain: true })]
    let looked = 0
    for (let i = 0; i < 20; i++) {
      const result = await signIn(room, victim.person.mail, `wrong guess number ${i}`)
      if (isRefused(result) && result.refused === 'wrong-credentials') looked++
      granted(await signIn(room, own.person.mail, PASSWORD))
    }
    assert.equal(looked, 3)
  })

  it('signing in to an own account in between gives an address no new accounts to spray, nor strangers new guesses', async () => {
    const room = peopleRoom()
    const own = await member(room, ['viewer'], { isPlain: true })
    let looked = 0
    for (let i = 0; i < 60; i++) {
      const result = await signIn(room, `nobody-${i}@example.org`, 'seven green llamas')
      if (isRefused(result) && result.refused === 'wrong-credentials') looked++
      await signIn(room, own.person.mail, PASSWORD)
    }
    assert.equal(looked, ADDRESS_BUDGET.burst)
    const victim = await member(room, ['viewer'], { isPlain: true })
    let guessed = 0
    for (let i = 0; i < 60; i++) {
      const result = await signIn(room, victim.person.mail, 'wrong guess again', visitFrom(`198.51.100.${i}`))
      if (isRefused(result) && result.refused === 'wrong-credentials') guessed++
      await signIn(room, victim.person.mail, PASSWORD, visitFrom('203.0.113.9'))
    }
    assert.equal(guessed, ACCOUNT_BUDGET.burst)
  })

  it('a right password while one has to wait is not looked at', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['viewer'], { isPlain: true })
    for (let i = 0; i < 10; i++) await signIn(room, person.mail, 'wrong guess again and again')
    const result = await signIn(room, person.mail, PASSWORD)
    assert.ok(isRefused(result) && result.refused === 'slow-down')
  })

  it('a restart or a clock that is set back forgets nothing and locks nobody for longer', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['viewer'], { isPlain: true })
    for (let i = 0; i < 10; i++) {
      const result = await signIn(room, person.mail, 'wrong guess again and again')
      if (isRefused(result) && result.retryAfterMs) room.clock.advanceMs(result.retryAfterMs)
    }
    const again = await signIn(room, person.mail, 'wrong guess again and again')
    assert.ok(isRefused(again))
    room.clock.advanceMs(-30 * 86_400_000)
    const result = await signIn(room, person.mail, PASSWORD, visitFrom('203.0.113.77'))
    assert.ok(!isRefused(result) || result.retryAfterMs! <= ACCOUNT_BUDGET.intervalMs)
    const waits = await signIn(room, person.mail, PASSWORD)
    assert.ok(!isRefused(waits) || waits.retryAfterMs! <= 900_000)
  })

  it('strangers cannot keep somebody out: a browser that was signed in before is counted by itself', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['viewer'], { isPlain: true })
    const first = granted(await signIn(room, person.mail, PASSWORD))
    assert.ok(first.outcome === 'signed-in')
    await guesses(room, person.mail, 2, (attempt) => `198.51.${attempt >> 8}.${attempt & 255}`)
    for (let i = 0; i < 50; i++) await signIn(room, person.mail, 'wrong guess again', visitFrom(`203.0.113.${i}`))
    const stranger = await signIn(room, person.mail, PASSWORD, visitFrom('203.0.113.200'))
    assert.ok(isRefused(stranger) && stranger.refused === 'slow-down')
    assert.equal(granted(await signIn(room, person.mail, PASSWORD, { ...VISIT, device: first.device })).outcome, 'signed-in')
  })

  it('a device cookie of one account, a forged one or one of before a new password exempts nobody', async () => {
    const room = peopleRoom()
    const [own, victim] = [await member(room, ['viewer'], { isPlain: true }), await member(room, ['viewer'], { isPlain: true })]
    const signedIn = granted(await signIn(room, own.person.mail, PASSWORD))
    assert.ok(signedIn.outcome === 'signed-in')
    let looked = 0
    for (let i = 0; i < 30; i++) {
      const forged = i % 2 === 0 ? signedIn.device : signedIn.device.replace(/^./, 'x')
      const result = await signIn(room, victim.person.mail, `wrong guess number ${i}`, { ...VISIT, device: forged })
      if (isRefused(result) && result.refused === 'wrong-credentials') looked++
    }
    assert.equal(looked, 3)
  })

  it('a known device is slowed down as well', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['viewer'], { isPlain: true })
    const first = granted(await signIn(room, person.mail, PASSWORD))
    assert.ok(first.outcome === 'signed-in')
    let looked = 0
    for (let i = 0; i < 30; i++) {
      const result = await signIn(room, person.mail, `wrong guess number ${i}`, { ...VISIT, device: first.device })
      if (isRefused(result) && result.refused === 'wrong-credentials') looked++
    }
    assert.equal(looked, 3)
  })

  it('guessing the password that is to be changed, from a stolen session, is bounded', async () => {
    const room = peopleRoom()
    const one = await member(room, ['viewer'], { isPlain: true })
    const session = await live(room, one.secret)
    const results: string[] = []
    for (let i = 0; i < 15; i++) {
      const result = await changePassword(room.means, session, { current: `wrong guess number ${i}`, password: 'seven green llamas sing' })
      results.push(isRefused(result) ? result.refused : 'changed')
    }
    assert.equal(results.filter((each) => each === 'wrong-credentials').length, CODE_BUDGET.burst)
    assert.equal(results.at(-1), 'slow-down')
  })

  it('made-up names and addresses leave a bounded number of records, and a sweep takes them away', async () => {
    const room = peopleRoom()
    for (let i = 0; i < 60; i++) await signIn(room, `nobody-${i}@example.org`, 'seven green llamas', visitFrom(`198.51.100.${i}`))
    const count = async () => (await room.means.store.read((reading) => reading.scan(FAILURES, { limit: 1000 }))).length
    assert.ok((await count()) <= 180)
    for (const { key } of await room.means.store.read((reading) => reading.scan(FAILURES, { limit: 1000 })))
      assert.match(key, /^(?:pair|address|account\/unknown)\/\d{1,5}$/)
    room.clock.advanceMs(2 * 86_400_000)
    await room.means.store.write((writing) => sweep(writing, room.at().nowMs))
    assert.equal(await count(), 0)
  })
})

describe('finding out who there is', () => {
  it('an unknown name, a wrong password, a suspended and an invited person: one answer, one hash, one kind of record', async () => {
    const room = peopleRoom()
    const [known, suspended] = [await member(room, ['viewer'], { isPlain: true }), await member(room, ['viewer'], { isPlain: true })]
    granted(await room.means.store.write((writing) => suspendPerson(writing, ADMIN, suspended.person.id)))
    const input = { name: 'Ida', mail: 'invited@example.org', roles: ['viewer'], teams: [] }
    granted(await room.means.store.write((writing) => invitePerson(writing, room.at(), ADMIN, input)))
    const tries = [
      ['nobody@example.org', PASSWORD],
      ['not an address', PASSWORD],
      ['', PASSWORD],
      [known.person.mail, 'wrong password here'],
      [known.person.mail, '\u0000'],
      [suspended.person.mail, PASSWORD],
      ['invited@example.org', PASSWORD],
      ['x'.repeat(5000), PASSWORD],
      ['__proto__', PASSWORD],
    ] as const
    for (const [i, [mail, password]] of tries.entries()) {
      const [hashes, sequence, entries] = [room.means.hashing.computed, (await room.means.store.changes(0)).sequence, room.events.length]
      assert.deepEqual(await signIn(room, mail, password, visitFrom(`192.0.2.${100 + i}`)), { refused: 'wrong-credentials' })
      assert.equal(room.means.hashing.computed - hashes, 1, mail)
      assert.equal((await room.means.store.changes(0)).sequence - sequence, 3, mail)
      assert.equal(room.events.length - entries, 1)
    }
    assert.equal(tries.length, 9)
  })

  it('an unknown name is slowed down as a known one is', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['viewer'], { isPlain: true })
    const answers = async (mail: string, net: string): Promise<unknown[]> => {
      const seen: unknown[] = []
      for (let i = 0; i < 45; i++) seen.push(await signIn(room, mail, 'wrong guess again', visitFrom(`${net}.${i}`)))
      return seen
    }
    assert.deepEqual(await answers(person.mail, '198.51.100'), await answers('nobody@example.org', '203.0.113'))
  })

  it('nothing that somebody typed as a name stands in the trail: it may be a password', async () => {
    const room = peopleRoom()
    await signIn(room, 'my secret password', 'my mail address')
    assert.doesNotMatch(JSON.stringify(room.events), /secret|my mail/)
    assert.deepEqual(room.events[0], {
      act: 'session.sign-in',
      actor: { kind: 'anonymous', id: 'anonymous' },
      outcome: 'refused',
      code: 'wrong-credentials',
      detail: { method: 'password' },
      personal: { address: '192.0.2.1' },
    })
  })
})
