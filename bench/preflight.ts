// Before a proxy is measured: proves that it does all of the work, so that no row is fast because it does less.

import { readFileSync } from 'node:fs'
import type { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { type Answer, ask, keepAliveAgent } from './http-client.ts'
import { readMetrics } from './metrics.ts'
import type { Running } from './proxy-server.ts'
import { echoField } from './upstream.ts'
import { type Call, deniedAddress, oneKilobyte, type Work } from './work.ts'
import { fieldsOf } from './wrk.ts'

/** Fields that every proxy must add on the way to the upstream, and what their value must look like. */
const addedFields = (scheme: 'http' | 'https'): Readonly<Record<string, RegExp>> => ({
  forwarded: new RegExp(`for="?127\\.0\\.0\\.1.*proto=${scheme}(?:;|$)|proto=${scheme};.*for="?127\\.0\\.0\\.1`),
  'x-forwarded-for': /^127\.0\.0\.1$/,
  'x-forwarded-proto': new RegExp(`^${scheme}$`),
  'x-forwarded-host': /^127\.0\.0\.1/,
  via: /1\.1 /,
  'x-request-id': /^.{16,}$/,
})

/** Rejects with the first thing that the proxy does not do. */
export async function checkWork(running: Running, work: Work): Promise<void> {
  const agent = keepAliveAgent(work.tls !== undefined)
  try {
    for (const call of work.calls) await checkCall(running, call, agent)
    const first = work.calls[0]!
    await checkUnknownPath(running, work, first, agent)
    if (work.keys.length > 0) await checkKeys(running, first, agent)
    if (work.deny.length > 0) expectStatus('a call from a denied address', await send(running, first, { from: deniedAddress }), 403)
    if (running.accessLog !== null) await checkAccessLog(running.accessLog, first)
    if (running.control !== null) await readMetrics(running.control)
  } finally {
    agent.destroy()
  }
}

/** Rejects unless a limit of a few requests lets some through and refuses others with 429. The work must have such a limit. */
export async function checkLimit(running: Running, work: Work): Promise<void> {
  const agent = keepAliveAgent()
  try {
    const seen = new Set<number>()
    for (let sent = 0; sent < 6 * (work.limit?.requests ?? 0); sent++) seen.add((await send(running, work.calls[0]!, { agent })).status)
    if (!seen.has(200) || !seen.has(429) || seen.size > 2) throw new Error(`a low limit should give 200 and then 429, it gave ${[...seen].join(', ')}`)
  } finally {
    agent.destroy()
  }
}

async function checkCall(running: Running, call: Call, agent: Agent): Promise<void> {
  const what = `${call.method} ${call.prefix}${call.path}`
  const plain = await send(running, call, { agent })
  expectStatus(what, plain, 200)
  if (plain.body !== oneKilobyte) throw new Error(`${what} brought ${plain.body.length} octets that the upstream did not send`)
  const echo = await send(running, call, { agent, fields: { [echoField]: '1' } })
  expectStatus(what, echo, 200)
  const arrived = Object.fromEntries(echo.body.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]))
  for (const [name, pattern] of Object.entries(addedFields(running.authority === undefined ? 'http' : 'https'))) {
    if (!pattern.test(arrived[name] ?? '')) throw new Error(`${what} reached the upstream with ${name}: ${JSON.stringify(arrived[name])}`)
  }
  const id = echo.fields['x-request-id']
  if (id !== arrived['x-request-id']) throw new Error(`${what} answered with X-Request-Id ${id}, upstream saw ${arrived['x-request-id']}`)
  if (arrived['target'] !== call.path) throw new Error(`${what} reached the upstream as ${arrived['target']}`)
  if (call.body !== null && arrived['content-length'] !== String(call.body.length)) {
    throw new Error(`${what} reached the upstream with a body of ${arrived['content-length']} octets`)
  }
}

/** Below a prefix all paths are routed, so the unknown one lies beside it; with templates it lies below. */
async function checkUnknownPath(running: Running, work: Work, call: Call, agent: Agent): Promise<void> {
  const templated = work.routes.find((route) => route.templates !== null)
  const unknown = templated === undefined ? { ...call, prefix: '/nowhere', path: '/' } : { ...call, prefix: templated.prefix, path: '/nowhere/at/all' }
  expectStatus(`${unknown.prefix}${unknown.path}, which is not routed,`, await send(running, unknown, { agent }), 404)
}

async function checkKeys(running: Running, call: Call, agent: Agent): Promise<void> {
  expectStatus('a call without a key', await send(running, { ...call, key: null }, { agent }), 401)
  const wrong = { ...call, key: { consumer: '', secret: `${call.key?.secret.slice(1)}x` } }
  expectStatus('a call with a wrong key', await send(running, wrong, { agent }), 401)
}

/** Buffered logs take their time: looked at for up to 10 s. */
async function checkAccessLog(file: string, call: Call): Promise<void> {
  const last = performance.now() + 10_000
  for (;;) {
    const lines = linesOf(file).filter((line) => line.includes(call.path))
    if (lines.length > 0) {
      for (const line of lines) JSON.parse(line)
      return
    }
    if (performance.now() > last) throw new Error('the access log holds no line of the calls')
    await delay(100)
  }
}

/** Complete lines only: the last one may still be on its way. */
function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}

function send(running: Running, call: Call, more: { agent?: Agent; from?: string; fields?: Record<string, string> }): Promise<Answer> {
  const { fields, ...rest } = more
  return ask(running.origin + call.prefix + call.path, {
    method: call.method,
    body: call.body,
    fields: { ...fieldsOf(call), ...fields },
    authority: running.authority,
    ...rest,
  })
}

function expectStatus(what: string, answer: Answer, wanted: number): void {
  if (answer.status !== wanted) throw new Error(`${what} got ${answer.status} and should get ${wanted}: ${answer.body.slice(0, 300)}`)
}
