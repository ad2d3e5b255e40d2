// Compares bodies, responses and response headers: media types first, then what is in them.
import { sortedJson } from '../base/canonical-json.ts'
import { below, type Description, isObject, member, membersOf, type Place } from './description.ts'
import { quoted } from './finding.ts'
import type { Direction } from './schema-differences.ts'
import type { Sides } from './sides.ts'

/** `operation`: places of the operations that a body stands under. `reads`: who reads the body. */
export function compareRequestBody(sides: Sides, oldOperation: Place, newOperation: Place, reads: Direction): void {
  const old = sides.old.settle(below(oldOperation, 'requestBody'))
  const now = sides.now.settle(below(newOperation, 'requestBody'))
  if (old.value === undefined && now.value === undefined) return
  const required = (place: Place): boolean => member(place.value, 'required') === true
  const [better, worse] = reads === 'request' ? (['compatible', 'breaking'] as const) : (['breaking', 'compatible'] as const)
  if (old.value === undefined) {
    if (required(now) || reads === 'response')
      sides.report('required-body-added', reads === 'request' ? 'breaking' : 'compatible', 'The request has a body now, and needs it.', undefined, now)
    else sides.report('body-added', 'compatible', 'The request may have a body now.', undefined, now)
    return
  }
  if (now.value === undefined) {
    sides.report('body-removed', 'breaking', 'The request has no body any more.', old)
    return
  }
  if (!required(old) && required(now)) sides.report('body-became-required', worse, 'The body of the request is required now.', old, now)
  if (required(old) && !required(now)) sides.report('body-became-optional', better, 'The body of the request is no longer required.', old, now)
  compareContent(sides, below(old, 'content'), below(now, 'content'), reads)
}

export function compareResponses(sides: Sides, oldOperation: Place, newOperation: Place, reads: Direction): void {
  const old = below(oldOperation, 'responses')
  const now = below(newOperation, 'responses')
  const before = statusesOf(old.value)
  const after = statusesOf(now.value)
  for (const status of before) {
    const same = after.includes(status) ? status : covering(status, after)
    if (same === undefined) {
      // Of a range, a part may be left.
      const isSuccess = /^[23]/.test(status) && !after.some((other) => covering(other, [status]) !== undefined)
      sides.report('response-status-removed', isSuccess ? 'breaking' : 'compatible', `The response ${quoted(status)} is gone.`, below(old, status))
    } else compareResponse(sides, sides.old.settle(below(old, status)), sides.now.settle(below(now, same)), reads)
  }
  for (const status of after) {
    if (before.includes(status)) continue
    // What a range or `default` of the old document covered was announced.
    const announced = covering(status, before)
    if (announced !== undefined) compareResponse(sides, sides.old.settle(below(old, announced)), sides.now.settle(below(now, status)), reads)
    const harmless = announced !== undefined || /^[45]/.test(status) || status === 'default'
    sides.report('response-status-added', harmless ? 'compatible' : 'risky', `The response ${quoted(status)} is new.`, undefined, below(now, status))
  }
}

const statusesOf = (responses: unknown): string[] => Object.keys(membersOf(responses)).filter((status) => /^(?:[1-5](?:\d\d|XX)|default)$/i.test(status))
function covering(status: string, others: readonly string[]): string | undefined {
  return others.find((other) => /^[1-5]xx$/i.test(other) && other[0] === status[0]) ?? others.find((other) => other === 'default')
}

function compareResponse(sides: Sides, old: Place, now: Place, reads: Direction): void {
  compareContent(sides, below(old, 'content'), below(now, 'content'), reads)
  const fields = (place: Place, description: Description): Map<string, Place> => {
    const headers = below(place, 'headers')
    const names = Object.keys(membersOf(headers.value)).filter((name) => name.toLowerCase() !== 'content-type')
    return new Map(names.map((name) => [name.toLowerCase(), description.settle(below(headers, name))]))
  }
  const [before, after] = [fields(old, sides.old), fields(now, sides.now)]
  for (const [name, was] of before) {
    const is = after.get(name)
    if (!is) {
      sides.report('response-header-removed', 'breaking', `The response field ${quoted(name)} is gone.`, was)
      continue
    }
    if (member(was.value, 'required') === true && member(is.value, 'required') !== true)
      sides.report('response-header-became-optional', 'breaking', `The response field ${quoted(name)} is no longer certain to be there.`, was, is)
    const [a, b] = [below(was, 'schema'), below(is, 'schema')]
    if (isObject(a.value) && isObject(b.value)) sides.compareSchemas([a], [b], reads)
  }
  for (const [name, is] of after)
    if (!before.has(name)) sides.report('response-header-added', 'compatible', `The response field ${quoted(name)} is new.`, undefined, is)
}

function compareContent(sides: Sides, old: Place, now: Place, reads: Direction): void {
  const [before, after] = [mediaTypes(old), mediaTypes(now)]
  const word = reads === 'request' ? 'request' : 'response'
  for (const [type, was] of before) {
    const is = after.get(type) ?? [...after].find(([range]) => isCovered(type, range))?.[1]
    if (!is) {
      sides.report(`${word}-media-type-removed`, 'breaking', `The media type ${quoted(type)} is gone.`, was)
      continue
    }
    const [a, b] = [below(was, 'schema'), below(is, 'schema')]
    if (a.value !== undefined || b.value !== undefined) sides.compareSchemas([orAny(a)], [orAny(b)], reads)
    const [oldParts, newParts] = [below(was, 'encoding'), below(is, 'encoding')]
    if (sortedJson(oldParts.value) !== sortedJson(newParts.value))
      sides.report(`${word}-encoding-changed`, 'risky', `How the parts of ${quoted(type)} are encoded differs.`, was, is)
  }
  for (const [type, is] of after) {
    if (!before.has(type)) sides.report(`${word}-media-type-added`, 'compatible', `The media type ${quoted(type)} is new.`, undefined, is)
  }
}

const orAny = (schema: Place): Place => (schema.value === undefined ? { value: true, at: schema.at } : schema)

/** Types without regard to case and to `charset`, which JSON and text have by themselves. */
function mediaTypes(content: Place): Map<string, Place> {
  return new Map(
    Object.keys(membersOf(content.value)).map((type) => {
      const [essence, ...parameters] = type.toLowerCase().split(';')
      const kept = parameters.map((each) => each.trim()).filter((each) => each !== '' && !each.startsWith('charset='))
      return [[essence!.trim(), ...kept.sort()].join(';'), below(content, type)]
    }),
  )
}

function isCovered(type: string, range: string): boolean {
  if (range === '*/*') return true
  return range.endsWith('/*') && type.startsWith(range.slice(0, -1))
}
