// The template language of policies that shape: text with `${...}` in it, read and checked at load, put together from strings at run.
import { mapped, type Schema, string } from '../../base/schema.ts'
import type { Exchange } from '../exchange.ts'
import { type Answered, type ExchangeValue, exchangeValue, isValueFault, type ValueFault } from './exchange-values.ts'
import { BARE_IN_FIELD, BARE_IN_URL, percentEncoded } from './percent-encoding.ts'

/** Something that is put in at run, and what stands for it where there is nothing. */
export interface Insert extends ExchangeValue {
  readonly name: string
  readonly fallback: string | undefined
}
/** A literal, something of the exchange, or a group of a path pattern by its name. */
export type Piece = string | Insert | { readonly group: string }

/** Octets that one value of a template may have: what a caller sends is not multiplied without end. */
export const VALUE_OCTETS_MAX = 8192
const PIECES_MAX = 50

/**
 * Reads text into pieces. `${name}` is something of the exchange, `${name:-text}` has a fallback, and `$${` is "${". With `groups`, `{name}` is one of them;
 * without, a brace is a brace. `ofResponse`: there is a response to name.
 */
export function readPieces(text: string, ofResponse: boolean, groups?: ReadonlySet<string>): readonly Piece[] | ValueFault {
  const pieces: Piece[] = []
  const literal = (more: string): void => {
    const last = pieces.at(-1)
    if (typeof last === 'string') pieces[pieces.length - 1] = last + more
    else if (more !== '') pieces.push(more)
  }
  let at = 0
  while (at < text.length) {
    const next = nextOpening(text, at, groups !== undefined)
    literal(text.slice(at, next))
    if (next === text.length) break
    if (text.startsWith('$${', next)) {
      literal('${')
      at = next + 3
      continue
    }
    const isGroup = text[next] === '{'
    const begin = next + (isGroup ? 1 : 2)
    const end = text.indexOf('}', begin)
    if (end < 0) return { code: 'bad-template', message: `'${text.slice(next, next + 30)}' has no closing brace` }
    const inside = text.slice(begin, end)
    const piece = isGroup ? groupOf(inside, groups!) : insertOf(inside, ofResponse)
    if ('code' in piece) return piece
    pieces.push(piece)
    at = end + 1
  }
  if (pieces.length > PIECES_MAX) return { code: 'too-long', message: `a template has at most ${PIECES_MAX} parts` }
  return pieces
}

function nextOpening(text: string, from: number, groups: boolean): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === '$' && (text.startsWith('${', i) || text.startsWith('$${', i))) return i
    if (groups && text[i] === '{') return i
  }
  return text.length
}
function groupOf(name: string, groups: ReadonlySet<string>): { readonly group: string } | ValueFault {
  if (groups.has(name)) return { group: name }
  const known = groups.size > 0 ? `; known here: ${[...groups].join(', ')}` : ", which has none: `from: /old/{rest*}` has the group 'rest'"
  return { code: 'unknown-value', message: `'{${name.slice(0, 60)}}' is no group of 'from'${known}` }
}

function insertOf(inside: string, ofResponse: boolean): Insert | ValueFault {
  const split = inside.indexOf(':-')
  const name = split < 0 ? inside : inside.slice(0, split)
  const fallback = split < 0 ? undefined : inside.slice(split + 2)
  if (fallback !== undefined && !VISIBLE.test(fallback)) return { code: 'bad-value', message: `the fallback of \${${name.slice(0, 60)}} must be visible ASCII` }
  const value = exchangeValue(name, ofResponse)
  return isValueFault(value) ? value : { ...value, name, fallback }
}

/** Everything that a field's value may be made of here; HTAB and octets beyond ASCII are read differently by different readers. */
const VISIBLE = /^[\x20-\x7e]*$/

/** The value of a field, ready to be put together. */
export interface FieldTemplate {
  /** As written. */
  readonly text: string
  /** What it always is; undefined when it depends on the exchange. */
  readonly constant: string | undefined
  readonly inserts: readonly Insert[]
  /** Visible ASCII of at most `VALUE_OCTETS_MAX`; undefined when something without a fallback is not there, or it would be longer. */
  render(x: Exchange, answer?: Answered): string | undefined
}

/** Reads the value of a field. What is wrong with it is a fault, never thrown. */
export function readFieldTemplate(text: string, ofResponse: boolean): FieldTemplate | ValueFault {
  const pieces = readPieces(text, ofResponse)
  if ('code' in pieces) return pieces
  if (pieces.some((piece) => typeof piece === 'string' && !VISIBLE.test(piece)))
    return { code: 'bad-value', message: 'the value of a field is one line of visible ASCII' }
  const inserts = insertsOf(pieces)
  if (inserts.length === 0) {
    const constant = (pieces as readonly string[]).join('').trim()
    return { text, constant, inserts, render: () => constant }
  }
  // RFC 9110 5.5: white space at the ends is no part of a value.
  if (/^ | $/.test(text)) return { code: 'bad-value', message: 'a value does not begin or end with a space' }
  const sole = pieces.length === 1 ? inserts[0]! : undefined
  const render = sole ? (x: Exchange, answer?: Answered) => bounded(whole(inserted(sole, x, answer))) : joiner(pieces)
  return { text, constant: undefined, inserts, render }
}

export const insertsOf = (pieces: readonly Piece[]): readonly Insert[] =>
  pieces.filter((piece): piece is Insert => typeof piece === 'object' && 'read' in piece)

/** What is put in: undefined when there is nothing, and nothing stands for it. */
export function inserted({ read, fallback }: Insert, x: Exchange, answer?: Answered): string | undefined {
  const value = read(x, answer)
  return value === undefined || value === '' ? fallback : value
}

/** A whole value may hold what parts lists, as the value that it comes from may; nothing that ends a line. */
const whole = (value: string | undefined): string | undefined =>
  value === undefined || VISIBLE.test(value) ? value?.trim() : percentEncoded(value, BARE_IN_URL)
const bounded = (value: string | undefined): string | undefined => (value !== undefined && value.length <= VALUE_OCTETS_MAX ? value : undefined)

/** Beside other text a value must not bring what parts it: `tenant="${...}"` stays one parameter. */
function joiner(pieces: readonly Piece[]): FieldTemplate['render'] {
  return (x, answer) => {
    let out = ''
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i]!
      if (typeof piece === 'string') out += piece
      else {
        const value = inserted(piece as Insert, x, answer)
        if (value === undefined) return undefined
        out += percentEncoded(value, BARE_IN_FIELD)
      }
    }
    return bounded(out)
  }
}

/** The schema of a field's value. */
export function fieldTemplate(ofResponse: boolean, describe: string): Schema<FieldTemplate> {
  return templated(string({ maxLength: 2000, describe }), (text) => readFieldTemplate(text, ofResponse))
}

/** Text that is read into something else, or is at fault. */
export function templated<T extends object>(text: Schema<string>, read: (text: string) => T | ValueFault): Schema<T> {
  const schema = mapped(text, read)
  return {
    json: text.json,
    fits: text.fits,
    read(value, path, faults) {
      const out = schema.read(value, path, faults)
      if (out !== undefined && 'code' in out) faults.push({ code: out.code, message: out.message, path })
      return out as T
    },
  }
}
