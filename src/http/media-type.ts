// Reads what a body says of itself: the media type with its charset, as strictly as somebody must who is to change it.
import { partsOutsideQuotes } from './quoted-parts.ts'

export interface MediaType {
  /** `application/json`, in lower case and without parameters. */
  readonly essence: string
  /** In lower case; undefined where none is said. */
  readonly charset: string | undefined
}

const ESSENCE = /^[!#$%&'*+\-.^_`|~0-9a-z]+\/[!#$%&'*+\-.^_`|~0-9a-z]+$/
const PARAMETER = /^[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"((?:[^"\\]|\\.)*)")[ \t]*$/

/** The one Content-Type among these values (RFC 9110 8.3.1). Undefined: none, several, or one that different readers read differently. */
export function readMediaType(values: readonly string[]): MediaType | undefined {
  if (values.length !== 1) return undefined
  const parts = partsOutsideQuotes(values[0]!, ';')
  if (parts === undefined) return undefined
  const essence = parts[0]!.trim().toLowerCase()
  if (!ESSENCE.test(essence)) return undefined
  let charset: string | undefined
  for (const part of parts.slice(1)) {
    // RFC 9110 5.6.6: an empty parameter between semicolons means nothing.
    if (part.trim() === '') continue
    const parameter = PARAMETER.exec(part)
    if (parameter === null) return undefined
    if (parameter[1]!.toLowerCase() !== 'charset') continue
    // Which one of two counts differs from reader to reader.
    if (charset !== undefined) return undefined
    charset = (parameter[2] ?? parameter[3]!.replaceAll(/\\(.)/g, '$1')).toLowerCase()
  }
  return { essence, charset }
}

/** JSON by its registered name or its suffix (RFC 8259 11, RFC 6839 3.1). */
export const isJsonType = (essence: string): boolean => essence === 'application/json' || essence.endsWith('+json')
