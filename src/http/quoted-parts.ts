// Parts a field value where its separator stands outside of quoted strings.

/**
 * The parts between separators, as they are written (RFC 9110 5.6.1 and 5.6.4). Undefined when a quoted string does not end: nobody knows where a part does.
 */
export function partsOutsideQuotes(value: string, separator: string): string[] | undefined {
  const parts: string[] = []
  let start = 0
  let isQuoted = false
  for (let i = 0; i < value.length; i++) {
    const character = value[i]
    if (isQuoted && character === '\\') i++
    else if (character === '"') isQuoted = !isQuoted
    else if (character === separator && !isQuoted) {
      parts.push(value.slice(start, i))
      start = i + 1
    }
  }
  parts.push(value.slice(start))
  return isQuoted ? undefined : parts
}
