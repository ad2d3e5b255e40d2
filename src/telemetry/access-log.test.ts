// The access log never waits: it gathers while the sink is busy, drops and counts when the sink is too slow, and writes all it took before it closes.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AccessEvent } from './access-line.ts'
import { AccessLog, type LogSink } from './access-log.ts'

const event: AccessEvent = {
  timeUs: 1_700_000_000_000_000,
  id: Buffer.from('1'.repeat(36)),
  address: { text: '192.0.2.1', octets: Uint8Array.of(192, 0, 2, 1), group: '192.0.2.1' },
  head: undefined,
  route: Buffer.alloc(0),
  asked: '',
  principal: undefined,
  places: [],
  status: 400,
  code: 'http.malformed',
  bytesIn: 0,
  bytesOut: 0,
  durationUs: 1,
}

/** A sink that finishes a write when it is told to. */
function slowSink(): LogSink & { readonly written: string[]; finish(error?: Error): void } {
  const written: string[] = []
  let done: ((error: Error | null) => void) | undefined
  return {
    written,
    write(octets, after) {
      assert.equal(done, undefined, 'two writes under way')
      written.push(octets.toString('latin1'))
      done = after
    },
    finish(error) {
      const now = done!
      done = undefined
      now(error ?? null)
    },
  }
}
const linesOf = (sink: { readonly written: string[] }): number => sink.written.join('').split('\n').length - 1

describe('the access log', () => {
  test('has one write under way, and gathers meanwhile', () => {
    const sink = slowSink()
    const log = new AccessLog(sink)
    log.add(event)
    log.flush()
    log.add(event)
    log.flush()
    assert.equal(linesOf(sink), 1)
    sink.finish()
    log.flush()
    assert.equal(linesOf(sink), 2)
    for (const line of sink.written.join('').trimEnd().split('\n')) assert.equal(JSON.parse(line).status, 400)
  })

  test('drops and counts what a sink that stands still cannot take', () => {
    const sink = slowSink()
    const log = new AccessLog(sink)
    for (let i = 0; i < 200_000; i++) log.add(event)
    assert.ok(log.dropped > 0 && log.dropped < 200_000, `${log.dropped} dropped`)
    assert.ok(sink.written.join('').length < 1024 * 1024)
  })

  test('counts the lines of a write that failed', () => {
    const sink = slowSink()
    const log = new AccessLog(sink)
    log.add(event)
    log.add(event)
    log.flush()
    sink.finish(new Error('disk full'))
    assert.equal(log.dropped, 2)
  })

  test('closes when everything is written', async () => {
    const sink = slowSink()
    const log = new AccessLog(sink)
    log.add(event)
    log.flush()
    log.add(event)
    const closed = log.close()
    sink.finish()
    sink.finish()
    await closed
    assert.equal(linesOf(sink), 2)
  })
})
