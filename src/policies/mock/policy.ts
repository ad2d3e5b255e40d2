// mock: answers in the upstream's place, from the examples of the OpenAPI document or as written, and makes faults on purpose.
import { boolean, checked, duration, type Infer, integer, list, object, oneOf, optional, type Schema, string } from '../../base/schema.ts'
import { definePolicy, type Refusal, type Verdict } from '../../pipeline/contract.ts'
import type { Timer } from '../../pipeline/deadline.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { chooser } from './answers.ts'

/** Characters of one answer's body. */
const BODY_MAX = 64 * 1024
/** Below the time that a hook may take, or the delay would be a broken policy. */
const DELAY_MAX_MS = 4000
/** Requests that wait on one gateway thread at a time: each holds its memory and its connection. */
const WAITING_MAX = 200

/** Whatever JSON can hold. */
const anyValue: Schema<unknown> = {
  json: { description: 'What is answered as JSON.' },
  fits: () => true,
  read(value, path, faults) {
    const text = JSON.stringify(value)
    if (text === undefined || text.length > BODY_MAX)
      faults.push({ code: 'too-long', path, message: `'json' must be a value of at most ${BODY_MAX} characters as JSON` })
    return value
  },
}

const answer = checked(
  object(
    {
      status: optional(integer({ min: 200, max: 599, describe: 'The status.' }), 200),
      name: optional(string({ maxLength: 100, describe: 'What `Prefer: example=NAME` finds it by.' })),
      type: optional(
        string({
          pattern: /^[A-Za-z0-9!#$&^_.+-]{1,60}\/[A-Za-z0-9!#$&^_.+-]{1,60}(?:; ?[A-Za-z0-9-]{1,30}=[A-Za-z0-9._-]{1,60})?$/,
          means: 'a media type such as text/plain; charset=utf-8',
          describe: 'Content-Type. Left out: application/json with `json`, text/plain with `body`.',
        }),
      ),
      json: optional(anyValue),
      body: optional(string({ maxLength: BODY_MAX, describe: 'What is answered, as text.' })),
    },
    'One answer.',
  ),
  ({ status, type, json, body }) => {
    if (json !== undefined && body !== undefined) return { code: 'contradiction', message: "an answer has 'json' or 'body', not both" }
    const isEmpty = json === undefined && body === undefined
    // RFC 9110 15.3.5, 15.3.6, 15.4.5.
    if (!isEmpty && (status === 204 || status === 205 || status === 304)) return { code: 'contradiction', message: `a ${status} has no body` }
    if (isEmpty && type !== undefined) return { code: 'contradiction', message: "'type' says what a body is, and there is none" }
    if (status >= 300 && status < 400 && status !== 304) return { code: 'contradiction', message: 'the policy `redirect` sends clients elsewhere' }
    return undefined
  },
)

const config = object({
  from: optional(oneOf(['openapi'], 'Answers are the examples of each operation in the OpenAPI document, or made from its schemas.')),
  answers: optional(list(answer, { min: 1, max: 100, describe: 'Answers as written; the first is the usual one.' })),
  status: optional(integer({ min: 200, max: 599, describe: 'Which of the answers is the usual one. Left out: the first success.' })),
  example: optional(string({ maxLength: 100, describe: 'Which of them by its name.' })),
  prefer: optional(boolean('Callers may choose among the answers: `Prefer: code=404, example=NAME` (RFC 7240).'), false),
  fault: optional(
    object(
      {
        percent: integer({ min: 1, max: 100, describe: 'How many of a hundred requests.' }),
        status: optional(integer({ min: 400, max: 599, describe: 'They are answered with this status. Left out: they only wait.' })),
        delay: optional(duration({ minMs: 1, maxMs: DELAY_MAX_MS, describe: 'They wait for so long first.' })),
      },
      'Faults on purpose, in so many of a hundred requests.',
    ),
  ),
})
type Config = Infer<typeof config>

export const mock = definePolicy<Config, 'chance' | 'timer', 'fault' | 'busy' | 'nothing'>({
  name: 'mock',
  stage: 'shape',
  summary: 'Answers in the upstream’s place, from the examples of the OpenAPI document or as written, and makes faults on purpose.',
  when: 'While an upstream is not there yet, and to see how clients bear faults. All other policies hold: keys, limits and checks are tried out as they will be. With `fault` alone, requests that are spared go to the upstream.',
  config,
  uses: ['chance', 'timer'],
  denials: {
    fault: {
      status: 503,
      says: 'This fault was made on purpose.',
      ref: 'RFC 9110 15.6.4',
      mend: 'The operator makes some requests fail to see how clients bear it: `mock.fault`. The status may be another. Try again.',
    },
    busy: {
      status: 503,
      says: 'Too many requests wait on purpose.',
      ref: 'OWASP API4:2023',
      mend: 'More requests would wait for `mock.fault.delay` than a gateway thread holds. Try again shortly.',
    },
    nothing: {
      status: 503,
      says: 'There is no example for this operation.',
      ref: 'RFC 9110 15.6.4',
      mend: 'The operator put examples in the upstream’s place, and this request belongs to no operation of the OpenAPI document.',
    },
  },
  examples: [
    {
      title: 'An answer as written',
      config: { answers: [{ json: { title: 'Persuasion' } }, { status: 404, name: 'unknown', json: { message: 'no such book' } }], prefer: true },
      send: { headers: { Prefer: 'code=404' } },
      expect: { status: 404 },
    },
    { title: 'Every request fails', config: { fault: { percent: 100, status: 502 } }, send: {}, expect: { status: 502, code: 'mock.fault' } },
    { title: 'Without a document there are no examples', config: { from: 'openapi' }, send: {}, expect: { status: 503, code: 'mock.nothing' } },
  ],
  related: ['redirect'],
  single: true,
  wantsExamples: ({ from }) => from === 'openapi',
  faults({ from, answers, status, example, prefer, fault }) {
    const faults: { code: string; message: string }[] = []
    if (from === undefined && answers === undefined && fault === undefined)
      faults.push({ code: 'empty', message: "mock needs 'from', 'answers' or 'fault': it answers nothing that nobody asked it to" })
    if (from === undefined && answers === undefined && (status !== undefined || example !== undefined || prefer))
      faults.push({ code: 'contradiction', message: "'status', 'example' and 'prefer' choose among answers, and there are none" })
    if (answers !== undefined && !answers.some((each) => (status ?? each.status) === each.status && (example ?? each.name) === each.name))
      faults.push({ code: 'unknown-value', message: `no answer has ${[status, example].filter((wanted) => wanted !== undefined).join(' and ')}` })
    if (fault && fault.status === undefined && fault.delay === undefined)
      faults.push({ code: 'empty', message: "'fault' needs 'status' or 'delay': else nothing would come of it" })
    return faults
  },
  notices: ({ from, answers }) =>
    from === undefined && answers === undefined
      ? [{ code: 'faults-on-purpose', message: '`mock` makes requests fail or wait on purpose: take it out before callers rely on this API' }]
      : [{ code: 'answers-mocked', message: 'no request reaches the upstream: `mock` answers in its place' }],
  compile({ from, answers, status, example, prefer, fault }, { chance, timer, deny }) {
    const choose = answers === undefined ? undefined : chooser(answers, status, example, prefer)
    const nothing = from === undefined ? undefined : deny('nothing')
    const usual = (x: Exchange): Verdict => (choose === undefined ? nothing : choose(x))
    if (fault === undefined) return { request: usual }
    const { percent, delay } = fault
    const failure: Refusal | undefined = fault.status === undefined ? undefined : { ...deny('fault'), status: fault.status }
    const busy = deny('busy')
    return {
      request(x) {
        if (chance() * 100 >= percent) return usual(x)
        const verdict = failure ?? usual(x)
        if (delay === undefined) return verdict
        return waiting >= WAITING_MAX ? busy : after(delay, timer, verdict)
      },
    }
  },
})

/** Of this gateway thread, whatever they wait before. */
let waiting = 0
function after(delayMs: number, timer: Timer, verdict: Verdict): Promise<Verdict> {
  waiting++
  return new Promise((resolve) => {
    timer.after(delayMs, () => {
      waiting--
      resolve(verdict)
    })
  })
}
