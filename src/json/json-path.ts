// Paths into a JSON document, as `$.items[*].card.number`: the part of JSONPath (RFC 9535) that can be followed while the document comes in.

/** One step down. `deep`: at any distance below (the descendant segment, RFC 9535 2.5.2). */
export interface PathStep {
  readonly deep: boolean
  /** A member's name, an item's place, or any child. */
  readonly to: { readonly name: string } | { readonly index: number } | 'any'
}
export type JsonPath = readonly PathStep[]

export const PATH_STEPS_MAX = 64
const SHORT_NAME = /^[A-Za-z_\u{80}-\u{d7ff}\u{e000}-\u{10ffff}][0-9A-Za-z_\u{80}-\u{d7ff}\u{e000}-\u{10ffff}]*/u
const QUOTED = /^\[(?:'((?:[^'\\\u0000-\u001f]|\\.)*)'|"((?:[^"\\\u0000-\u001f]|\\.)*)")\]/u
const INDEX = /^\[(0|[1-9]\d{0,8})\]/

/** Reads a path; a text is what is wrong with it. */
export function readPath(text: string): JsonPath | string {
  if (!text.startsWith('$')) return `a path begins with '$', as in $.items[*].id`
  const steps: PathStep[] = []
  let rest = text.slice(1)
  while (rest !== '') {
    if (steps.length === PATH_STEPS_MAX) return `a path has at most ${PATH_STEPS_MAX} steps`
    const deep = rest.startsWith('..')
    const isShort = rest.startsWith('.') && !rest.startsWith('..[') && !rest.startsWith('.[')
    const step = readStep(isShort ? rest.slice(deep ? 2 : 1) : rest.slice(deep ? 2 : 0), isShort)
    if (typeof step === 'string') return step
    steps.push({ deep, to: step.to })
    rest = step.rest
  }
  return steps
}

function readStep(text: string, isShort: boolean): { readonly to: PathStep['to']; readonly rest: string } | string {
  if (isShort) {
    if (text.startsWith('*')) return { to: 'any', rest: text.slice(1) }
    const name = SHORT_NAME.exec(text)?.[0]
    if (name === undefined) return `behind '.' stands a name, or *; a name of other characters is written ['like-this']`
    const rest = text.slice(name.length)
    if (rest !== '' && !/^[.[]/.test(rest)) return `'${rest[0]}' cannot stand in a name behind '.'; write ['like-this']`
    return { to: { name }, rest }
  }
  if (text.startsWith('[*]')) return { to: 'any', rest: text.slice(3) }
  const index = INDEX.exec(text)
  if (index) return { to: { index: Number(index[1]) }, rest: text.slice(index[0].length) }
  const quoted = QUOTED.exec(text)
  const name = quoted ? unquoted(quoted) : undefined
  if (quoted && name !== undefined) return { to: { name }, rest: text.slice(quoted[0].length) }
  return `'${text.slice(0, 20)}' is none of .name, .*, ..name, [*], [0] and ['name']: filters, slices and places from the end are not followed`
}

/** RFC 9535 2.3.1.1: the escapes of JSON, and the quote that the name stands in. Undefined: not well formed. */
function unquoted([, single, double]: RegExpExecArray): string | undefined {
  const inJson = single === undefined ? double! : single.replaceAll(/\\'|"/g, (found) => (found === '"' ? '\\"' : "'"))
  try {
    const name = JSON.parse(`"${inJson}"`) as string
    return name.isWellFormed() ? name : undefined
  } catch {
    return undefined
  }
}
