// Compares what an operation takes beside its body: parameters in path, query, header and cookie.
import { below, type Description, isObject, member, type Place } from './description.ts'
import { quoted } from './finding.ts'
import { type Operation, parameterNames } from './path-shapes.ts'
import type { Sides } from './sides.ts'

interface Parameter {
  readonly name: string
  readonly in: string
  readonly place: Place
}

/** These say nothing to an API: their meaning is that of HTTP (OpenAPI 4.8.12.1). */
const IGNORED = new Set(['accept', 'content-type', 'authorization'])

export function compareParameters(sides: Sides, old: Operation, now: Operation): void {
  const before = parametersOf(sides.old, old)
  const after = parametersOf(sides.now, now)
  for (const [key, parameter] of before) {
    const same = after.get(key)
    if (same) compareParameter(sides, parameter, same)
    else {
      const moved = [...after.values()].find(({ name, in: place }) => name === parameter.name && place !== parameter.in)
      if (moved && !before.has(keyOf(moved, parameterNames(now.template))))
        sides.report(
          'parameter-moved',
          'breaking',
          `The parameter ${quoted(parameter.name)} moved from ${parameter.in} to ${moved.in}.`,
          parameter.place,
          moved.place,
        )
      else
        sides.report(
          'parameter-removed',
          'breaking',
          `The ${parameter.in} parameter ${quoted(parameter.name)} is gone: whoever sends it may be refused.`,
          parameter.place,
        )
    }
  }
  const names = new Set([...before.values()].map(({ name, in: place }) => `${place} ${name}`))
  for (const [key, parameter] of after) {
    if (before.has(key)) continue
    const isMove = [...before].some(([other, { name, in: place }]) => name === parameter.name && place !== parameter.in && !after.has(other))
    if (isMove || names.has(`${parameter.in} ${parameter.name}`)) continue
    const required = isRequired(parameter)
    const rule = required ? 'required-parameter-added' : 'parameter-added'
    sides.report(
      rule,
      required ? 'breaking' : 'compatible',
      `The ${parameter.in} parameter ${quoted(parameter.name)} is new${required ? ' and required' : ''}.`,
      undefined,
      parameter.place,
    )
  }
}

function parametersOf(description: Description, { place, pathItem, template }: Operation): Map<string, Parameter> {
  const names = parameterNames(template)
  const out = new Map<string, Parameter>()
  for (const list of [below(pathItem, 'parameters'), below(place, 'parameters')]) {
    if (!Array.isArray(list.value)) continue
    for (const i of list.value.keys()) {
      const settled = description.settle(below(list, i))
      const name = member(settled.value, 'name')
      const where = member(settled.value, 'in')
      if (typeof name !== 'string' || typeof where !== 'string') continue
      if (where === 'header' && IGNORED.has(name.toLowerCase())) continue
      const parameter = { name, in: where, place: settled }
      out.set(keyOf(parameter, names), parameter)
    }
  }
  return out
}

/** Path parameters are the same by their position, names of fields without regard to case. */
function keyOf({ name, in: where }: Parameter, names: readonly string[]): string {
  if (where === 'path' && names.includes(name)) return `path ${names.indexOf(name)}`
  return `${where} ${where === 'header' ? name.toLowerCase() : name}`
}

const isRequired = ({ in: where, place }: Parameter): boolean => where === 'path' || member(place.value, 'required') === true

function compareParameter(sides: Sides, old: Parameter, now: Parameter): void {
  const shown = `${now.in} parameter ${quoted(now.name)}`
  if (old.in === 'path' && old.name !== now.name)
    sides.report('path-parameter-renamed', 'compatible', `The path parameter ${quoted(old.name)} is called ${quoted(now.name)}.`, old.place, now.place)
  const [wasRequired, required] = [isRequired(old), isRequired(now)]
  if (required && !wasRequired) sides.report('parameter-became-required', 'breaking', `The ${shown} is required now.`, old.place, now.place)
  if (wasRequired && !required) sides.report('parameter-became-optional', 'compatible', `The ${shown} is no longer required.`, old.place, now.place)
  const [oldForm, newForm] = [writtenForm(sides.old, old), writtenForm(sides.now, now)]
  if (oldForm !== newForm)
    sides.report('parameter-style-changed', 'breaking', `The ${shown} was written as ${oldForm} and is written as ${newForm}.`, old.place, now.place)
  const flag = (parameter: Parameter, name: string): boolean => member(parameter.place.value, name) === true
  if (flag(old, 'allowEmptyValue') && !flag(now, 'allowEmptyValue'))
    sides.report('parameter-empty-value-refused', 'breaking', `The ${shown} may no longer be empty.`, old.place, now.place)
  if (flag(old, 'allowReserved') && !flag(now, 'allowReserved'))
    sides.report('parameter-reserved-characters-refused', 'risky', `The ${shown} no longer takes reserved characters as they are.`, old.place, now.place)
  if (!flag(old, 'deprecated') && flag(now, 'deprecated'))
    sides.report('parameter-deprecated', 'compatible', `The ${shown} is deprecated.`, old.place, now.place)
  const schemas = [schemaOf(old.place), schemaOf(now.place)] as const
  if (schemas[0] && schemas[1]) sides.compareSchemas([schemas[0]], [schemas[1]], 'request')
}

function contentOf(place: Place): Place | undefined {
  const content = below(place, 'content')
  const type = isObject(content.value) ? Object.keys(content.value)[0] : undefined
  return type === undefined ? undefined : below(content, type)
}

function schemaOf(place: Place): Place | undefined {
  const schema = below(contentOf(place) ?? place, 'schema')
  // A schema that is left out admits anything, and so does `true`.
  return schema.value === undefined ? { value: true, at: place.at } : schema
}

/** Style and explode with their defaults (OpenAPI 4.8.12.2); `explode` says nothing of single values. */
function writtenForm(description: Description, { in: where, place }: Parameter): string {
  const content = contentOf(place)
  if (content) return content.at.slice(content.at.lastIndexOf('/') + 1).replaceAll('~1', '/')
  const written = member(place.value, 'style')
  const style = typeof written === 'string' ? written : where === 'query' || where === 'cookie' ? 'form' : 'simple'
  const type = member(description.settle(below(place, 'schema')).value, 'type')
  const isSingle = typeof type === 'string' && type !== 'array' && type !== 'object'
  if (isSingle) return style
  const explode = member(place.value, 'explode')
  return `${style}${(typeof explode === 'boolean' ? explode : style === 'form') ? ', exploded' : ''}`
}
