// What a shared cache reads: directives, dates, ages, tags, ranges. Each table is held to its length; nothing that comes over the wire is too much to be read.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { httpDate } from '../http/http-date.ts'
import { byteRange } from './byte-range.ts'
import { requestDirectives, responseDirectives, SAYS_NOTHING, SECONDS_MAX } from './cache-control.ts'
import { ageOf } from './freshness.ts'
import { entityTag, isNotModified, matchesStrongly, matchesWeakly } from './validators.ts'
import { selectingValue, variesOn } from './vary.ts'

const NOW = Date.UTC(2026, 10, 24)

describe('what a cache reads', () => {
  it('of a response, the most restrictive of what is said', () => {
    const table: readonly (readonly [string, Partial<ReturnType<typeof responseDirectives>>])[] = [
      ['', {}],
      [' , ,', {}],
      ['max-age=5', { maxAge: 5 }],
      ['max-age="5"', { maxAge: 5 }],
      ['max-age=5, MAX-AGE=3, max-age=9', { maxAge: 3 }],
      ['max-age=5, max-age=x', { maxAge: 0 }],
      ['max-age =5', { maxAge: 5 }],
      ['max-age==5', { maxAge: 0 }],
      ['max-age="5', { noStore: true }],
      ['max-age=+5', { maxAge: 0 }],
      ['max-age=0x5', { maxAge: 0 }],
      ['max-age=5;no-store', { maxAge: 0 }],
      ['s-maxage=7, stale-while-revalidate=8, stale-if-error=9', { sharedMaxAge: 7, staleWhileRevalidate: 8, staleIfError: 9 }],
      ['stale-if-error=x', { staleIfError: 0 }],
      [`max-age=${'9'.repeat(400)}`, { maxAge: SECONDS_MAX }],
      ['no-cache="a, b", private="no-store"', { noCache: true, isPrivate: true }],
      ['public, must-understand', { isPublic: true, mustUnderstand: true }],
      ['public=1, must-understand=x', {}],
      ['x="public, no-store"', {}],
      ['x="a\\"", no-store', { noStore: true }],
      ['must-revalidate, proxy-revalidate', { mustRevalidate: true, proxyRevalidate: true }],
      ['no-store\u00a0', {}],
    ]
    for (const [text, wanted] of table) assert.deepEqual(responseDirectives(text), { ...SAYS_NOTHING, ...wanted }, text)
    assert.equal(table.length, 22)
  })

  it('of a request, what it asks for', () => {
    const table: readonly (readonly [string, Partial<ReturnType<typeof requestDirectives>>])[] = [
      ['no-cache', { noCache: true }],
      ['max-age=0', { maxAge: 0 }],
      ['max-stale', { maxStale: Number.POSITIVE_INFINITY }],
      ['max-stale=5, max-stale', { maxStale: 5 }],
      ['max-stale=x', { maxStale: 0 }],
      ['min-fresh=5, min-fresh=9', { minFresh: 9 }],
      ['min-fresh=x', { minFresh: SECONDS_MAX }],
      ['only-if-cached, no-store', { onlyIfCached: true, noStore: true }],
      ['no-cache="', {}],
    ]
    for (const [text, wanted] of table) {
      const read = requestDirectives(text)
      for (const [name, value] of Object.entries(wanted)) assert.equal(read[name as keyof typeof read], value, text)
      assert.equal(
        Object.values(read).filter((value) => value !== undefined && value !== false).length,
        Object.keys(wanted).filter((name) => wanted[name as keyof typeof wanted] !== undefined).length,
        text,
      )
    }
    assert.equal(table.length, 9)
  })

  it('dates in their three forms, and nothing else', () => {
    const table: readonly (readonly [string, number | undefined])[] = [
      ['Sun, 06 Nov 1994 08:49:37 GMT', 784_111_777_000],
      ['Sunday, 06-Nov-94 08:49:37 GMT', 784_111_777_000],
      ['Sun Nov  6 08:49:37 1994', 784_111_777_000],
      ['Tuesday, 24-Nov-76 00:00:00 GMT', Date.UTC(2076, 10, 24)],
      ['Tuesday, 25-Nov-76 00:00:00 GMT', Date.UTC(1976, 10, 25)],
      ['Sun, 06 Nov 1994 08:49:60 GMT', 784_111_799_000],
      ['Sun, 06 Nov 1994 08:49:61 GMT', undefined],
      ['Sun, 06 Nov 1994 24:00:00 GMT', undefined],
      ['Sun, 31 Feb 1994 08:49:37 GMT', undefined],
      ['Sun, 6 Nov 1994 08:49:37 GMT', undefined],
      ['Sun, 06 Nov 1994 08:49:37 UTC', undefined],
      ['Sun, 06 Nov 1994 08:49:37', undefined],
      ['Sun, 06 nov 1994 08:49:37 GMT', undefined],
      ['1994-11-06T08:49:37Z', undefined],
      ['784111777', undefined],
      ['', undefined],
    ]
    for (const [text, wanted] of table) assert.equal(httpDate(text, NOW), wanted, text)
    assert.equal(table.length, 16)
    fc.assert(
      fc.property(fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
        assert.equal(httpDate(date.toUTCString(), NOW), Math.floor(date.getTime() / 1000) * 1000)
      }),
    )
  })

  it('Age as a whole number, never as anything else', () => {
    const table: readonly (readonly [string, number])[] = [
      ['5', 5],
      ['5, 6', 5],
      ['x', 0],
      ['-5', 0],
      ['5.5', 0],
      ['', 0],
      ['9'.repeat(50), SECONDS_MAX],
    ]
    for (const [text, wanted] of table) assert.equal(ageOf([['Age', text]]), wanted, text)
  })

  it('entity tags, compared as RFC 9110 8.8.3.2 has it', () => {
    const table = [
      ['W/"1"', 'W/"1"', false, true],
      ['W/"1"', 'W/"2"', false, false],
      ['W/"1"', '"1"', false, true],
      ['"1"', '"1"', true, true],
    ] as const
    for (const [a, b, strong, weak] of table) assert.deepEqual([matchesStrongly(a, b), matchesWeakly(a, b)], [strong, weak])
    for (const text of ['a', '"a', 'w/"a"', '"a"b', '"a" "b"', '""a"', undefined]) assert.equal(entityTag(text), undefined, String(text))
    for (const text of ['""', '"a b"'.replace(' ', '!'), 'W/""']) assert.equal(entityTag(text), text)
  })

  it('a range of what is there, or none', () => {
    const table: readonly (readonly [string, ReturnType<typeof byteRange>])[] = [
      ['bytes=0-0', { start: 0, end: 1 }],
      ['bytes=0-', { start: 0, end: 10 }],
      ['Bytes= 2-3 ', { start: 2, end: 4 }],
      ['bytes=9-100', { start: 9, end: 10 }],
      ['bytes=10-', 'unsatisfiable'],
      ['bytes=-0', 'unsatisfiable'],
      ['bytes=-3', { start: 7, end: 10 }],
      ['bytes=3-2', 'ignored'],
      ['bytes=-', 'ignored'],
      ['bytes=0-1,2-3', 'ignored'],
      ['bytes=0x1-2', 'ignored'],
      ['bytes=0-9999999999999999', 'ignored'],
      ['', 'ignored'],
    ]
    for (const [text, wanted] of table) assert.deepEqual(byteRange(text, 10), wanted, text)
    assert.equal(table.length, 13)
    assert.equal(byteRange('bytes=0-', 0), 'unsatisfiable')
  })

  it('no text is too much to be read, and every range lies inside', () => {
    const of = { etag: '"a"', lastModified: undefined, dateMs: NOW }
    const text = fc.string({ unit: fc.constantFrom(...'ab"\\,;= \tW/*-0129'), maxLength: 60 })
    fc.assert(
      fc.property(text, fc.nat(20), (written, length) => {
        responseDirectives(written)
        requestDirectives(written)
        httpDate(written, NOW)
        variesOn(written)
        selectingValue('accept-encoding', [written])
        isNotModified(of, written, written, NOW)
        const range = byteRange(`bytes=${written}`, length)
        if (typeof range === 'object') assert.ok(range.start >= 0 && range.start < range.end && range.end <= length)
      }),
      { numRuns: 2000 },
    )
    for (const hostile of [
      '"'.repeat(60_000),
      'a,'.repeat(30_000),
      '\\'.repeat(60_000),
      '"a",'.repeat(15_000),
      'W/"a" '.repeat(10_000),
      ' '.repeat(60_000),
      `a${' '.repeat(60_000)}b`,
      `a${' \t'.repeat(30_000)};b`,
      '\t,'.repeat(30_000),
    ]) {
      responseDirectives(hostile)
      requestDirectives(hostile)
      variesOn(hostile)
      selectingValue('accept-encoding', [hostile])
      isNotModified(of, hostile, undefined, NOW)
      byteRange(hostile, 10)
    }
  })
})
