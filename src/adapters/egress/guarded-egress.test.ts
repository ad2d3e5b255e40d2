// The way out reaches what it judged and nothing else, trusts nobody's word on size, time or place, and says little.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { authority, certificate, key } from '../../../test/support/certificates.ts'
import { EgressFailed, EgressRefused, type OutboundRequest } from '../../ports/egress.ts'
import { type EgressOptions, guardedEgress } from './guarded-egress.ts'

const closing: (() => void)[] = []
after(() => {
  for (const close of closing) close()
})
async function listening(server: ReturnType<typeof createTcpServer>): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}
const web = (listener: RequestListener): Promise<number> => listening(createServer(listener))
const secureWeb = (listener: RequestListener): Promise<number> => listening(createSecureServer({ cert: certificate, key }, listener))
/** Answers every connection with these octets, whatever it asks. */
const raw = (answer: (socket: Socket) => void): Promise<number> => listening(createTcpServer((socket) => void socket.once('data', () => answer(socket))))

/** Names as the tests will have them; all else does not exist. */
const names: Record<string, readonly string[]> = {
  'hooks.example': ['127.0.0.1'],
  'other.example': ['127.0.0.1'],
  'inside.example': ['10.0.0.7'],
  'mixed.example': ['127.0.0.1', '10.0.0.7'],
  'metadata.example': ['169.254.169.254'],
  'dead.example': ['127.0.0.1'],
}
const asked: string[] = []
const resolve = async (name: string): Promise<readonly string[]> => {
  asked.push(name)
  const found = names[name]
  if (!found) throw Object.assign(new Error(`no ${name}`), { code: 'ENOTFOUND' })
  return found
}
const egressOf = (options: Partial<EgressOptions> = {}) => guardedEgress({ allowPrivate: ['127.0.0.1'], own: () => [], resolve, ...options })
const egress = egressOf()
const get = (url: string, more: Partial<OutboundRequest> = {}): OutboundRequest => ({ method: 'GET', url, timeoutMs: 60_000, bytesMax: 10_000, ...more })

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request) text += part
  return text
}

test('a request and its answer go through whole', async () => {
  const seen: [string, string, string, IncomingMessage['headers']][] = []
  const port = await web(async (request, response) => {
    seen.push([request.method!, request.url!, await textOf(request), request.headers])
    response.writeHead(201, { 'x-a': ['1', '2'], 'content-type': 'text/plain' }).end('made')
  })
  const url = `http://hooks.example:${port}/a/../b?c=d#e`
  const answer = await egress.fetch({ method: 'POST', url, headers: { Authorization: 'Bearer x' }, body: 'hello', timeoutMs: 60_000, bytesMax: 10 })
  assert.deepEqual([answer.status, Buffer.from(answer.body).toString(), answer.headers['x-a']], [201, 'made', '1, 2'])
  const [method, target, body, headers] = seen[0]!
  assert.deepEqual([method, target, body], ['POST', '/b?c=d', 'hello'])
  assert.deepEqual(
    [headers.host, headers['accept-encoding'], headers.authorization, headers['content-length'], headers.connection],
    [`hooks.example:${port}`, 'identity', 'Bearer x', '5', 'close'],
  )
})

describe('what may not be reached is refused before a connection is made', () => {
  const urls: [url: string, why: RegExp][] = [
    ['http://10.0.0.1/', /not public/],
    ['http://127.0.0.2/', /not public/],
    ['http://0x7f.2/', /not public/],
    ['http://2130706434/', /not public/],
    ['http://017700000002/', /not public/],
    ['http://127.2/', /not public/],
    ['http://%31%32%37.0.0.2/', /not public/],
    ['http://[::1]/', /not public/],
    ['http://[::ffff:10.0.0.1]/', /not public/],
    ['http://[64:ff9b::a00:1]/', /not public/],
    ['http://[2002:a00:1::]/', /not public/],
    ['http://169.254.169.254/latest/meta-data/', /link-local/],
    ['http://[fd00:ec2::254]/', /link-local/],
    ['http://0/', /no single host/],
    ['http://inside.example/', /not public/],
    ['http://mixed.example/', /not public/],
    ['http://metadata.example/', /link-local/],
    ['http://[fe80::1%25eth0]/', /cannot be read/],
    ['https://user:hunter2@hooks.example/', /a user or a password/],
    ['https://@hooks.example/', /a user or a password/],
    ['https://user@hooks.example/', /a user or a password/],
    ['https://hooks.example:hunter2@10.0.0.1/', /a user or a password/],
    ['ftp://hooks.example/', /only http and https/],
    ['file:///etc/passwd', /only http and https/],
    ['data:,x', /only http and https/],
    ['gopher://hooks.example:6379/_FLUSHALL', /only http and https/],
    ['http://hooks.example:25/', /another protocol/],
    ['http://hooks.example:6379/', /another protocol/],
    ['http://hooks.example:0/', /another protocol/],
    ['http://hooks.example:99999/', /cannot be read/],
    ['http://hooks.example\\@10.0.0.1/', /a backslash/],
    ['http://hooks.example/\r\nX: y', /a control character/],
    ['http://hooks.example /', /a space/],
    ['http://１２７.０.０.１/', /not ASCII/],
    ['//hooks.example/', /cannot be read/],
    ['', /cannot be read/],
    [`http://hooks.example/${'a'.repeat(9000)}`, /more than 8192/],
  ]
  test('by its URL', async () => {
    for (const [url, why] of urls) {
      await assert.rejects(egress.fetch(get(url)), (error: Error) => {
        assert.ok(error instanceof EgressRefused, `${url}: ${error.message}`)
        assert.match(error.message, why, url)
        assert.ok(!error.message.includes('hunter2') && !error.message.includes('10.0.0.7'), error.message)
        return true
      })
    }
    assert.equal(urls.length, 37)
  })

  test('by its fields', async () => {
    const fields: Record<string, string>[] = [
      { Host: 'other.example' },
      { 'Content-Length': '0' },
      { 'transfer-encoding': 'chunked' },
      { Connection: 'keep-alive' },
      { 'Accept-Encoding': 'gzip' },
      { 'Proxy-Authorization': 'Basic x' },
      { 'X-A': 'b\r\nX-B: c' },
      { 'X-A\r\nX-B': 'c' },
      { 'X A': 'c' },
      { 'X-A': 'é' },
      { 'X-A': '1', 'x-a': '2' },
    ]
    for (const headers of fields) await assert.rejects(egress.fetch(get('http://hooks.example/', { headers })), EgressRefused, JSON.stringify(headers))
    assert.equal(fields.length, 11)
  })

  test("this Gatehouse's control listener, by every name and in a network that is allowed", async () => {
    let reached = 0
    const port = await web((_, response) => {
      reached++
      response.end()
    })
    const guarded = egressOf({ allowPrivate: ['127.0.0.0/8', '::1'], own: () => [{ host: '127.0.0.1', port }] })
    for (const host of ['127.0.0.1', '127.0.0.2', '[::1]', 'hooks.example', '[::ffff:127.0.0.1]'])
      await assert.rejects(guarded.fetch(get(`http://${host}:${port}/`)), /a listener of this Gatehouse/)
    assert.equal(reached, 0)
  })
})

test('a name that changes its address after it was judged does not lead elsewhere', async () => {
  const port = await web((_, response) => response.end('judged'))
  let asks = 0
  const rebinding = egressOf({ resolve: async () => (asks++ === 0 ? ['127.0.0.1'] : ['169.254.169.254']) })
  const answer = await rebinding.fetch(get(`http://rebind.example:${port}/`))
  assert.deepEqual([Buffer.from(answer.body).toString(), asks], ['judged', 1])
  await assert.rejects(rebinding.fetch(get(`http://rebind.example:${port}/`)), EgressRefused)
})

test('of several addresses the next is tried when one does not answer', async () => {
  const port = await web((_, response) => response.end('second'))
  const both = egressOf({ allowPrivate: ['127.0.0.0/8'], resolve: async () => ['127.0.0.9', '127.0.0.1'] })
  assert.equal(Buffer.from((await both.fetch(get(`http://two.example:${port}/`))).body).toString(), 'second')
})

test('what cannot be reached fails, and the message names neither address nor path', async () => {
  const port = await listening(createTcpServer())
  closing.pop()!()
  for (const url of [`http://dead.example:${port}/token-hunter2`, 'http://unknown.example/token-hunter2']) {
    await assert.rejects(egress.fetch(get(url)), (error: Error) => {
      assert.ok(error instanceof EgressFailed)
      assert.ok(!/hunter2|127\.0\.0\.1/.test(`${error.stack} ${JSON.stringify(error.cause)}`), `${error.stack}`)
      return true
    })
  }
})

describe('redirects', () => {
  const seen: { url: string; headers: IncomingMessage['headers']; method: string; body: string }[] = []
  let port = 0
  const to = async (location: string, status = 302): Promise<string> => {
    port ||= await web(async (request, response) => {
      seen.push({ url: `${request.headers.host}${request.url}`, headers: request.headers, method: request.method!, body: await textOf(request) })
      const query = new URL(request.url!, 'http://x').searchParams
      const where = query.get('to')
      if (where) response.writeHead(Number(query.get('status')), { location: where }).end('moved')
      else response.end('here')
    })
    return `http://hooks.example:${port}/?status=${status}&to=${encodeURIComponent(location.replace('PORT', `${port}`))}`
  }

  test('are an answer like any other unless asked for', async () => {
    const answer = await egress.fetch(get(await to('http://10.0.0.1/')))
    assert.deepEqual([answer.status, answer.headers['location']], [302, 'http://10.0.0.1/'])
  })
  test('are followed when asked for, as often as asked', async () => {
    assert.equal(Buffer.from((await egress.fetch(get(await to('/end'), { redirects: 1 }))).body).toString(), 'here')
    await assert.rejects(egress.fetch(get(await to(await to('/end')), { redirects: 1 })), /redirects more than 1 times/)
    await assert.rejects(egress.fetch(get(await to('/?status=302&to=/loop'), { redirects: 1 })), EgressFailed)
  })
  test('are judged like the first target', async () => {
    const targets = [
      'http://10.0.0.1/',
      'http://169.254.169.254/',
      'http://inside.example/',
      'file:///etc/passwd',
      'http://u:p@hooks.example/',
      '//0x7f.2/',
      'http://hooks.example:25/',
    ]
    for (const target of targets) await assert.rejects(egress.fetch(get(await to(target), { redirects: 5 })), EgressRefused, target)
  })
  test('carry no credential to another origin', async () => {
    const headers = { Authorization: 'Bearer x', 'X-API-Key': 'k', Cookie: 'c', Accept: 'text/html' }
    await egress.fetch(get(await to('http://other.example:PORT/end'), { redirects: 1, headers }))
    const last = seen.at(-1)!
    assert.deepEqual(
      [last.url, last.headers.authorization, last.headers['x-api-key'], last.headers.cookie, last.headers.accept],
      [`other.example:${port}/end`, undefined, undefined, undefined, 'text/html'],
    )
    await egress.fetch(get(await to('/end'), { redirects: 1, headers }))
    assert.equal(seen.at(-1)!.headers.authorization, 'Bearer x')
  })
  test('send a body again only where it was meant to go', async () => {
    const post = { method: 'POST' as const, body: 'secret', redirects: 1, headers: { 'Content-Type': 'text/plain' } }
    await egress.fetch(get(await to('/end', 307), post))
    assert.deepEqual([seen.at(-1)!.method, seen.at(-1)!.body], ['POST', 'secret'])
    await egress.fetch(get(await to('http://other.example:PORT/end', 303), post))
    assert.deepEqual([seen.at(-1)!.method, seen.at(-1)!.body, seen.at(-1)!.headers['content-type']], ['GET', '', undefined])
    for (const [target, status] of [
      ['/end', 302],
      ['/end', 301],
      ['http://other.example:PORT/end', 307],
      ['http://other.example:PORT/end', 308],
    ] as const)
      await assert.rejects(egress.fetch(get(await to(target, status), post)), /not sent anew/)
  })
  test('do not lead from https to http', async () => {
    const secure = await secureWeb((_, response) => response.writeHead(302, { location: 'http://hooks.example/' }).end())
    await assert.rejects(egress.fetch(get(`https://hooks.example:${secure}/`, { redirects: 1, trust: authority })), /from https to http/)
  })
})

describe('TLS', () => {
  test('is checked against the name, by the certificates that are trusted', async () => {
    const port = await secureWeb((_, response) => response.end('safe'))
    for (const host of ['hooks.example', '127.0.0.1'])
      assert.equal(Buffer.from((await egress.fetch(get(`https://${host}:${port}/`, { trust: authority }))).body).toString(), 'safe')
    const wrong: [url: string, trust: string | undefined][] = [
      [`https://hooks.example:${port}/`, undefined],
      [`https://other.example:${port}/`, authority],
      [`https://hooks.example:${port}/`, 'no certificate at all'],
    ]
    for (const [url, trust] of wrong)
      await assert.rejects(
        egress.fetch(get(url, trust === undefined ? {} : { trust })),
        (error: Error) => error instanceof EgressFailed || error instanceof EgressRefused,
      )
  })
  test('that is none fails', async () => {
    const port = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
    await assert.rejects(egress.fetch(get(`https://hooks.example:${port}/`, { trust: authority })), EgressFailed)
  })
})

describe('what the other side sends is bounded', () => {
  const fails = async (port: number, why: RegExp, more: Partial<OutboundRequest> = {}): Promise<void> => {
    await assert.rejects(egress.fetch(get(`http://hooks.example:${port}/`, more)), (error: Error) => {
      assert.ok(error instanceof EgressFailed, `${error.stack}`)
      assert.match(error.message, why)
      return true
    })
  }
  const forever =
    (piece: string, first = piece) =>
    (socket: Socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write(piece));
      }
      socket.on('drain', more)
      socket.write(first)
      more()
    }
  const ok = 'HTTP/1.1 200 OK\r\n'
  test('a body that is announced too long', async () => fails(await raw((s) => s.write(`${ok}Content-Length: 10001\r\n\r\n`)), /more than 10000 octets/))
  test('a body without end', async () => fails(await raw(forever('x'.repeat(1000), `${ok}\r\n`)), /more than 10000 octets/))
  test('a body in chunks without end', async () =>
    fails(await raw(forever('1\r\nx\r\n'.repeat(100), `${ok}Transfer-Encoding: chunked\r\n\r\n`)), /more than 10000 octets/))
  test('a body exactly as long as may be passes', async () => {
    const port = await web((_, response) => response.end('x'.repeat(10_000)))
    assert.equal((await egress.fetch(get(`http://hooks.example:${port}/`))).body.length, 10_000)
  })
  test('a head without end', async () => fails(await raw(forever('X-A: b\r\n'.repeat(50), ok)), /broke off/))
  test('one field without end', async () => fails(await raw(forever('b'.repeat(500), `${ok}X-A: `)), /broke off/))
  test('interim answers without end', async () => fails(await raw(forever('HTTP/1.1 103 Early Hints\r\n\r\n')), /too many interim answers|broke off/))
  test('a compressed answer', async () => {
    const port = await web((_, response) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000))))
    await fails(port, /compresses its answer/)
  })
  test('a compressed transfer', async () =>
    fails(await raw((s) => s.end(`${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`)), /transfer coding|broke off/))
  test('an answer that is cut short', async () => fails(await raw((s) => s.end(`${ok}Content-Length: 5\r\n\r\nab`)), /broke off/))
  test('two lengths', async () => fails(await raw((s) => s.end(`${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef`)), /broke off/))
  test('a length and chunks', async () => fails(await raw((s) => s.end(`${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)), /broke off/))
  test('what is no HTTP', async () => fails(await raw((s) => s.end('SSH-2.0-OpenSSH\r\n')), /broke off/))
  test('another protocol', async () =>
    fails(await raw((s) => s.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n')), /protocol|broke off/))
  test('silence', async () => fails(await raw(() => {}), /too slow/, { timeoutMs: 150 }))
  test('one octet at a time', async () => {
    const port = await raw((socket) => {
      const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write('H')), 20)
      socket.write(`${ok}X-A: `)
      socket.on('close', () => clearInterval(timer))
    })
    await fails(port, /too slow/, { timeoutMs: 200 })
  })
  test('a name server that does not answer', async () => {
    const silent = egressOf({ resolve: () => new Promise(() => {}) })
    await assert.rejects(silent.fetch(get('http://hooks.example/', { timeoutMs: 100 })), /too slow/)
  })
  test('a TLS handshake that does not end', async () => {
    const port = await listening(createTcpServer(() => {}))
    await assert.rejects(egress.fetch(get(`https://hooks.example:${port}/`, { timeoutMs: 150 })), /too slow/)
  })
})

test('at most eight requests to one host at once, and a busy host holds up no other', async () => {
  let now = 0
  let most = 0
  const held: (() => void)[] = []
  const busy = await web((_, response) => {
    most = Math.max(most, ++now)
    held.push(() => {
      now--
      response.end()
    })
    if (held.length === 8) full()
  })
  const { promise: eight, resolve: full } = Promise.withResolvers<void>()
  const free = await web((_, response) => response.end('free'))
  const all = Array.from({ length: 20 }, () => egress.fetch(get(`http://hooks.example:${busy}/`)))
  await eight
  assert.equal(Buffer.from((await egress.fetch(get(`http://other.example:${free}/`))).body).toString(), 'free')
  const timer = setInterval(() => held.shift()?.(), 1)
  await Promise.all(all)
  clearInterval(timer)
  assert.equal(most, 8)
})

test('the environment chooses no proxy and does not switch off the checking of certificates', async () => {
  let proxied = 0
  const proxy = await listening(
    createTcpServer((socket) => {
      proxied++
      socket.destroy()
    }),
  )
  const plain = await web((_, response) => response.end('direct'))
  const secure = await secureWeb((_, response) => response.end('trusted by nobody'))
  const program = `
    import { guardedEgress } from ${JSON.stringify(new URL('./guarded-egress.ts', import.meta.url).href)}
    const egress = guardedEgress({ allowPrivate: ['127.0.0.1'], own: () => [] })
    const ask = (url) => egress.fetch({ method: 'GET', url, timeoutMs: 60000, bytesMax: 100 }).then((answer) => Buffer.from(answer.body).toString(), (error) => error.name)
    console.log(await ask('http://127.0.0.1:${plain}/'), await ask('https://127.0.0.1:${secure}/'))`
  const url = `http://127.0.0.1:${proxy}`
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: url, http_proxy: url, HTTPS_PROXY: url, ALL_PROXY: url, NODE_TLS_REJECT_UNAUTHORIZED: '0' }
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], { env })
  assert.deepEqual([stdout.trim(), proxied], ['direct EgressFailed', 0])
})

test('bounds that make no sense are a programmer error', async () => {
  for (const wrong of [{ timeoutMs: 0 }, { timeoutMs: 60_001 }, { bytesMax: -1 }, { redirects: 11 }])
    await assert.rejects(egress.fetch(get('http://hooks.example/', wrong)), RangeError)
})
