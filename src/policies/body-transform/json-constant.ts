// Any JSON value as part of a configuration, within bounds.
import type { Schema } from '../../base/schema.ts'

const DEPTH_MAX = 32
const CHARACTERS_MAX = 64 * 1024

/** What is wrong with a value that is to be written as JSON; undefined: nothing. */
function wrongIn(value: unknown, levels: number): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'a number that JSON cannot write'
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'text with half a surrogate pair'
  if (typeof value !== 'object') return 'something that is no JSON'
  if (levels === 0) return `more than ${DEPTH_MAX} levels`
  for (const [name, member] of Object.entries(value)) {
    if (!name.isWellFormed()) return 'a name with half a surrogate pair'
    const wrong = wrongIn(member, levels - 1)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

export const jsonConstant: Schema<unknown> = {
  json: {},
  fits: (value) => value !== undefined,
  read(value, path, faults) {
    const wrong = wrongIn(value, DEPTH_MAX)
    if (wrong !== undefined) faults.push({ code: 'bad-value', path, message: `there is ${wrong} in it` })
    else if (JSON.stringify(value).length > CHARACTERS_MAX) faults.push({ code: 'too-long', path, message: `it is longer than ${CHARACTERS_MAX} characters` })
    return value
  },
}
