// Request collapsing: one fetches, a bounded number wait for a bounded time, and whoever fetches in vain holds nobody up.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Flight, type FlightOutcome, Flights } from './flights.ts'

function house(bounds: Partial<{ flights: number; waiters: number }> = {}) {
  const timers: { readonly ms: number; readonly call: () => void; isCancelled: boolean }[] = []
  const flights = new Flights(
    { flights: 10, waiters: 2, waitMs: 3000, apartMs: 10_000, ...bounds },
    {
      after(ms, call) {
        const timer = { ms, call, isCancelled: false }
        timers.push(timer)
        return () => void (timer.isCancelled = true)
      },
    },
  )
  return { flights, timers }
}
const lead = (flights: Flights, key = 'a', nowMs = 0): Flight => {
  const flight = flights.join(key, nowMs)
  assert.ok(flight instanceof Flight)
  return flight
}
const wait = (flights: Flights, key = 'a', nowMs = 0): Promise<FlightOutcome> => {
  const joined = flights.join(key, nowMs)
  assert.ok(joined instanceof Promise)
  return joined
}

describe('flights', () => {
  it('the first leads, the next wait, and all are told how it ended', async () => {
    for (const [end, outcome] of [
      [(all: Flights, flight: Flight) => all.land(flight), 'stored'],
      [(all: Flights, flight: Flight) => all.fail(flight), 'failed'],
      [(all: Flights, flight: Flight) => all.release(flight), 'alone'],
      [(all: Flights, flight: Flight) => all.refuse(flight, 0), 'alone'],
    ] as const) {
      const { flights, timers } = house()
      const flight = lead(flights)
      const waiting = [wait(flights), wait(flights)]
      end(flights, flight)
      assert.deepEqual(await Promise.all(waiting), [outcome, outcome])
      assert.deepEqual([flights.count, timers.map(({ isCancelled }) => isCancelled)], [0, [true]])
    }
  })

  it('no more wait than may: the next fetches by itself', () => {
    const { flights } = house()
    lead(flights)
    void wait(flights)
    void wait(flights)
    assert.equal(flights.join('a', 0), undefined)
  })

  it('a leader that says nothing holds nobody for longer than the bound, and what it brings later harms nobody', async () => {
    const { flights, timers } = house()
    const flight = lead(flights)
    const waiting = wait(flights)
    assert.deepEqual(
      timers.map(({ ms }) => ms),
      [3000],
    )
    timers[0]!.call()
    assert.equal(await waiting, 'alone')
    const next = lead(flights)
    flights.land(flight)
    flights.release(flight)
    assert.equal(flights.count, 1)
    const second = wait(flights)
    flights.land(next)
    assert.equal(await second, 'stored')
  })

  it('what was not kept is fetched by everyone at once, for a while', () => {
    const { flights } = house()
    flights.refuse(lead(flights), 1000)
    assert.equal(flights.join('a', 10_999), undefined)
    lead(flights, 'a', 11_000)
  })

  it('one key does not wait for another, and there are never more flights than may be', () => {
    const { flights } = house({ flights: 2 })
    lead(flights, 'a')
    lead(flights, 'b')
    assert.equal(flights.join('c', 0), undefined)
    assert.equal(flights.begin('c'), undefined)
    assert.equal(flights.begin('a'), undefined)
  })

  it('what is remembered of what was not kept is bounded', () => {
    const { flights } = house({ flights: 3 })
    for (const key of ['a', 'b', 'c', 'd']) flights.refuse(lead(flights, key), 0)
    assert.deepEqual(
      ['d', 'c', 'b'].map((key) => flights.join(key, 0)),
      [undefined, undefined, undefined],
    )
    lead(flights, 'a')
    const long = 'a'.repeat(1025)
    flights.refuse(lead(flights, long), 0)
    lead(flights, long)
  })
})
