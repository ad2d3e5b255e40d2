// Runs one hostile request against a gate and says everything that went wrong.
import { converse, cutAt, cutEvery, type Heard, type Step } from '../support/raw-client.ts'
import { believing, type Gate, type SeenMessage } from './gate.ts'
import type { HostileRequest } from './hostile-request.ts'

const after = 'GET /after HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n'

/** How the bytes are cut into segments: a rule may not depend on where the network cut. */
export const deliveries = {
  whole: (bytes) => [bytes],
  'in two segments': (bytes) => cutAt(bytes, Math.floor(bytes.length / 2)),
  'octet by octet': (bytes) => cutEvery(bytes, bytes.length > 2000 ? 997 : 1),
} satisfies Record<string, (bytes: string) => Step[]>

export interface JudgeOptions {
  /** Also hold refusals to the contract's own form, a problem document. */
  readonly strict: boolean
  /** How long to wait, in milliseconds, for a gate that leaves the connection hanging. */
  readonly patienceMs: number
}

/** Every complaint about how the gate dealt with the request; none means that it kept the guarantee. */
export async function judgeHostile(
  gate: Gate,
  each: HostileRequest,
  delivery: (bytes: string) => Step[],
  { strict, patienceMs }: JudgeOptions = { strict: true, patienceMs: 10_000 },
): Promise<string[]> {
  const late = gate.take()
  if (late.length > 0) return [`the upstream got late messages: ${describe(late)}`]
  // The next request of the pipeline, in the same segments: it may reach the upstream only if the connection is kept in good faith.
  const heard = await converse(gate.port, delivery(each.bytes + after), {
    methods: [each.bytes.slice(0, each.bytes.indexOf(' '))],
    patienceMs,
    ...believing(gate),
  })
  return [...complainOfAnswer(each, heard, strict), ...complainOfUpstream(each, heard, gate.take())]
}

function complainOfAnswer(each: HostileRequest, heard: Heard, strict: boolean): string[] {
  const complaints: string[] = []
  const [first, second] = heard.responses
  const allowed = typeof each.status === 'number' ? [each.status] : each.status
  if (first === undefined)
    return [`no answer${heard.reset ? ' (reset)' : ''}${heard.fault ? `: ${heard.fault}` : ''} ${JSON.stringify(heard.rest.toString('latin1').slice(0, 200))}`]
  if (!allowed.includes(first.status)) complaints.push(`answered ${first.status}, want ${allowed.join(' or ')}`)
  if (!heard.closed) complaints.push('the connection was left hanging')
  if (each.closes === 'must' && second !== undefined) complaints.push(`read on after the message and answered ${second.status}`)
  if (each.closes === 'may' && second !== undefined && second.status !== 200) complaints.push(`the next request was answered ${second.status}`)
  if (heard.responses.length > 2 || heard.rest.length > 0) complaints.push(`surplus answer ${JSON.stringify(heard.bytes.toString('latin1').slice(-300))}`)
  const has = (name: string): string | undefined => first.fields.find(([field]) => field.toLowerCase() === name)?.[1]
  if (each.answers !== undefined && has(each.answers) === undefined) complaints.push(`the answer lacks ${each.answers}`)
  if (strict && first.status >= 400 && has('content-type') !== 'application/problem+json')
    complaints.push(`the refusal is ${has('content-type')}, no problem document`)
  if (strict && first.status >= 400 && second === undefined && has('connection')?.toLowerCase() !== 'close') complaints.push('closes without Connection: close')
  return complaints
}

function complainOfUpstream(each: HostileRequest, heard: Heard, seen: readonly SeenMessage[]): string[] {
  const complaints: string[] = []
  const answered = heard.responses.filter(({ status }) => status >= 200 && status < 300).length
  if (seen.length > answered) complaints.push(`the upstream got ${seen.length} messages for ${answered} answers: ${describe(seen)}`)
  const first = (heard.responses[0]?.status ?? 0) < 300 ? seen[0] : undefined
  if (each.hides !== undefined) {
    const hidden = each.hides.toLowerCase()
    if (seen.some(({ raw }) => withoutChance(raw.toString('latin1')).toLowerCase().includes(hidden)))
      complaints.push(`the upstream saw ${each.hides}: ${describe(seen)}`)
  }
  if (each.body !== undefined && first !== undefined && first.body.toString('latin1') !== each.body)
    complaints.push(`the body became ${JSON.stringify(first.body.toString('latin1'))}`)
  if (seen.some(({ target }) => target === '/smuggled')) complaints.push('the smuggled request reached the upstream as a message')
  return complaints
}

/** The text without what the gateway makes up: the digits of an id or of a port may spell anything. */
export const withoutChance = (text: string): string => text.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=\r\nHost: 127\.0\.0\.1:)\d+/g, '')

const describe = (seen: readonly SeenMessage[]): string => JSON.stringify(seen.map(({ raw }) => raw.toString('latin1').slice(0, 400)))
