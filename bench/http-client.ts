// The small HTTP client of the checks: one request, and waiting until a server answers.

import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { request as requestOverTls, Agent as TlsAgent } from 'node:https'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type Child, tail } from './children.ts'

export type Answer = { readonly status: number; readonly fields: IncomingHttpHeaders; readonly body: string }

export type Ask = {
  readonly method?: string
  readonly fields?: Readonly<Record<string, string>>
  readonly body?: string | null
  /** The caller's own address, another of the loopback range for a check of address lists. */
  readonly from?: string
  readonly agent?: Agent
  /** Who is believed about the server's certificate, as PEM: for https. */
  readonly authority?: string | undefined
}

/** Sends one request and gives the whole answer; rejects after 5 s of silence. */
export function ask(url: string, { method = 'GET', fields = {}, body = null, from, agent, authority }: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === null ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }
    const sent = (url.startsWith('https:') ? requestOverTls : request)(url, {
      method,
      headers: { ...fields, ...length },
      agent: agent ?? false,
      timeout: 5000,
      ...(from !== undefined && { localAddress: from }),
      ...(authority !== undefined && { ca: authority }),
    })
    sent.once('timeout', () => sent.destroy(new Error(`no answer from ${url} within 5 s`)))
    sent.once('error', reject)
    sent.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.once('error', reject)
      response.once('end', () => resolve({ status: response.statusCode ?? 0, fields: response.headers, body: text }))
    })
    sent.end(body ?? undefined)
  })
}

/** An agent that keeps one connection open, for many requests in a row. */
export function keepAliveAgent(tls = false): Agent {
  return new (tls ? TlsAgent : Agent)({ keepAlive: true, maxSockets: 1 })
}

/** Waits until anything answers HTTP at the address, with any status; rejects with the process's log when it ends or takes too long. */
export async function waitUntilAnswers(
  url: string,
  child: Child,
  { accepted = () => true, authority }: { accepted?: (status: number) => boolean; authority?: string | undefined } = {},
): Promise<void> {
  const secondsMax = 30
  const last = performance.now() + secondsMax * 1000
  for (;;) {
    try {
      if (accepted((await ask(url, { authority })).status)) return
    } catch {
      // Not listening yet.
    }
    if (child.hasEnded()) throw new Error(`${child.name} ended before it served:\n${tail(child.logFile)}`)
    if (performance.now() > last) throw new Error(`${child.name} did not serve ${url} within ${secondsMax} s:\n${tail(child.logFile)}`)
    await delay(20)
  }
}

/** A port of the loopback address that is free now. Another process could take it before it is used; the row then fails and says so. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port was given'))))
    })
  })
}
