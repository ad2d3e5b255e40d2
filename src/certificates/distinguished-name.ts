// Distinguished names as text (RFC 4514): out of a certificate and out of a file in one spelling, so that they can be compared.
import { DerCursor, DerFault, OID, readingDer, SEQUENCE, SET, UTF8_STRING } from './der.ts'

/** RFC 4514 3, and the two that certificates hold besides; other types stand as their number. */
const TYPES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.6': 'C',
  '2.5.4.9': 'STREET',
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
  '2.5.4.5': 'SERIALNUMBER',
  '1.2.840.113549.1.9.1': 'EMAILADDRESS',
}
const KNOWN = new Set(Object.values(TYPES))
const PRINTABLE = 0x13
const IA5 = 0x16
const BMP = 0x1e
const TELETEX = 0x14

/** The Name at which the cursor stands. The most specific part first, as RFC 4514 2.1 has it. */
export function nameText(name: DerCursor): string {
  const parts: string[] = []
  const relative = name.inside()
  while (relative.hasMore) {
    const values = relative.next(SET).inside()
    const pairs: string[] = []
    while (values.hasMore) {
      const pair = values.next(SEQUENCE).inside()
      const { oid } = pair.next(OID)
      pair.next()
      pairs.push(`${TYPES[oid] ?? oid}=${escaped(textOf(pair))}`)
      pair.close()
    }
    if (pairs.length === 0) throw new DerFault('an empty part of a name')
    parts.push(pairs.sort().join('+'))
  }
  return parts.reverse().join(',')
}

function textOf({ tag, content }: DerCursor): string {
  switch (tag) {
    case UTF8_STRING: {
      const text = content.toString('utf8')
      if (Buffer.from(text).compare(content) !== 0) throw new DerFault('text that is no UTF-8')
      return text
    }
    case PRINTABLE:
    case IA5:
      if (content.some((octet) => octet > 0x7f)) throw new DerFault('text that is no ASCII')
      return content.toString('latin1')
    case TELETEX:
      return content.toString('latin1')
    case BMP:
      if (content.length % 2 !== 0) throw new DerFault('text of half characters')
      return wellFormed(Buffer.from(content).swap16().toString('utf16le'))
    default:
      throw new DerFault('a name in an alphabet that is not read')
  }
}

/** Half a character would be read as another one. */
function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new DerFault('text of half characters')
  return text
}

/** RFC 4514 2.4. Control characters too, in hexadecimal: the text stands in logs. */
const escaped = (text: string): string =>
  text
    .replace(/["+,;<>\\=]/g, '\\$&')
    .replace(/[\0-\x1f\x7f]/g, (char) => `\\${char.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`)
    .replace(/^[ #]| $/g, '\\$&')

/** Spaces alone: other white space, a no-break space among it, is the value's. */
const TYPE = /^ *([A-Za-z]{1,20}|\d+(?:\.\d+)+) *= */
const NAMES: Readonly<Record<string, string>> = { E: 'EMAILADDRESS', EMAIL: 'EMAILADDRESS', S: 'ST', USERID: 'UID' }

/** A name as somebody writes it, in the spelling of `nameText`; undefined for what is none. Values keep their case: what differs is another name. */
export function normalName(written: string): string | undefined {
  const parts: string[][] = [[]]
  let rest = written
  for (;;) {
    const type = TYPE.exec(rest)
    if (!type) return undefined
    const upper = type[1]!.toUpperCase()
    const name = TYPES[upper] ?? NAMES[upper] ?? upper
    if (!KNOWN.has(name) && !/^\d/.test(name)) return undefined
    const value = readValue(rest.slice(type[0].length))
    if (value === undefined || value.text === '') return undefined
    parts.at(-1)!.push(`${name}=${escaped(value.text)}`)
    if (value.end === '') return parts.map((pairs) => pairs.sort().join('+')).join(',')
    if (value.end === ',') parts.push([])
    rest = value.rest
  }
}

/** RFC 4514 2.4: `#` and the element in hexadecimal, as openssl writes the values of types that it does not know. */
const encodedText = (hex: string): string | undefined =>
  readingDer(() => {
    if (!/^(?:[0-9a-fA-F]{2})+$/.test(hex)) throw new DerFault('no hexadecimal')
    const value = new DerCursor(Buffer.from(hex, 'hex'))
    const text = textOf(value.next())
    value.close()
    return text
  })

/** One value up to a comma or plus that is not escaped. */
function readValue(text: string): { readonly text: string; readonly end: '' | ',' | '+'; readonly rest: string } | undefined {
  const encoded = /^#[^,+]*/.exec(text)?.[0].trimEnd()
  if (encoded !== undefined) {
    const value = encodedText(encoded.slice(1))
    const at = text.search(/[,+]|$/)
    return value === undefined ? undefined : { text: value, end: endAt(text, at), rest: text.slice(at + 1) }
  }
  const octets: Buffer[] = []
  // Spaces at the end do not count unless they are escaped.
  let kept = 0
  let i = 0
  for (; i < text.length && text[i] !== ',' && text[i] !== '+'; i++) {
    const char = text[i]!
    if (char === '\\') {
      const hex = /^[0-9a-fA-F]{2}/.exec(text.slice(i + 1))?.[0]
      const next = text[i + 1]
      if (hex !== undefined) octets.push(Buffer.from(hex, 'hex'))
      else if (next !== undefined && ' #"+,;<>\\='.includes(next)) octets.push(Buffer.from(next))
      else return undefined
      i += hex === undefined ? 1 : 2
      kept = octets.length
    } else {
      if ('";<>'.includes(char)) return undefined
      const whole = String.fromCodePoint(text.codePointAt(i)!)
      octets.push(Buffer.from(whole))
      i += whole.length - 1
      if (char !== ' ') kept = octets.length
    }
  }
  const bytes = Buffer.concat(octets.slice(0, kept))
  const value = bytes.toString('utf8')
  if (Buffer.from(value).compare(bytes) !== 0) return undefined
  return { text: value, end: endAt(text, i), rest: text.slice(i + 1) }
}
const endAt = (text: string, at: number): '' | ',' | '+' => (text[at] === ',' ? ',' : text[at] === '+' ? '+' : '')
