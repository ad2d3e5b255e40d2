// Pairs of documents that differ in one thing, as data: what is found going there, and what going back.

/** `SEVERITY RULE`, worst first. */
export type Expected = readonly string[]
export interface Pair {
  readonly title: string
  readonly old: object
  readonly new: object
  readonly there: Expected
  readonly back: Expected
}

/** An OpenAPI document around one operation. */
export function document(
  operation: object,
  more: { readonly root?: object; readonly path?: string; readonly method?: string; readonly item?: object } = {},
): object {
  const { root = {}, path = '/books/{id}', method = 'post', item = {} } = more
  return {
    openapi: '3.1.0',
    info: { title: 'Books', version: '1' },
    paths: { [path]: { ...item, [method]: { responses: { 200: { description: 'Fine.' } }, ...operation } } },
    ...root,
  }
}
const json = (schema: unknown): object => ({ 'application/json': { schema } })
export const asRequest = (schema: unknown, root: object = {}): object => document({ requestBody: { required: true, content: json(schema) } }, { root })
export const asResponse = (schema: unknown, root: object = {}): object =>
  document({ responses: { 200: { description: 'Fine.', content: json(schema) } } }, { root })

/** A pair of schemas, the second of which admits less: a kind of difference, judged in all four ways. */
export type SchemaRow = readonly [title: string, wide: unknown, narrow: unknown, kind: string, exceptions?: Readonly<Record<string, string>>]

/** Requests may only widen, responses only narrow. */
export function schemaPairs([title, wide, narrow, kind, exceptions = {}]: SchemaRow): Pair[] {
  const judged = (direction: string, effect: string): Expected => {
    const general = (direction === 'request') === (effect === 'widened') ? 'compatible' : 'breaking'
    const severity = exceptions[`${direction}-${effect}`] ?? general
    return severity === 'nothing' ? [] : [`${severity} ${direction}-${kind}-${effect}`]
  }
  return [
    {
      title: `${title}, in a request`,
      old: asRequest(wide),
      new: asRequest(narrow),
      there: judged('request', 'narrowed'),
      back: judged('request', 'widened'),
    },
    {
      title: `${title}, in a response`,
      old: asResponse(wide),
      new: asResponse(narrow),
      there: judged('response', 'narrowed'),
      back: judged('response', 'widened'),
    },
  ]
}
