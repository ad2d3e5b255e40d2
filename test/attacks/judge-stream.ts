// Runs one hostile connection of HTTP/2 against a gate and says everything that went wrong.
import { type HeardStream, StreamClient } from '../support/stream-client.ts'
import { TYPE } from '../support/stream-frames.ts'
import { believing, type Gate, type SeenMessage } from './gate.ts'
import { asks, type HostileStream, withField } from './hostile-stream.ts'
import { withoutChance } from './judge-hostile.ts'

/** The stream on which the next request comes: behind all that the tables use. */
const AFTER = 999
const after = asks(withField(':path', '/after'), AFTER)

export interface JudgeOptions {
  /** Also hold refusals to the contract's own form, a problem document. */
  readonly strict: boolean
  /** How long to wait, in milliseconds, for a gate that leaves the connection hanging. */
  readonly patienceMs: number
}

/** Every complaint about how the gate dealt with the connection; none means that it kept the guarantee. */
export async function judgeStream(
  gate: Gate,
  each: HostileStream,
  { strict, patienceMs }: JudgeOptions = { strict: true, patienceMs: 10_000 },
): Promise<string[]> {
  // An honest request of a connection that ended may still be on its way.
  const late = gate.take().filter(({ target }) => target !== '/honest')
  if (late.length > 0) return [`the upstream got late messages: ${describe(late)}`]
  const client = await StreamClient.open(gate.port, { ...believing(gate), ...(each.greeting ? { greeting: each.greeting } : {}) })
  try {
    // What is hostile comes once the greetings are over.
    if (each.greeting === undefined) await client.until(() => client.count(TYPE.settings) >= 2, patienceMs)
    client.send(...each.frames)
    const complaints = await complainOfAnswer(client, each, strict, patienceMs)
    if (!('goaway' in each.outcome) && !('closed' in each.outcome)) {
      client.send(after)
      const { statuses } = await client.answered(AFTER, patienceMs)
      if (statuses.at(-1) !== 200) complaints.push(`the next request of the connection was answered ${statuses.join()} (goaway ${client.goaway})`)
    }
    return [...complaints, ...complainOfUpstream(each, gate.take())]
  } finally {
    client.destroy()
  }
}

async function complainOfAnswer(client: StreamClient, each: HostileStream, strict: boolean, patienceMs: number): Promise<string[]> {
  const { outcome } = each
  if ('closed' in outcome) return (await client.untilClosed(patienceMs)) ? [] : ['the connection was left open']
  if ('goaway' in outcome) {
    const closed = await client.untilClosed(patienceMs)
    const complaints = closed ? [] : ['the connection was left open']
    if (client.goaway === undefined || !outcome.goaway.includes(client.goaway)) complaints.push(`GOAWAY ${client.goaway}, want ${outcome.goaway.join(' or ')}`)
    return complaints
  }
  if ('ignored' in outcome) return []
  const heard = await client.answered(each.stream, patienceMs)
  const seen = told(heard, client)
  if ('reset' in outcome) {
    const complaints = heard.reset !== undefined && outcome.reset.includes(heard.reset) ? [] : [`${seen}, want a reset with ${outcome.reset.join(' or ')}`]
    if (heard.statuses.some((status) => status < 400 && status >= 200)) complaints.push(`answered ${heard.statuses.join()} before`)
    return complaints
  }
  const status = heard.statuses.find((one) => one >= 200)
  const wanted = 'passes' in outcome ? [outcome.passes] : outcome.status
  if (status === undefined || !wanted.includes(status)) return [`${seen}, want ${wanted.join(' or ')}`]
  if (strict && status >= 400 && !/"code":"[a-z.-]+"/.test(heard.body.toString())) return ['the refusal is no problem document']
  return []
}

function complainOfUpstream(each: HostileStream, seen: readonly SeenMessage[]): string[] {
  const complaints: string[] = []
  const may = new Set(['/after', '/honest', each.besides, 'passes' in each.outcome ? '/hostile' : undefined])
  const wrong = seen.filter(({ target }) => !may.has(target))
  if (wrong.length > 0) complaints.push(`the upstream got ${describe(wrong)}`)
  if (seen.some(({ target }) => target === '/smuggled')) complaints.push('the smuggled request reached the upstream as a message')
  if (each.hides !== undefined) {
    const hidden = each.hides.toLowerCase()
    if (seen.some(({ raw }) => withoutChance(raw.toString('latin1')).toLowerCase().includes(hidden)))
      complaints.push(`the upstream saw ${each.hides}: ${describe(seen)}`)
  }
  return complaints
}

const told = ({ statuses, reset, ended }: HeardStream, client: StreamClient): string =>
  `answered ${statuses.join() || 'nothing'}${ended ? '' : ', not ended'}${reset === undefined ? '' : `, reset ${reset}`}${client.goaway === undefined ? '' : `, goaway ${client.goaway}`}`
const describe = (seen: readonly SeenMessage[]): string => JSON.stringify(seen.map(({ raw }) => raw.toString('latin1').slice(0, 400)))
