// Fields of a message as pairs: what is read of a response once, when it is stored.

export type Field = readonly [name: string, value: string]

/** The values of all fields of this name; `name` in lower case. */
export function valuesOf(fields: readonly Field[], name: string): string[] {
  const found: string[] = []
  for (const [each, value] of fields) if (each.length === name.length && each.toLowerCase() === name) found.push(value)
  return found
}
/** All of them as one (RFC 9110 5.3); undefined when there is none. */
export function joinedValue(fields: readonly Field[], name: string): string | undefined {
  const found = valuesOf(fields, name)
  return found.length === 0 ? undefined : found.join(', ')
}
/** The only value of a field that may stand there once; undefined when there is none, or several. */
export function singleValue(fields: readonly Field[], name: string): string | undefined {
  const found = valuesOf(fields, name)
  return found.length === 1 ? found[0] : undefined
}

export const linesOf = (fields: readonly Field[]): string => fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
export const fieldsOf = (lines: string): readonly Field[] =>
  lines
    .split('\r\n')
    .slice(0, -1)
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])
