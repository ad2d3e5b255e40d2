// The connection of the typed client: whatever comes back, its caller learns what may have been done.
import assert from 'node:assert/strict'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { Connection, NotReached, Refusal } from '../../src/client/connection.ts'

let server: Server
let answer: (response: ServerResponse) => void
let url: string
before(async () => {
  server = createServer((_request, response) => answer(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})
const call = (timeoutMs = 30_000) => new Connection({ url, token: 'x', timeoutMs }).call('POST', '/catalog/apply', { body: {} })

test('an answer that breaks off, or does not come in time, says that what was asked may have been done', async () => {
  const json = { 'content-type': 'application/json' }
  const cut: ((response: ServerResponse) => void)[] = [
    (response) => response.destroy(),
    (response) => void response.writeHead(200, { ...json, 'content-length': '100' }).write('{"number":', () => response.destroy()),
    (response) => response.writeHead(200, json).end('{"number":'),
  ]
  for (const each of cut) {
    answer = each
    await assert.rejects(call(), (cause) => cause instanceof NotReached && /look before you repeat/.test(cause.message))
  }
  answer = () => {}
  await assert.rejects(call(20), (cause) => cause instanceof NotReached && /look before you repeat/.test(cause.message))
})

test('where nobody listens nothing was done', async () => {
  const nowhere = new Connection({ url: 'http://127.0.0.1:1', token: 'x' })
  await assert.rejects(nowhere.call('GET', '/system', {}), (cause) => cause instanceof NotReached && /no Gatehouse answers/.test(cause.message))
})

test('a refusal that is no problem document is a refusal all the same', async () => {
  for (const body of ['null', '"no"', '[]', 'no', '']) {
    answer = (response) => response.writeHead(502, { 'content-type': 'application/problem+json' }).end(body)
    await assert.rejects(call(), (cause) => cause instanceof Refusal && cause.status === 502 && cause.code === 'unknown')
  }
})

test('an answer without content has none', async () => {
  answer = (response) => response.writeHead(204, { etag: '"a"' }).end()
  assert.deepEqual(await call(), { value: undefined, etag: 'a' })
})
