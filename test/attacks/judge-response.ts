// Provokes one hostile response through a gateway and says everything that went wrong, there and for the requests that follow.
import type { HostileUpstream } from '../support/hostile-upstream.ts'
import { converse, type Heard } from '../support/raw-client.ts'
import type { HostileResponse } from './hostile-response.ts'
import { withoutChance } from './judge-hostile.ts'

const follow = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n`

/** Every complaint; none means that the client was told the truth and nobody else got the bytes. */
export async function judgeResponse(port: number, upstream: HostileUpstream, each: HostileResponse, index: number): Promise<string[]> {
  const method = each.request.slice(0, each.request.indexOf(' '))
  const complaints: string[] = []
  // The first of two requests on the client's connection; the second may be answered only with its own nonce, if the gateway keeps the connection.
  const whole = !each.request.startsWith('POST')
  const steps = [each.request.replace('TARGET', `/case/${index}`), ...(whole ? [follow(`/same/${index}`)] : [])]
  const heard = await converse(port, steps, { methods: [method], ...(whole ? {} : { responses: 1 }) })
  complaints.push(...complainOfAnswer(each, heard, whole))
  const [, second] = heard.responses
  if (second !== undefined && second.body.toString('latin1') !== `/same/${index}`)
    complaints.push(`the next request on the connection got ${JSON.stringify(second.raw.toString('latin1'))}`)
  upstream.release(index)
  if (!each.reusable && !(await upstream.gone(index, 5_000))) complaints.push('the upstream connection was kept')
  // Two at once, so that every pooled connection has its turn.
  const others = await Promise.all(['a', 'b'].map(async (name) => ({ name, got: await converse(port, [follow(`/other/${index}/${name}`)]) })))
  for (const { name, got } of others) {
    const body = got.responses[0]?.body.toString('latin1')
    if (got.responses.length !== 1 || body !== `/other/${index}/${name}`)
      complaints.push(`another request got ${JSON.stringify(got.bytes.toString('latin1').slice(0, 300))}`)
  }
  return complaints
}

function complainOfAnswer(each: HostileResponse, heard: Heard, whole: boolean): string[] {
  const complaints: string[] = []
  const [first] = heard.responses
  const shown = heard.bytes.toString('latin1')
  if (whole && !heard.closed) complaints.push('the connection was left hanging')
  if (each.hides !== undefined && withoutChance(shown).includes(each.hides)) complaints.push(`the client saw ${each.hides}`)
  if (each.outcome === 'passes') {
    if (first?.status !== each.status) complaints.push(`answered ${first?.status ?? JSON.stringify(shown.slice(0, 200))}, want ${each.status}`)
    else if (first.body.toString('latin1') !== each.body) complaints.push(`the body became ${JSON.stringify(first.body.toString('latin1').slice(0, 200))}`)
    if (heard.rest.length > 0) complaints.push(`surplus answer ${JSON.stringify(heard.rest.toString('latin1').slice(0, 200))}`)
    return complaints
  }
  if (first?.status === 502) {
    const type = first.fields.find(([name]) => name.toLowerCase() === 'content-type')?.[1]
    if (type !== 'application/problem+json') complaints.push(`the refusal is ${type}, no problem document`)
    return complaints
  }
  // A head that had gone out: the client must be able to tell that the body is not whole (RFC 9112 8).
  if (each.outcome === 'broken' && first === undefined && shown.startsWith('HTTP/1.1 200') && heard.closed) return complaints
  return [...complaints, `answered ${JSON.stringify(shown.slice(0, 300))}`]
}
