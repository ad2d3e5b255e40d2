// What `headers` does, prepared at load: names as octets, constant fields as lines, so that a message costs one pass over its fields and one append.
import { FieldNameSet } from '../../http/field-name-set.ts'
import { type FieldName, fieldName } from '../../http/field-names.ts'
import { type Answer, type AnswerField, answerField, answerNames } from '../../pipeline/answer.ts'
import { type Exchange, fieldLine } from '../../pipeline/exchange.ts'
import type { FieldTemplate } from '../../pipeline/templates/templates.ts'

export interface Changes {
  readonly set: { readonly [name: string]: FieldTemplate }
  readonly add: { readonly [name: string]: FieldTemplate }
  readonly remove: readonly string[]
  readonly rename: { readonly [from: string]: string }
}

/** Octets that all templates together may add to one message: what a caller sends is not multiplied without end. */
const ADDED_MAX = 16 * 1024

/** Undefined: there is nothing to do. False: what would be added is too much, and nothing was done. */
export function requestChange({ set, add, remove, rename }: Changes): ((x: Exchange) => boolean) | undefined {
  const added = [...Object.entries(set), ...Object.entries(add)]
  const lines = added.flatMap(([name, { constant }]) => (constant === undefined ? [] : [fieldLine(name, constant)])).join('')
  const templates = added.filter(([, { constant }]) => constant === undefined).map(([name, { render }]) => ({ name, render }))
  const renamed = Object.entries(rename).map(([from, to]) => ({ from: fieldName(from), to }))
  const names = [...Object.keys(set), ...remove, ...Object.keys(rename), ...Object.values(rename)]
  // With "_" for "-" a field is the same to CGI and its heirs: a caller must not get past `set` by it.
  const dropped = names.length === 0 ? undefined : new FieldNameSet(names, { folded: true })
  if (dropped === undefined && added.length === 0) return undefined
  if (templates.length === 0 && renamed.length === 0) {
    return (x) => {
      dropped?.dropFrom(x.head)
      x.upstreamFields += lines
      return true
    }
  }
  return (x) => {
    // Read before anything is dropped: a field may be put together from its own former value.
    let more = lines
    for (let i = 0; i < templates.length; i++) {
      const { name, render } = templates[i]!
      const value = render(x)
      if (value !== undefined) more += `${name}: ${value}\r\n`
    }
    for (let i = 0; i < renamed.length; i++) more += moved(x, renamed[i]!.from, renamed[i]!.to)
    if (more.length - lines.length > ADDED_MAX) return false
    dropped?.dropFrom(x.head)
    x.upstreamFields += more
    return true
  }
}

/** The codec let nothing into a value that could end its line (RFC 9110 5.5): it goes on as it came. */
function moved({ head }: Exchange, from: FieldName, to: string): string {
  let lines = ''
  for (let i = head.find(from); i >= 0; i = head.find(from, i + 1)) lines += `${to}: ${head.value(i)}\r\n`
  return lines
}

const VARY = answerField('Vary')
const CACHE_CONTROL = answerField('Cache-Control')

/** Undefined: there is nothing to do. */
export function responseChange({ set, add, remove, rename }: Changes): ((x: Exchange, answer: Answer) => undefined) | undefined {
  const added = [...Object.entries(set), ...Object.entries(add)].map(([name, template]) => ({ field: answerField(name), template }))
  const constants = added.filter(({ template }) => template.constant !== undefined)
  const templates = added.filter(({ template }) => template.constant === undefined)
  const renamed = Object.entries(rename).map(([from, to]) => ({ from: fieldName(from), to: answerField(to) }))
  const names = [...Object.keys(set), ...remove, ...Object.keys(rename), ...Object.values(rename)]
  const dropped = names.length === 0 ? undefined : answerNames(names)
  if (dropped === undefined && added.length === 0) return undefined
  const inserts = templates.flatMap(({ template }) => template.inserts)
  const vary = [...new Set(inserts.flatMap(({ field }) => (field === undefined ? [] : [field])))].join(', ')
  const isPersonal = inserts.some(({ personal }) => personal)
  // Reused: nothing waits between reading and writing.
  const values: (string | undefined)[] = templates.map(() => undefined)
  return (x, answer) => {
    // Read before anything is dropped: a field may be put together from its own former value.
    if (templates.length > 0) render(x, answer, templates, values)
    const moving = renamed.length === 0 ? NOTHING : renamed.map(({ from }) => answer.all(from))
    if (dropped !== undefined) answer.dropAll(dropped)
    for (let i = 0; i < constants.length; i++) answer.put(constants[i]!.field, constants[i]!.template.constant!)
    for (let i = 0; i < templates.length; i++) if (values[i] !== undefined) answer.put(templates[i]!.field, values[i]!)
    for (let i = 0; i < moving.length; i++) for (const value of moving[i]!) answer.put(renamed[i]!.to, value)
    // RFC 9111 4.1: a cache that knows only the target must not give one caller's answer to another.
    if (vary !== '') answer.put(VARY, vary)
    if (isPersonal && !isForNobody(answer.all(CACHE_CONTROL.name))) {
      answer.drop(CACHE_CONTROL.name)
      answer.put(CACHE_CONTROL, 'no-store')
    }
    return undefined
  }
}
/** With must-understand a cache may pass over no-store (RFC 9111 5.2.2.3), and what is quoted is none. */
const isForNobody = (values: readonly string[]): boolean => values.some((value) => NO_STORE.test(value)) && !values.some((value) => TAKES_BACK.test(value))
const NO_STORE = /(?:^|[\s,])no-store(?:$|[\s,])/i
const TAKES_BACK = /must-understand|"/i
const NOTHING: readonly (readonly string[])[] = []

interface Templated {
  readonly field: AnswerField
  readonly template: FieldTemplate
}
/** What would be too much is left out. */
function render(x: Exchange, answer: Answer, templates: readonly Templated[], values: (string | undefined)[]): void {
  let left = ADDED_MAX
  for (let i = 0; i < templates.length; i++) {
    const value = templates[i]!.template.render(x, answer)
    values[i] = value !== undefined && value.length <= left ? value : undefined
    left -= values[i]?.length ?? 0
  }
}
