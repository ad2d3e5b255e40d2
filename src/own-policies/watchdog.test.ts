// Who holds a thread up is found by what threads say, and nobody is ended who only had much to do.
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { ThreadWords, watchMemory } from './watch-words.ts'
import { LOOK_MS, Watchdog } from './watchdog.ts'

describe('the watchdog', () => {
  let watchdog: Watchdog
  let words: ThreadWords
  let nowMs: number
  beforeEach(() => {
    const memory = watchMemory(2)
    watchdog = new Watchdog(memory)
    words = new ThreadWords(memory, 1)
    nowMs = 0
  })
  const look = (times = 1): ReturnType<Watchdog['look']> => {
    for (let i = 1; i < times; i++) assert.deepEqual(watchdog.look(2, (nowMs += LOOK_MS)), [])
    return watchdog.look(2, (nowMs += LOOK_MS))
  }
  const hold = (revision: number): ReturnType<Watchdog['look']> => {
    words.enter(revision)
    return look(9)
  }

  test('a turn that lasts for two seconds of looks is ended, with its name, and no look sooner', () => {
    look()
    words.enter(7)
    assert.deepEqual(look(9), [{ thread: 1, revisions: [7], ms: 2000, quarantined: [] }])
  })

  test('a thread whose event loop turns is held up by nobody, however long the code at the top of a file waits while it is loaded', () => {
    words.enter(7)
    for (let i = 0; i < 60; i++) {
      words.beat()
      assert.deepEqual(look(), [])
    }
  })

  test('many turns one after the other are no long one, nor is a thread that runs none', () => {
    for (let i = 0; i < 100; i++) {
      words.enter(7)
      words.beat()
      assert.deepEqual(look(), [])
      words.leave(0)
      words.enter(7)
    }
    words.leave(0)
    for (let i = 0; i < 100; i++) {
      words.beat()
      assert.deepEqual(look(), [])
    }
  })

  test('a machine that slept, or a main thread that did not look, ends nobody', () => {
    words.enter(7)
    look(2)
    nowMs += 3_600_000
    assert.deepEqual(look(), [])
  })

  test('a thread that has not begun to say anything is left alone', () => {
    assert.deepEqual(look(1000), [])
  })

  test('a thread that stands still while calls wait is ended after five seconds, and all that waited are named', () => {
    words.beat()
    words.pending(3, 1)
    words.pending(4, 1)
    words.pending(4, -1)
    words.pending(9, 1)
    assert.deepEqual(look(21), [{ thread: 1, revisions: [3, 9], ms: 5000, quarantined: [] }])
  })

  test('one that stands still without any is ended after fifteen, and nobody is named', () => {
    words.beat()
    assert.deepEqual(look(61), [{ thread: 1, revisions: [], ms: 15_000, quarantined: [] }])
  })

  test('the third within ten minutes, of whatever kind, is one too many; an old one does not count', () => {
    const end = (wasHeld: boolean) => watchdog.ended(1, nowMs, wasHeld)
    assert.deepEqual(hold(7)[0]!.quarantined, [])
    end(true)
    nowMs += 601_000
    assert.deepEqual(hold(7)[0]!.quarantined, [])
    end(true)
    assert.deepEqual(hold(8)[0]!.quarantined, [])
    end(true)
    words.enter(7)
    assert.deepEqual(end(false), { revisions: [7], quarantined: [] })
    assert.equal(words.isQuarantined(7), false)
    assert.deepEqual(hold(7)[0]!.quarantined, [7])
    assert.deepEqual([words.isQuarantined(7), words.isQuarantined(8)], [true, false])
  })

  test('a thread that is gone leaves nothing behind that the next one in its place would be judged by', () => {
    words.enter(7)
    words.pending(7, 1)
    words.beat()
    look(8)
    watchdog.ended(1, nowMs, true)
    assert.deepEqual(look(100), [])
  })
})
