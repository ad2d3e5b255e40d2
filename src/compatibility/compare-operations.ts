// Compares one operation of the old document with the same one of the new.
import { compareRequestBody, compareResponses } from './compare-contents.ts'
import { compareParameters } from './compare-parameters.ts'
import { compareSecurity } from './compare-security.ts'
import { below, type Description, member, membersOf, type Place } from './description.ts'
import { quoted } from './finding.ts'
import { METHODS, type Operation } from './path-shapes.ts'
import type { Sides } from './sides.ts'

export function compareOperations(sides: Sides, old: Operation, now: Operation): void {
  const [before, after] = [member(old.place.value, 'operationId'), member(now.place.value, 'operationId')]
  if (before !== undefined && before !== after)
    sides.report(
      'operation-id-changed',
      'risky',
      `The operationId was ${quoted(before)} and is ${after === undefined ? 'gone' : quoted(after)}: generated clients call it otherwise.`,
      old.place,
      now.place,
    )
  compareDeprecation(sides, old, now)
  if ((old.ownBase !== undefined || now.ownBase !== undefined) && old.ownBase !== now.ownBase)
    sides.report(
      'operation-server-changed',
      'breaking',
      `The path in front of this operation was ${quoted(old.ownBase ?? 'that of the document')} and is ${quoted(now.ownBase ?? 'that of the document')}.`,
      old.place,
      now.place,
    )
  compareSecurity(sides, old, now)
  compareParameters(sides, old, now)
  compareRequestBody(sides, old.place, now.place, 'request')
  compareResponses(sides, old.place, now.place, 'response')
  compareCallbacks(sides, below(old.place, 'callbacks'), below(now.place, 'callbacks'))
}

/** The dates that `x-sunset` and `Sunset` speak of: a retirement that was announced. */
export const sunsetOf = ({ value }: Place): string | undefined => {
  const sunset = member(value, 'x-sunset')
  return typeof sunset === 'string' && !Number.isNaN(Date.parse(sunset)) ? sunset : undefined
}

function compareDeprecation(sides: Sides, old: Operation, now: Operation): void {
  const deprecated = (operation: Operation): boolean => member(operation.place.value, 'deprecated') === true
  const [wasSunset, sunset] = [sunsetOf(old.place), sunsetOf(now.place)]
  if (!deprecated(old) && deprecated(now)) {
    if (sunset === undefined)
      sides.report('deprecated-without-sunset', 'risky', 'The operation is deprecated, and no `x-sunset` says until when it is there.', old.place, now.place)
    else sides.report('operation-deprecated', 'compatible', `The operation is deprecated and is there until ${quoted(sunset)}.`, old.place, now.place)
  }
  if (wasSunset !== undefined && sunset !== undefined && Date.parse(sunset) < Date.parse(wasSunset))
    sides.report(
      'sunset-earlier',
      'breaking',
      `The operation was to be there until ${quoted(wasSunset)}, and is until ${quoted(sunset)}.`,
      old.place,
      now.place,
    )
}

/** A callback or a webhook is a request that the client answers: whatever holds of requests holds of responses, and the other way round. */
function compareCallbacks(sides: Sides, old: Place, now: Place): void {
  for (const name of Object.keys(membersOf(old.value))) {
    const was = sides.old.settle(below(old, name))
    const is = sides.now.settle(below(now, name))
    if (is.value === undefined) sides.report('callback-removed', 'breaking', `The callback ${quoted(name)} is gone.`, was)
    else
      for (const expression of Object.keys(membersOf(was.value)))
        compareCalled(sides, below(was, expression), below(is, expression), `callback ${quoted(name)}`, 'callback')
  }
  for (const name of Object.keys(membersOf(now.value))) {
    if (below(old, name).value === undefined) sides.report('callback-added', 'compatible', `The callback ${quoted(name)} is new.`, undefined, below(now, name))
  }
}

/** Webhooks of OpenAPI 3.1 belong to no operation. */
export function compareWebhooks(sides: Sides, old: Description, now: Description): void {
  const [before, after] = [below(old.root, 'webhooks'), below(now.root, 'webhooks')]
  for (const name of Object.keys(membersOf(before.value))) compareCalled(sides, below(before, name), below(after, name), `webhook ${quoted(name)}`, 'webhook')
  for (const name of Object.keys(membersOf(after.value))) {
    if (below(before, name).value === undefined)
      sides.report('webhook-added', 'compatible', `The webhook ${quoted(name)} is new.`, undefined, below(after, name))
  }
}

function compareCalled(sides: Sides, oldItem: Place, newItem: Place, what: string, rule: 'callback' | 'webhook'): void {
  const old = sides.old.settle(oldItem)
  const now = sides.now.settle(newItem)
  if (now.value === undefined) {
    sides.report(`${rule}-removed`, 'breaking', `The ${what} is gone.`, old)
    return
  }
  for (const method of METHODS) {
    const [was, is] = [below(old, method), below(now, method)]
    if (was.value === undefined) continue
    if (is.value === undefined) sides.report(`${rule}-removed`, 'breaking', `The ${what} is no longer sent by ${method.toUpperCase()}.`, was)
    else {
      compareRequestBody(sides, was, is, 'response')
      compareAnswers(sides, was, is)
    }
  }
}

/** What the client may answer: of statuses that both documents know, what is in them. */
function compareAnswers(sides: Sides, old: Place, now: Place): void {
  const statuses = Object.keys(membersOf(below(old, 'responses').value))
  const both = (operation: Place): Place => {
    const responses = below(operation, 'responses')
    const kept = statuses.filter((status) => below(below(now, 'responses'), status).value !== undefined)
    return { value: { responses: Object.fromEntries(kept.map((status) => [status, below(responses, status).value])) }, at: operation.at }
  }
  compareResponses(sides, both(old), both(now), 'request')
}
