// Runs one hostile response of an upstream of HTTP/2 against the gateway, for a client of each HTTP, and says everything that went wrong.
import { LoadConnection } from '../support/load-client.ts'
import { converse } from '../support/raw-client.ts'
import { StreamClient } from '../support/stream-client.ts'
import { block, headers } from '../support/stream-frames.ts'
import { type StreamUpstream, whole } from '../support/stream-upstream.ts'
import type { HostileStreamResponse } from './hostile-stream-response.ts'

let nonce = 0
/** From now on the upstream answers honestly, each request with a word of its own. */
function honestly(upstream: StreamUpstream): string {
  const word = `honest ${++nonce}`
  upstream.answer = ({ stream, send }) => send(...whole(stream, word))
  return word
}
/** The first request is answered by the case, all others honestly. */
function armed(upstream: StreamUpstream, each: HostileStreamResponse): string {
  const word = honestly(upstream)
  const { answer } = upstream
  upstream.answer = (asked) => {
    upstream.answer = answer
    each.answer(asked)
  }
  return word
}

export async function judgeForHttp1(port: number, upstream: StreamUpstream, each: HostileStreamResponse): Promise<string[]> {
  const word = armed(upstream, each)
  const first = `${each.method} /case HTTP/1.1\r\nHost: api.example\r\n\r\n`
  const next = 'GET /next HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n'
  const heard = await converse(port, [first + next], { methods: [each.method], patienceMs: 10_000 })
  const complaints: string[] = []
  const [answer, after] = heard.responses
  const rest = heard.rest.toString('latin1')
  if (answer === undefined) {
    // A head that was told, and a body that can be seen to be cut.
    if (each.outcome !== 'broken' || !heard.closed || !rest.startsWith('HTTP/1.1 ')) complaints.push(`no answer: ${JSON.stringify(rest.slice(0, 200))}`)
    if (rest.endsWith('\r\n0\r\n\r\n')) complaints.push('the body looks whole')
  } else {
    const refused = answer.status === 502 || answer.status === 504
    // What is as long as was said is whole to HTTP/1.1, whatever came behind it; and a request that nobody acted upon may be asked again.
    const said = each.outcome === 'again' ? word : each.body
    const isSaid = said !== '' && answer.body.toString() === said
    if (each.outcome !== 'passes' && !refused && !isSaid && !(each.method === 'HEAD' || each.status !== 200))
      complaints.push(`answered ${answer.status} ${answer.body}, whole`)
    if (each.outcome === 'passes' && (answer.status !== each.status || answer.body.toString() !== each.body))
      complaints.push(`answered ${answer.status} ${answer.body}`)
    if (after !== undefined && after.body.toString() !== word)
      complaints.push(`the next request was answered ${after.status} ${JSON.stringify(after.body.toString())}`)
    if (after === undefined && each.outcome === 'passes') complaints.push('the next request was not answered')
  }
  if (each.hides !== undefined && heard.bytes.includes(each.hides)) complaints.push(`the client saw ${each.hides}`)
  if (heard.fault !== undefined) complaints.push(heard.fault)
  return [...complaints, ...(await complainOfNext(port, upstream))]
}

export async function judgeForStreams(port: number, upstream: StreamUpstream, each: HostileStreamResponse): Promise<string[]> {
  const again = armed(upstream, each)
  const client = await StreamClient.open(port)
  const complaints: string[] = []
  const ask = (stream: number, method: string): void =>
    client.send(
      headers(
        stream,
        block([
          [':method', method],
          [':scheme', 'http'],
          [':authority', 'api.example'],
          [':path', '/case'],
        ]),
      ),
    )
  try {
    ask(1, each.method)
    const heard = await client.answered(1, 10_000)
    const status = heard.statuses.find((one) => one >= 200)
    const refused = (status === 502 || status === 504) && heard.ended
    const broken = heard.reset !== undefined && heard.reset !== 0 && !heard.ended
    const quiet = each.method === 'HEAD' || each.status !== 200
    if (each.outcome === 'refused' && !refused) complaints.push(`${heard.statuses.join()} ended ${heard.ended} reset ${heard.reset}, want 502`)
    if (each.outcome === 'again' && !refused && heard.body.toString() !== again) complaints.push(`${heard.statuses.join()} ${heard.body}`)
    if (each.outcome === 'broken' && !refused && !broken && !(quiet && status === each.status && heard.body.length === 0))
      complaints.push(`${heard.statuses.join()} ended ${heard.ended} reset ${heard.reset} body ${heard.body}, want it broken`)
    if (each.outcome === 'passes' && (status !== each.status || heard.body.toString() !== each.body || !heard.ended))
      complaints.push(`${heard.statuses.join()} ended ${heard.ended} reset ${heard.reset} body ${heard.body}`)
    if (each.hides !== undefined && client.frames.some(({ payload }) => payload.includes(each.hides!))) complaints.push(`the client saw ${each.hides}`)
    const word = honestly(upstream)
    ask(3, 'GET')
    const next = await client.answered(3, 10_000)
    if (next.body.toString() !== word) complaints.push(`the next request was answered ${next.statuses.join()} ${next.body}`)
  } finally {
    client.destroy()
  }
  return complaints
}

async function complainOfNext(port: number, upstream: StreamUpstream): Promise<string[]> {
  const word = honestly(upstream)
  const connection = new LoadConnection(port)
  const answer = await connection.ask('GET /later HTTP/1.1\r\nHost: api.example\r\n\r\n')
  await connection.close()
  return answer?.body === word ? [] : [`a later request was answered ${answer?.status} ${answer?.body}`]
}
