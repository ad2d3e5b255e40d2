// Passwords: prepared, refused when common, hashed a few at a time, hashed anew when the costs change.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CHEAP, live, member, PASSWORD, peopleRoom, VISIT } from '../../test/support/people-room.ts'
import { randomSecret } from '../base/ids.ts'
import { COMMON_PASSWORDS } from './common-passwords.ts'
import { PASSWORDS } from './factors.ts'
import { DEFAULT_COSTS, PasswordHashing } from './password-hashing.ts'
import { acceptablePassword, preparePassword } from './password-text.ts'
import { changePassword } from './passwords.ts'
import { isRefused } from './refusal.ts'
import { signInWithPassword } from './sign-in.ts'

describe('the text of a password', () => {
  it('is prepared as RFC 8265 4.2 says', () => {
    const cases: readonly (readonly [given: string, prepared: string | undefined])[] = [
      ['correct horse battery staple', 'correct horse battery staple'],
      ['Correct Horse Battery Staple', 'Correct Horse Battery Staple'],
      ['\u03c0\u00df\u00e5', '\u03c0\u00df\u00e5'],
      ['Jack of \u2666s', 'Jack of \u2666s'],
      ['foo\u1680bar', 'foo bar'],
      ['a\u030a', '\u00e5'],
      ['\u00a0x\u3000y', ' x y'],
      ['', undefined],
      ['my cat is a \u0009by', undefined],
      ['a\u0000b', undefined],
      ['a\u00adb', undefined],
      ['a\u200db', undefined],
      ['a\ud800b', undefined],
      ['\ufb01', '\ufb01'],
      ['x'.repeat(256), 'x'.repeat(256)],
      ['x'.repeat(257), undefined],
      ['x'.repeat(100_000), undefined],
    ]
    let ran = 0
    for (const [given, prepared] of cases) {
      assert.equal(preparePassword(given), prepared, JSON.stringify(given.slice(0, 40)))
      ran++
    }
    assert.equal(ran, 17)
  })

  it('preparing twice is preparing once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const once = preparePassword(text)
        assert.equal(once === undefined ? undefined : preparePassword(once), once)
      }),
    )
  })

  it('is refused when short, or when it is what everybody tries', () => {
    const about = ['Ada Lovelace', 'countess@example.org']
    const common = [
      'Password1234!',
      'P@ssw0rd2024',
      'passwordpassword',
      'aaaaaaaaaaaa',
      'abababababab',
      'abcabcabcabc',
      '123456789012',
      '987654321098',
      'qwertyuiopas',
      'QwertyUiop12',
      'asdfghjklqwe',
      'abcdefghijkl',
      'gatehouse123',
      'Gatehouse2026!',
      'adalovelace1',
      'Lovelace2026',
      'countess1234',
      'example-org1',
      'letmein12345',
      'welcome12345',
      'administrator',
      '1q2w3e4r5t6y',
      'correct horse battery staple',
      'Summer2026!!',
      'changeme1234',
      'iloveyou1234',
      'qazwsxqazwsx',
      '111222333444',
    ]
    for (const password of common) assert.deepEqual(acceptablePassword(password, about), { refused: 'password-too-common' }, password)
    for (const password of ['', 'short', 'elevenchars']) assert.ok(isRefused(acceptablePassword(password, about)))
    assert.deepEqual(acceptablePassword('elevenchars', about), { refused: 'password-too-short' })
    assert.equal(common.length, 28)
    assert.ok(COMMON_PASSWORDS.size > 60)
    for (const each of COMMON_PASSWORDS) assert.ok(each.length >= 12, each)
  })

  it('is taken without rules of composition', () => {
    const good = [
      PASSWORD,
      'xkvqmzrwplth',
      'i keep bees and goats',
      '8213-7764-9920',
      'ñandú corre lejos',
      'the gatehouse has seven old lamps',
      '\u{1f422}\u{1f333}\u{1f6a2} slow boat',
    ]
    for (const password of good) assert.ok(!isRefused(acceptablePassword(password, ['Ada'])), password)
  })
})

describe('hashing', () => {
  const hashing = (more = {}) => new PasswordHashing({ key: randomSecret(32), random: randomSecret, costs: CHEAP, ...more })

  it('costs at least what OWASP asks of argon2id, and writes a PHC string', async () => {
    assert.ok(DEFAULT_COSTS.memoryKib >= 19_456 && DEFAULT_COSTS.passes >= 2 && DEFAULT_COSTS.parallelism === 1)
    const one = new PasswordHashing({ key: randomSecret(32), random: randomSecret })
    const hash = (await one.hash(PASSWORD))!
    assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    assert.deepEqual(await one.verify(PASSWORD, hash), { verdict: 'right', isOutdated: false })
    assert.deepEqual(await one.verify(`${PASSWORD} `, hash), { verdict: 'wrong' })
  })

  it('is worth nothing without the key that is not in the store', async () => {
    const hash = await hashing().hash(PASSWORD)
    assert.deepEqual(await hashing().verify(PASSWORD, hash), { verdict: 'wrong' })
  })

  it('does the same work for a name that nobody has, an unreadable password and a hash that is none', async () => {
    const one = hashing()
    for (const [password, stored] of [
      [PASSWORD, undefined],
      [undefined, undefined],
      [PASSWORD, 'nonsense'],
      [PASSWORD, '$argon2id$v=19$m=9999999,t=999,p=99$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA'],
    ] as const) {
      const before = one.computed
      assert.deepEqual(await one.verify(password, stored), { verdict: 'wrong' })
      assert.equal(one.computed, before + 1)
    }
    // The hash that stands in for nobody's must not be one of the empty password.
    assert.deepEqual(await one.verify('', undefined), { verdict: 'wrong' })
  })

  it('runs two at once, lets so many wait, and tells the next that it is busy', async () => {
    const one = hashing({ atOnceMax: 2, waitingMax: 3 })
    const all = await Promise.all(Array.from({ length: 8 }, () => one.verify(PASSWORD, undefined)))
    assert.deepEqual(all.map(({ verdict }) => verdict).sort(), ['busy', 'busy', 'busy', 'wrong', 'wrong', 'wrong', 'wrong', 'wrong'])
    assert.equal(one.computed, 5)
    assert.deepEqual(await one.verify(PASSWORD, undefined), { verdict: 'wrong' })
  })
})

describe('a password that is kept', () => {
  it('is hashed anew at the next sign-in when the costs have changed', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['viewer'], { isPlain: true })
    const before = await room.means.store.read((reading) => reading.get(PASSWORDS, person.id))
    const dearer = { ...room.means, hashing: new PasswordHashing({ key: room.means.key, random: randomSecret, costs: { ...CHEAP, passes: 2 } }) }
    const result = await signInWithPassword(dearer, { mail: person.mail, password: PASSWORD, visit: VISIT })
    assert.ok(!isRefused(result))
    const after = await room.means.store.read((reading) => reading.get(PASSWORDS, person.id))
    assert.match(before!.hash, /t=1/)
    assert.match(after!.hash, /t=2/)
    assert.ok(!isRefused(await signInWithPassword(dearer, { mail: person.mail, password: PASSWORD, visit: VISIT })))
  })

  it('is changed by who knows it; every other session ends and this one has a new secret', async () => {
    const room = peopleRoom()
    const one = await member(room, ['viewer'], { isPlain: true })
    const other = await signInWithPassword(room.means, { mail: one.person.mail, password: PASSWORD, visit: VISIT })
    assert.ok(!isRefused(other) && other.outcome === 'signed-in')
    const session = await live(room, one.secret)
    const wrong = await changePassword(room.means, session, { current: 'not it at all, no', password: 'seven green llamas sing' })
    assert.deepEqual(wrong, { refused: 'wrong-credentials' })
    assert.ok(isRefused(await changePassword(room.means, session, { password: 'seven green llamas sing' })))
    const changed = await changePassword(room.means, session, { current: PASSWORD, password: 'seven green llamas sing' })
    assert.ok(!isRefused(changed))
    assert.notEqual(changed.secret, one.secret)
    await assert.rejects(live(room, one.secret))
    await assert.rejects(live(room, other.session.secret))
    await live(room, changed.secret)
    assert.deepEqual(await signInWithPassword(room.means, { mail: one.person.mail, password: PASSWORD, visit: VISIT }), { refused: 'wrong-credentials' })
  })
})
