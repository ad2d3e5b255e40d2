// Runs one honest request against a gate and says everything that went wrong.
import { converse } from '../support/raw-client.ts'
import { carriesTarget } from '../support/target-oracle.ts'
import { believing, type Gate, type SeenMessage } from './gate.ts'
import type { ExpectedMessage, HonestRequest } from './honest-request.ts'

const after: ExpectedMessage = { method: 'GET', target: '/after', body: '', fields: [] }
const afterBytes = 'GET /after HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n'

/** Every complaint about how the gate served the request; none means that it came through as written and the connection lasted as long as it should. */
export async function judgeHonest(gate: Gate, each: HonestRequest, patienceMs = 10_000): Promise<string[]> {
  const late = gate.take()
  if (late.length > 0) return [`the upstream got ${late.length} late messages`]
  const heard = await converse(gate.port, each.keeps ? [...each.steps, afterBytes] : each.steps, {
    methods: each.messages.map(({ method }) => method),
    patienceMs,
    ...believing(gate),
  })
  const seen = gate.take()
  const expected = each.keeps ? [...each.messages, after] : each.messages
  const complaints: string[] = []
  const statuses = heard.responses.map(({ status }) => status)
  if (statuses.length !== expected.length || statuses.some((status) => status !== 200)) {
    complaints.push(`answered ${statuses.join(', ') || 'nothing'}, want ${expected.length} times 200: ${heard.bytes.toString('latin1').slice(0, 300)}`)
  }
  // RFC 9110 15.2: no 1xx to HTTP/1.0, and none here unless the client asked for it.
  const first = typeof each.steps[0] === 'object' && 'awaits' in each.steps[0] ? '' : String(each.steps[0])
  if (heard.interim.some(({ status }) => status !== 100) || (heard.interim.length > 0 && (!/Expect:/.test(first) || / HTTP\/1\.0\r/.test(first)))) {
    complaints.push(`got the interim answer ${heard.interim[0]?.start}`)
  }
  if (!heard.closed) complaints.push('the connection was left hanging')
  if (heard.rest.length > 0) complaints.push(`surplus answer: ${heard.fault ?? heard.rest.toString('latin1').slice(0, 200)}`)
  if (seen.length !== expected.length) complaints.push(`the upstream got ${seen.length} messages, want ${expected.length}`)
  else for (const [index, message] of seen.entries()) complaints.push(...compare(message, expected[index]!))
  return complaints
}

function compare(seen: SeenMessage, expected: ExpectedMessage): string[] {
  const complaints: string[] = []
  if (seen.method !== expected.method) complaints.push(`the method became ${seen.method}`)
  if (!carriesTarget(seen.target, expected.target)) complaints.push(`the target ${expected.target} became ${seen.target}`)
  const body = seen.body.toString('latin1')
  if (body !== expected.body) complaints.push(`the body became ${JSON.stringify(body.slice(0, 200))}`)
  for (const name of new Set(expected.fields.map(([each]) => each.toLowerCase()))) {
    const of = (fields: readonly (readonly [string, string])[]): string =>
      JSON.stringify(fields.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value))
    if (of(seen.fields) !== of(expected.fields)) complaints.push(`${name} became ${of(seen.fields)}, want ${of(expected.fields)}`)
  }
  return complaints
}
