// Names are asked for when they are wanted and again when their answer has lived its time; what is known stays when nobody can say better; and nothing leads past the guard.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import fc from 'fast-check'
import { type DnsServer, startDnsServer } from '../../../../test/support/dns-server.ts'
import { guardedLookup, lookupElsewhere, lookupWithin } from '../guarded-lookup.ts'
import { KeptAnswer, LIFE_MS_MAX, LIFE_MS_MIN } from './kept-answer.ts'
import { completed, readCompletion, readHosts } from './machine-names.ts'
import { NameBook } from './name-book.ts'
import { type Answered, DnsQuestions } from './questions.ts'

describe('what is known of a name', () => {
  /** One whose answers come from `next`, and whose time and chance are by hand. */
  function kept(next: () => Promise<Answered<string>>, chance = 0) {
    const clock = { nowMs: 1_000_000, asked: 0 }
    const answer = new KeptAnswer(
      () => {
        clock.asked++
        return next()
      },
      () => clock.nowMs,
      () => chance,
    )
    return { clock, answer }
  }
  const says = (value: string, ttlMs: number) => () => Promise.resolve({ value, ttlMs })

  test('it is asked for once, however many want it at the same time, and again when it has lived its time', async () => {
    const { clock, answer } = kept(says('a', 5000))
    assert.deepEqual(await Promise.all([answer.get(), answer.get(), answer.get()]), ['a', 'a', 'a'])
    clock.nowMs += 4999
    await answer.get()
    assert.equal(clock.asked, 1)
    clock.nowMs += 1
    assert.ok(answer.isDue)
    await answer.get()
    assert.equal(clock.asked, 2)
  })

  test('who has an answer does not wait for as long as servers keep silent that are asked again', async () => {
    let turn = 0
    const { clock, answer } = kept(() => (turn++ === 0 ? Promise.resolve({ value: 'a', ttlMs: 1000 }) : new Promise(() => {})))
    await answer.get()
    clock.nowMs += 2000
    assert.deepEqual(await Promise.all([answer.get(), answer.get()]), ['a', 'a'])
    assert.equal(clock.asked, 2)
  })

  test('however short or long it says that it lives: a second at least, an hour at most, and up to a tenth less by chance', async () => {
    let ran = 0
    for (const [ttlMs, chance, lives] of [
      [0, 0, LIFE_MS_MIN],
      [1, 0.9, LIFE_MS_MIN],
      [10 * LIFE_MS_MAX, 0, LIFE_MS_MAX],
      [10_000, 0.5, 9500],
      [60_000, 1, 54_000],
    ] as const) {
      const { clock, answer } = kept(says('a', ttlMs), chance)
      await answer.get()
      clock.nowMs += lives - 1
      assert.equal(answer.isDue, false, `${ttlMs} by ${chance}`)
      clock.nowMs += 1
      assert.equal(answer.isDue, true, `${ttlMs} by ${chance}`)
      ran++
    }
    assert.equal(ran, 5)
  })

  test('failures keep the last good answer, and are tried again after longer and longer, never more than half a minute', async () => {
    let isDown = false
    const { clock, answer } = kept(() => (isDown ? Promise.reject(new Error('down')) : Promise.resolve({ value: 'a', ttlMs: 1000 })))
    await answer.get()
    isDown = true
    const waits: number[] = []
    for (let i = 0; i < 8; i++) {
      clock.nowMs += 60_000
      assert.equal(await answer.get(), 'a')
      const asked = clock.nowMs
      while (!answer.isDue) clock.nowMs += 100
      waits.push(clock.nowMs - asked)
    }
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    isDown = false
    await answer.get()
    assert.equal(answer.value, 'a')
  })

  test('where nothing was ever known, whoever asks within a second of a failure is told of it, and nobody else is bothered', async () => {
    const { clock, answer } = kept(() => Promise.reject(new Error('down')))
    await assert.rejects(answer.get(), /down/)
    await assert.rejects(answer.get(), /down/)
    assert.equal(clock.asked, 1)
    clock.nowMs += 1000
    await assert.rejects(answer.get(), /down/)
    assert.equal(clock.asked, 2)
  })

  test('the answer is the same object for as long as it says the same', async () => {
    let text = 'a'
    const { clock, answer } = kept(() => Promise.resolve({ value: text, ttlMs: 1000 }))
    const first = await answer.get()
    clock.nowMs += 1000
    assert.equal(await answer.get(), first)
    text = 'b'
    clock.nowMs += 1000
    assert.equal(await answer.get(), 'b')
  })
})

describe('names of the machine', () => {
  test('the hosts file: several names by line, both families, comments and what is no address left out', () => {
    const hosts = readHosts('127.0.0.1 localhost Local # me\n::1\tlocalhost\n\n300.1.1.1 bad\n10.0.0.5 shop.internal\n10.0.0.6 shop.internal')
    assert.deepEqual([...hosts.keys()], ['localhost', 'local', 'shop.internal'])
    assert.deepEqual(
      hosts.get('localhost')?.map(({ address }) => address),
      ['127.0.0.1', '::1'],
    )
    assert.equal(hosts.get('shop.internal')?.length, 2)
  })

  test('names are completed as the machine completes them: the order is that of ndots, and a final dot ends it', () => {
    const kubernetes = readCompletion('nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local\noptions ndots:5 edns0\n')
    assert.deepEqual(completed('books', kubernetes), ['books.shop.svc.cluster.local', 'books.svc.cluster.local', 'books'])
    assert.equal(completed('api.dev', kubernetes)[0], 'api.dev.shop.svc.cluster.local')
    assert.deepEqual(completed('api.dev.', kubernetes), ['api.dev'])
    assert.deepEqual(completed('api.dev', readCompletion('search example.org')), ['api.dev', 'api.dev.example.org'])
    assert.deepEqual(readCompletion('domain a.example\nsearch b.example.\noptions ndots:99'), { search: ['b.example'], dots: 15 })
  })

  test('neither file breaks a reader, whatever stands in it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.array(fc.constantFrom('search', 'options', 'ndots:', '127.0.0.1', ' ', '\n', '#', 'a.b', '9')),
        (text, parts) => {
          for (const each of [text, parts.join(' ')]) {
            readHosts(each)
            const completion = readCompletion(each)
            assert.ok(completed('a.b', completion).length <= 9 && completion.dots <= 15)
          }
        },
      ),
    )
  })
})

describe('a DNS server of our own', () => {
  let dns: DnsServer
  let clock: { nowMs: number }
  let names: NameBook
  before(async () => {
    dns = await startDnsServer()
  })
  after(() => dns.stop())
  beforeEach(() => {
    dns.records.clear()
    dns.asked.clear()
    dns.mode = 'answer'
    clock = { nowMs: 1_000_000 }
    names = new NameBook(
      () => clock.nowMs,
      () => 0,
      new DnsQuestions([dns.address]),
      60_000,
    )
  })
  const looked = (name: string, lookup = names.lookup): Promise<readonly string[] | string> =>
    new Promise((resolve) => lookup(name, (error, found) => resolve(error?.code ?? found.map(({ address }) => address))))
  const guarded = (name: string, by: ReturnType<typeof guardedLookup>): Promise<string> =>
    new Promise((resolve) => by(name, { all: true }, (error, found) => resolve(error?.code ?? JSON.stringify(found))))
  const due = async (): Promise<void> => {
    clock.nowMs += 60_000
    await looked('shop.test')
  }

  test('both families of a name: IPv4 first, and the addresses of each in turn', async () => {
    dns.records.set('shop.test', [
      { type: 'AAAA', address: '2001:db8::5' },
      { type: 'A', address: '10.0.0.5' },
      { type: 'A', address: '10.0.0.6' },
    ])
    const orders = [await looked('shop.test'), await looked('shop.test')]
    assert.deepEqual(
      orders.map((order) => order[2]),
      ['2001:db8::5', '2001:db8::5'],
    )
    assert.deepEqual(new Set(orders.map((order) => order[0])), new Set(['10.0.0.5', '10.0.0.6']))
    assert.equal(dns.asked.get('A shop.test'), 1)
  })

  test('another answer is followed when the first has lived the time that it said, and not before', async () => {
    dns.records.set('shop.test', [{ type: 'A', address: '10.0.0.5', ttl: 30 }])
    assert.deepEqual(await looked('shop.test'), ['10.0.0.5'])
    dns.records.set('shop.test', [{ type: 'A', address: '10.0.0.9', ttl: 30 }])
    clock.nowMs += 29_999
    assert.deepEqual(await looked('shop.test'), ['10.0.0.5'])
    clock.nowMs += 1
    assert.deepEqual(await looked('shop.test'), ['10.0.0.9'])
  })

  test('a name in use is asked for again before anybody waits for it, and one that nobody uses is forgotten', async () => {
    dns.records.set('shop.test', [{ type: 'A', address: '10.0.0.5', ttl: 30 }])
    await looked('shop.test')
    dns.records.set('shop.test', [{ type: 'A', address: '10.0.0.9', ttl: 30 }])
    clock.nowMs += 30_000
    names.sweep()
    while (names.known('shop.test')?.[0]?.address !== '10.0.0.9') await new Promise((resolve) => setImmediate(resolve))
    clock.nowMs += 300_001
    names.sweep()
    assert.equal(names.known('shop.test'), undefined)
  })

  test('no such name any more, no address, a server that fails, refuses or says nothing: the last good answer stays', async () => {
    let ran = 0
    for (const [what, becomes] of [
      ['no such name', () => dns.records.delete('shop.test')],
      ['no address', () => dns.records.set('shop.test', [])],
      ['server failure', () => (dns.mode = 2)],
      ['refused', () => (dns.mode = 5)],
      ['silence', () => (dns.mode = 'silent')],
    ] as const) {
      dns.mode = 'answer'
      dns.records.set('shop.test', [{ type: 'A', address: '10.0.0.5' }])
      await due()
      becomes()
      await due()
      assert.deepEqual(await looked('shop.test'), ['10.0.0.5'], what)
      ran++
    }
    assert.equal(ran, 5)
  })

  test('a name that never was is none, and asked for again a second later', async () => {
    assert.equal(await looked('none.test'), 'ENOTFOUND')
    dns.records.set('none.test', [{ type: 'A', address: '10.0.0.7' }])
    assert.equal(await looked('none.test'), 'ENOTFOUND')
    clock.nowMs += 1000
    assert.deepEqual(await looked('none.test'), ['10.0.0.7'])
  })

  test('localhost and addresses are not asked for', async () => {
    assert.ok((await looked('localhost')).includes('127.0.0.1'))
    assert.deepEqual(await looked('192.0.2.1'), ['192.0.2.1'])
    assert.deepEqual([...dns.asked.keys()], [])
  })

  test('where it was said who knows names, nobody else is asked: not the resolver of the machine, which takes 127.1 for an address', async () => {
    assert.equal(await looked('127.1'), 'ENOTFOUND')
    const ofMachine = new NameBook(
      () => clock.nowMs,
      () => 0,
      new DnsQuestions(undefined),
    )
    assert.ok((await looked('localhost', ofMachine.lookup)).includes('127.0.0.1'))
  })

  test('services: hosts, ports, weights and ranks; "." is none', async () => {
    dns.records.set('_api._tcp.test', [
      { type: 'SRV', target: 'One.test', port: 9001, weight: 3 },
      { type: 'SRV', target: 'two.test', port: 9002, priority: 5 },
    ])
    await names.learnServices('_api._tcp.test')
    assert.deepEqual([...names.servicesOf('_api._tcp.test')!].map(({ host, port, weight, priority }) => [host, port, weight, priority]).sort(), [
      ['one.test', 9001, 3, 0],
      ['two.test', 9002, 0, 5],
    ])
    dns.records.set('_none._tcp.test', [{ type: 'SRV', target: '.', port: 0 }])
    await names.learnServices('_none._tcp.test')
    assert.equal(names.servicesOf('_none._tcp.test'), undefined)
  })

  test('services that lead to addresses in place of names are none: those would be connected to without a look-up, and so past the guard', async () => {
    let ran = 0
    for (const target of ['169.254.169.254', '127.0.0.1', '2130706433', '0x7f000001', '127.1', '1.2.3.4.', '0177.0.0.1']) {
      dns.records.set('_api._tcp.test', [{ type: 'SRV', target, port: 80 }])
      clock.nowMs += 60_000
      await names.learnServices('_api._tcp.test')
      assert.equal(names.servicesOf('_api._tcp.test'), undefined, target)
      ran++
    }
    assert.equal(ran, 7)
  })

  test('a name that turns to where no upstream may be is refused at the next connection, whatever it led to before', async () => {
    const anywhere = guardedLookup(names.lookup)
    const fromConsole = lookupWithin(names.lookup, ['10.1.0.0/16'])
    const elsewhere = guardedLookup(lookupElsewhere(names.lookup))
    let ran = 0
    for (const [address, byFile, byConsole, notHere] of [
      ['192.0.3.1', true, true, true],
      ['10.1.0.5', true, true, true],
      ['10.2.0.5', true, false, true],
      ['127.0.0.1', true, false, false],
      ['127.8.8.8', true, false, false],
      ['0.0.0.0', true, false, false],
      ['169.254.169.254', false, false, false],
      ['168.63.129.16', false, false, false],
    ] as const) {
      dns.records.set('turning.test', [{ type: 'A', address }])
      clock.nowMs += 60_000
      for (const [guard, goes] of [
        [anywhere, byFile],
        [fromConsole, byConsole],
        [elsewhere, notHere],
      ] as const)
        assert.equal(await guarded('turning.test', guard), goes ? JSON.stringify([{ address, family: 4 }]) : 'EACCES', address)
      ran++
    }
    assert.equal(ran, 8)
  })
})
