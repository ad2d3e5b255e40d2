// Runs a case through the policy harness: the real codec, the real chain, an upstream as data, and a clock that is moved by hand.
import { run } from '../../src/pipeline/chain.ts'
import { Harness } from '../../src/pipeline/harness.ts'
import { responseCache } from '../../src/policies/response-cache/policy.ts'
import { type Answering, type Asking, FIRST, type Headers, type Row, SECOND, type Source } from './case.ts'

export interface Seen {
  readonly source: Source
  readonly status: number
  readonly body: string
  readonly fields: ReadonlyMap<string, string>
  /** What the upstream got; undefined: it was not asked. */
  readonly forwarded: ReadonlyMap<string, string> | undefined
}

/** `@-60` as the date sixty seconds before `nowMs`. */
export const dated = (value: string, nowMs: number): string =>
  /^@-?[0-9]+$/.test(value) ? new Date(Math.floor(nowMs / 1000) * 1000 + Number(value.slice(1)) * 1000).toUTCString() : value
export function datedHeaders(headers: Headers, nowMs: number): Record<string, string | readonly string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? dated(value, nowMs) : value.map((each) => dated(each, nowMs))]),
  )
}
export const flattened = (headers: Headers): Map<string, string> =>
  new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), typeof value === 'string' ? value : value.join(', ')]))

/** What an upstream that keeps to RFC 9110 13 answers to these conditions. */
export function conditional(answer: Answering, asked: ReadonlyMap<string, string>): Answering {
  const own = flattened(answer.headers ?? {})
  const tag = asked.get('if-none-match')
  const since = asked.get('if-modified-since')
  const isSame = tag !== undefined ? tag === own.get('etag') : since !== undefined && since === own.get('last-modified')
  if (!isSame || (answer.status ?? 200) !== 200) return answer
  const { 'Content-Type': _, ...headers } = answer.headers ?? {}
  return { status: 304, headers, body: '' }
}

export class HarnessWorld {
  readonly harness: Harness
  readonly startMs: number

  constructor(config: Readonly<Record<string, unknown>> = {}) {
    this.harness = new Harness([{ policy: responseCache, config }])
    this.startMs = this.harness.clock.nowUs() / 1000
  }
  async send(asking: Asking, answer: Answering | 'down'): Promise<Seen> {
    const { harness, startMs } = this
    const x = harness.exchange({ ...asking, headers: datedHeaders(asking.headers ?? {}, startMs) })
    const verdict = await run(harness.chain, x, harness.tally)
    const { answering } = harness.chain
    try {
      if (verdict !== undefined) {
        const text = verdict.kind === 'reply' && x.method !== 'HEAD' ? Buffer.from(verdict.body ?? '').toString() : ''
        const lines = verdict.kind === 'reply' ? (verdict.lines ?? '') : ''
        return {
          source: verdict.kind === 'reply' ? 'store' : 'refused',
          status: verdict.status,
          body: text,
          fields: new Map([...fieldsIn(lines), ...verdict.fields.map(([name, value]) => [name.toLowerCase(), value] as const)]),
          forwarded: undefined,
        }
      }
      const sent: [string, string][] = []
      for (let i = 0; i < x.head.fieldCount; i++) if (!x.head.isDropped(i)) sent.push([x.head.name(i).toLowerCase(), x.head.value(i)])
      const forwarded = new Map([...sent, ...fieldsIn(x.upstreamFields)])
      if (answer === 'down') {
        const reply = answering!.failed(x, 'upstream.unreachable', harness.tally)
        const told =
          reply === undefined
            ? { source: 'upstream' as const, status: 502, body: '', lines: '' }
            : { source: 'instead' as const, status: reply.status, body: Buffer.from(reply.body ?? '').toString(), lines: reply.lines ?? '' }
        return { ...told, fields: fieldsIn(told.lines), forwarded }
      }
      const meant = conditional({ ...answer, headers: datedHeaders(answer.headers ?? {}, startMs) }, forwarded)
      const isEmpty = meant.status === 204 || meant.status === 304
      const outcome = await harness.answer(x, {
        status: meant.status ?? 200,
        headers: meant.headers ?? {},
        body: isEmpty || x.method === 'HEAD' ? '' : (meant.body ?? FIRST),
      })
      const body = outcome.body.toString()
      const isFromStore = outcome.fields.has('age') && body !== (meant.body ?? FIRST)
      const source = !isFromStore ? 'upstream' : meant.status === 304 ? 'validated' : 'instead'
      return { source, status: outcome.status, body, fields: outcome.fields, forwarded }
    } finally {
      answering!.over(x)
    }
  }
}
function fieldsIn(lines: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of lines.split('\r\n').slice(0, -1)) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    const value = line.slice(line.indexOf(':') + 2)
    found.set(name, found.has(name) ? `${found.get(name)}, ${value}` : value)
  }
  return found
}

/** What the second client of a case sees. */
export async function played(
  [, , headers, later, , options = {}]: Row,
  world: { send(asking: Asking, answer: Answering | 'down'): Promise<Seen>; wait(seconds: number): Promise<void> | void },
): Promise<Seen> {
  const first: Answering = { headers, ...(options.status !== undefined && { status: options.status }), body: FIRST }
  const second = options.second ?? { ...(options.first?.method === undefined ? options.first : undefined) }
  await world.send(options.first ?? {}, first)
  for (const { answer = first, ...asking } of options.between ?? []) await world.send(asking, answer)
  await world.wait(later)
  const answer = options.next === 'down' ? 'down' : { ...first, body: SECOND, ...options.next }
  return world.send(options.first?.path !== undefined && options.second?.path === undefined ? { path: options.first.path, ...options.second } : second, answer)
}
