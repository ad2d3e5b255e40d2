// What a change of a document means, said over values in memory: the model that the streaming shaper is held to.
import type { JsonPath, PathStep } from '../../src/json/json-path.ts'
import type { ShapeOperations } from '../../src/json/json-shape.ts'

type Place = string | number
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const fits = ({ to }: PathStep, place: Place): boolean => to === 'any' || ('name' in to ? to.name === place : to.index === place)
/** The path leads to the very value at `places`. */
export function leadsTo(path: JsonPath, places: readonly Place[]): boolean {
  const [step, ...rest] = path
  if (step === undefined) return places.length === 0
  const last = step.deep ? places.length : Math.min(1, places.length)
  for (let i = 0; i < last; i++) if (fits(step, places[i]!) && leadsTo(rest, places.slice(i + 1))) return true
  return false
}
/** The path may lead to something below `places`. */
function leadsBelow(path: JsonPath, places: readonly Place[]): boolean {
  const [step, ...rest] = path
  if (step === undefined) return false
  if (places.length === 0 || step.deep) return true
  return fits(step, places[0]!) && leadsBelow(rest, places.slice(1))
}

/** Two members of one name come out. */
export class RepeatedName extends Error {}
const NOTHING = Symbol('nothing')

export function shaped(document: Json, operations: ShapeOperations): Json {
  const { pick, drop = [], rename = [], mask = [], set = [] } = operations
  const at = (value: Json, places: readonly Place[]): Json | typeof NOTHING => {
    if (drop.some((path) => leadsTo(path, places))) return NOTHING
    const constant = set.find(({ path }) => leadsTo(path, places))
    if (constant) return constant.value as Json
    const inside = pick === undefined || places.concat(NaN).some((_, i) => pick.some((path) => leadsTo(path, places.slice(0, i))))
    const isContainer = typeof value === 'object' && value !== null
    if (!inside && !(isContainer && pick.some((path) => leadsBelow(path, places)))) return NOTHING
    const masks = mask.filter(({ path }) => leadsTo(path, places)).map((each) => each.mask)
    if (masks.length > 0 && value !== null) {
      const first = Math.min(...masks.map((each) => each.first))
      const last = Math.min(...masks.map((each) => each.last))
      return masked(value, first, last, JSON.parse(`"${Buffer.from(masks[0]!.stars).toString()}"`))
    }
    if (Array.isArray(value)) return (value as Json[]).map((item, i) => at(item, [...places, i])).filter((item) => item !== NOTHING) as Json[]
    if (!isContainer) return value
    const members: [string, Json][] = []
    const nameOf = (name: string) => rename.find(({ path }) => leadsTo(path, [...places, name]))?.to ?? name
    const add = (name: string, member: Json) => {
      if (members.some(([other]) => other === name)) throw new RepeatedName(name)
      members.push([name, member])
    }
    for (const [name, member] of Object.entries(value)) {
      const kept = at(member, [...places, name])
      if (kept !== NOTHING) add(nameOf(name), kept)
    }
    for (const each of set) {
      const { to, deep } = each.path.at(-1)!
      if (deep || to === 'any' || !('name' in to) || !leadsTo(each.path, [...places, to.name])) continue
      const isDropped = drop.some((path) => leadsTo(path, [...places, to.name]))
      if (!isDropped && !members.some(([name]) => name === nameOf(to.name))) add(nameOf(to.name), each.value as Json)
    }
    return Object.fromEntries(members)
  }
  const whole = at(document, [])
  return whole === NOTHING ? null : whole
}

function masked(value: Json, first: number, last: number, stars: string): string {
  if (typeof value !== 'string' && typeof value !== 'number') return stars
  const characters = [...(typeof value === 'string' ? value : JSON.stringify(value))]
  if (first + last === 0 || characters.length < 2 * (first + last)) return stars
  return characters.slice(0, first).join('') + stars + characters.slice(characters.length - last).join('')
}
