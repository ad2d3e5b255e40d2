// Reports of gateway threads: whole, with their cause, and never without bound.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ThreadReports } from './thread-reports.ts'

function reports() {
  const said: string[] = []
  let nowMs = 0
  const { report } = new ThreadReports(
    (text) => said.push(text),
    () => nowMs,
  )
  return { said, report, pass: (ms: number) => (nowMs += ms) }
}

test('a report tells what was at the bottom of it', () => {
  const { said, report } = reports()
  report(new Error('policy acme-tenant broke', { cause: new TypeError('no such thing') }))
  assert.match(said[0]!, /^policy acme-tenant broke: TypeError: no such thing\n {4}at /)
  report(new Error('alone'))
  assert.match(said[1]!, /^Error: alone\n/)
})

test('the same is said five times in ten seconds, and then how often it was not', () => {
  const { said, report, pass } = reports()
  for (let i = 0; i < 10_000; i++) report(new Error('broke', { cause: new Error('again') }))
  assert.equal(said.length, 5)
  pass(10_000)
  report(new Error('broke', { cause: new Error('again') }))
  assert.equal(said[5], '9995 reports like those before were left out')
  assert.equal(said.length, 7)
})

test('texts that differ each time, as a caller may make them, are a hundred in ten seconds', () => {
  const { said, report } = reports()
  for (let i = 0; i < 10_000; i++) report(new Error('broke', { cause: new Error(`for ${i}`) }))
  assert.equal(said.length, 100)
})
