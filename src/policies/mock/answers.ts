// The answers of `mock`, made at load, and which of them a request gets.
import { fieldName } from '../../http/field-names.ts'
import type { Reply, ResponseField } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'

export interface Answer {
  readonly status: number
  readonly name?: string | undefined
  readonly type?: string | undefined
  readonly json?: unknown
  readonly body?: string | undefined
}

const PREFER = fieldName('prefer')
/** RFC 7240 2: what we know of it. */
const PREFERENCE = /^(code|example)[ \t]*=[ \t]*(?:"([\w.:-]{1,100})"|([\w.:-]{1,100}))$/i

interface Prepared extends Answer {
  readonly reply: Reply
}

/** `status`, `example`: the usual one; there is such an answer. `prefer`: a request may choose another. */
export function chooser(answers: readonly Answer[], status: number | undefined, example: string | undefined, prefer: boolean): (x: Exchange) => Reply {
  const all = answers.map((answer): Prepared => ({ ...answer, reply: replyOf(answer, prefer) }))
  const usual = find(all, status, example)!
  if (!prefer) return () => usual.reply
  return ({ head }) => {
    const at = head.find(PREFER)
    if (at < 0) return usual.reply
    // A list of several lines is one list (RFC 9110 5.3); the first is enough here: a preference may be passed over (RFC 7240 2).
    const { code, name } = preferenceOf(head.value(at))
    return (find(all, code, name) ?? usual).reply
  }
}

const find = (all: readonly Prepared[], status: number | undefined, name: string | undefined): Prepared | undefined =>
  all.find((answer) => (status ?? answer.status) === answer.status && (name ?? answer.name) === answer.name)

function preferenceOf(value: string): { readonly code: number | undefined; readonly name: string | undefined } {
  let code: number | undefined
  let name: string | undefined
  for (const part of value.slice(0, 1000).split(',')) {
    const found = PREFERENCE.exec(part.trim())
    if (found === null) continue
    const said = found[2] ?? found[3]!
    if (found[1]!.toLowerCase() === 'example') name ??= said
    else code ??= /^[2-5]\d\d$/.test(said) ? Number(said) : undefined
  }
  return { code, name }
}

function replyOf({ status, type, json, body }: Answer, prefer: boolean): Reply {
  const text = json === undefined ? body : JSON.stringify(json)
  const fields: ResponseField[] = []
  if (text !== undefined) fields.push(['Content-Type', type ?? (json === undefined ? 'text/plain; charset=utf-8' : 'application/json')])
  // RFC 7240 2: what is chosen by a field is not the same for everyone.
  if (prefer) fields.push(['Vary', 'Prefer'])
  return { kind: 'reply', status, fields, ...(text !== undefined && { body: text }) }
}
