// The responses that an operation of an OpenAPI document shows by example: what a policy can answer in the upstream's place.
import { dirname } from 'node:path'
import { type DocumentReader, follow, type Place } from '../reading/reference.ts'
import { exampleValue } from './example-values.ts'

/** Plain data, as it can stand in a configuration. */
export interface ExampleAnswer {
  readonly status: number
  readonly name?: string
  readonly type?: string
  readonly json?: unknown
  readonly body?: string
}

/** Of one operation; more are left out. */
const ANSWERS_MAX = 50
const BODY_MAX = 64 * 1024
const MEDIA_TYPE = /^[A-Za-z0-9!#$&^_.+-]{1,60}\/[A-Za-z0-9!#$&^_.+-]{1,60}$/
const JSON_TYPE = /^application\/(?:[A-Za-z0-9!#$&^_.+-]+\+)?json$/i

/** Successes first, then by status; of one status as they stand there. Empty: the operation has no example, and none can be made. */
export function exampleAnswers(operation: Place, read: DocumentReader): readonly ExampleAnswer[] {
  const root = dirname(operation.document.file)
  const at = (from: Place, ...keys: readonly string[]): Place | undefined => {
    let place: Place | undefined = from
    for (const key of keys) {
      const members = place.value
      if (typeof members !== 'object' || members === null || !Object.hasOwn(members, key)) return undefined
      const next = follow({ document: place.document, path: [...place.path, key], value: (members as { [key: string]: unknown })[key] }, root, read)
      if ('code' in next) return undefined
      place = next
    }
    return place
  }
  const responses = at(operation, 'responses')
  if (responses === undefined) return []
  const codes = keysOf(responses)
  const answers: ExampleAnswer[] = []
  for (const code of codes) {
    const status = statusOf(code, codes)
    const response = status === undefined ? undefined : at(responses, code)
    if (status !== undefined && response !== undefined) answers.push(...answersOf(status, response, at, read))
  }
  const rank = ({ status }: ExampleAnswer): number => (status < 300 ? status : status + 1000)
  return answers.sort((a, b) => rank(a) - rank(b)).slice(0, ANSWERS_MAX)
}
type At = (from: Place, ...keys: readonly string[]) => Place | undefined

const keysOf = ({ value }: Place): string[] => (typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [])

/** "2XX" stands for its first; `default`, where nothing else is said, for success. Redirects are another policy's. */
function statusOf(code: string, all: readonly string[]): number | undefined {
  if (/^[245]XX$/i.test(code)) return Number(code[0]) * 100
  if (code === 'default') return all.length === 1 ? 200 : undefined
  return /^(?:2\d\d|304|[45]\d\d)$/.test(code) ? Number(code) : undefined
}

function answersOf(status: number, response: Place, at: At, read: DocumentReader): ExampleAnswer[] {
  const content = at(response, 'content')
  // RFC 9110 15.3.5, 15.3.6, 15.4.5: these have no body, whatever the document says.
  if (content === undefined || keysOf(content).length === 0 || status === 204 || status === 205 || status === 304) return [{ status }]
  const types = keysOf(content).filter((type) => MEDIA_TYPE.test(type))
  const type = types.find((each) => JSON_TYPE.test(each)) ?? types[0]
  const media = type === undefined ? undefined : at(content, type)
  if (type === undefined || media === undefined) return []
  const isJson = JSON_TYPE.test(type)
  const examples = at(media, 'examples')
  const named = (examples === undefined ? [] : keysOf(examples)).flatMap((name) => {
    const value = at(examples!, name, 'value')?.value
    return answerOf(status, type, isJson, value, name.slice(0, 100))
  })
  if (named.length > 0) return named
  const single = (media.value as { readonly example?: unknown }).example
  if (single !== undefined) return answerOf(status, type, isJson, single)
  const schema = at(media, 'schema')
  return isJson && schema !== undefined ? answerOf(status, type, isJson, exampleValue(schema, read)) : []
}

/** None when there is no value, or one that cannot be written as this type. */
function answerOf(status: number, type: string, isJson: boolean, value: unknown, name?: string): ExampleAnswer[] {
  const called = name === undefined ? {} : { name }
  if (value === undefined) return []
  if (!isJson) return typeof value === 'string' && value.length <= BODY_MAX ? [{ status, ...called, type, body: value }] : []
  if (JSON.stringify(value).length > BODY_MAX) return []
  return [{ status, ...called, ...(type.toLowerCase() !== 'application/json' && { type }), json: value }]
}
