// What policies say of what comes back, over real sockets: fields, status, bodies changed at once and later, refusals, and what breaks on the way.
import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { createGunzip, gunzipSync } from 'node:zlib'
import { crashMemory } from '../../src/gateway/crash-suspects.ts'
import { fieldName } from '../../src/http/field-names.ts'
import type { BodyFilter } from '../../src/pipeline/body-filter.ts'
import type { Hooks, Refusal } from '../../src/pipeline/contract.ts'
import { filter, shouting, zipping } from '../support/body-filters.ts'
import { inProcessGateway } from '../support/in-process-gateway.ts'

/** The upstream answers each request with what stands here for its path, and keeps what it was sent. */
const answers = new Map<string, Uint8Array | string>()
const heard: string[] = []
let opened = 0
let upstream: Server
const sockets = new Set<Socket>()
before(async () => {
  upstream = createServer((socket) => {
    opened++
    sockets.add(socket)
    socket.on('error', () => {})
    let text = ''
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part
      for (;;) {
        const end = text.indexOf('\r\n\r\n')
        if (end < 0) return
        const head = text.slice(0, end)
        const chunked = /transfer-encoding: chunked/i.test(head)
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
        const bodyEnd = chunked ? text.indexOf('0\r\n\r\n', end + 4) + 5 : end + 4 + length
        if (bodyEnd < end + 4 || text.length < bodyEnd) return
        heard.push(text.slice(0, bodyEnd))
        text = text.slice(bodyEnd)
        const answer = answers.get(head.split(' ')[1]!)
        if (answer === undefined) socket.destroy()
        else socket.write(answer)
      }
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => upstream.close(resolve))
})

interface Heard {
  readonly text: string
  /** The connection ended in order. */
  readonly inOrder: boolean
}
/** Sends octets and gives all that comes until the connection closes. */
function ask(port: number, octets: string): Promise<Heard> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let inOrder = false
    const socket = connect(port, '127.0.0.1', () => socket.write(octets, 'latin1'))
    socket.on('data', (part: Buffer) => parts.push(part))
    socket.on('end', () => (inOrder = true))
    socket.on('error', () => {})
    socket.on('close', () => resolve({ text: Buffer.concat(parts).toString('latin1'), inOrder }))
  })
}
const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`
const last = (path: string, more = ''): string => get(path, `Connection: close\r\n${more}`)

const REFUSAL: Refusal = { kind: 'refusal', code: 'own.no', status: 403, says: 'No.', absent: false, fields: [] }

async function withHooks(hooks: Hooks, act: (port: number, broken: unknown[]) => Promise<void>): Promise<void> {
  const broken: unknown[] = []
  const gateway = await inProcessGateway(hooks, (upstream.address() as AddressInfo).port, crashMemory(1), (cause) => broken.push(cause))
  try {
    await act(gateway.port, broken)
  } finally {
    await gateway.stop()
  }
}

test('status and fields are what the policy says, each once, whatever the upstream said', async () => {
  answers.set('/plain', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Gone: 1\r\nX-Kept: a\r\nx-gone: 2\r\n\r\nok')
  const hooks: Hooks = {
    response(_x, answer) {
      assert.equal(answer.get(fieldName('X-Kept')), 'a')
      assert.deepEqual(answer.all(fieldName('x-gone')), ['1', '2'])
      answer.drop(fieldName('x-gone'))
      answer.set('X-Kept', 'b')
      answer.add('X-New', 'one\r\nX-Evil: 1')
      answer.status = 203
      assert.throws(() => answer.set('Content-Length', '1'), TypeError)
      assert.throws(() => answer.add('Transfer-Encoding', 'chunked'), TypeError)
      assert.throws(() => answer.add('content_length', '1'), TypeError)
      assert.throws(() => (answer.status = 304), RangeError)
      return undefined
    },
  }
  await withHooks(hooks, async (port) => {
    const { text } = await ask(port, last('/plain'))
    assert.match(text, /^HTTP\/1\.1 203 Non-Authoritative Information\r\n/)
    assert.match(text, /\r\nContent-Length: 2\r\n/)
    assert.match(text, /\r\nX-Kept: b\r\n/)
    assert.match(text, /\r\nX-New: one%0D%0AX-Evil%3A%201\r\n/)
    assert.doesNotMatch(text, /x-gone|X-Evil: |X-Kept: a/i)
    assert.ok(text.endsWith('\r\n\r\nok'))
  })
})

const BODIES: readonly [title: string, path: string, answer: string, ask: string, expect: RegExp][] = [
  [
    'of declared length',
    '/l',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    last('/l'),
    /Transfer-Encoding: chunked[\s\S]*\r\n\r\n5\r\nHELLO\r\n0\r\n\r\n$/,
  ],
  [
    'in chunks',
    '/c',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n',
    last('/c'),
    /\r\n\r\n2\r\nHE\r\n3\r\nLLO\r\n0\r\n\r\n$/,
  ],
  [
    'of no length, to HTTP/1.0',
    '/0',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'GET /0 HTTP/1.0\r\nHost: a\r\n\r\n',
    /Connection: close\r\n[\s\S]*\r\n\r\nHELLO$/,
  ],
  ['that is empty', '/e', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', last('/e'), /Content-Length: 0\r\n[\s\S]*\r\n\r\n$/],
  [
    'that only HEAD asks about',
    '/h',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    'HEAD /h HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    /^(?![\s\S]*Content-Length)[\s\S]*\r\n\r\n$/,
  ],
  ['of a 304, which has none', '/304', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', last('/304'), /^HTTP\/1\.1 304 [\s\S]*\r\n\r\n$/],
]
for (const [title, path, answer, asked, expected] of BODIES) {
  test(`a body ${title} is changed on its way, and its framing is right`, async () => {
    answers.set(path, answer)
    await withHooks({ response: (_x, given) => void given.transform(shouting) }, async (port) => {
      const { text, inOrder } = await ask(port, asked)
      assert.match(text, expected)
      assert.ok(inOrder)
    })
  })
}

test('a filter that answers later holds the end of the response, and the connection serves the next request', async () => {
  answers.set('/later', `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello`)
  const watched: string[] = []
  const hooks: Hooks = {
    response(_x, answer) {
      answer.transform(shouting)
      answer.transform(zipping)
      answer.watch({ put: () => {}, whole: () => watched.push('whole'), abandoned: () => watched.push('abandoned') })
      return undefined
    },
  }
  await withHooks(hooks, async (port) => {
    const { text } = await ask(port, get('/later') + get('/later') + last('/later'))
    const bodies = text.split(/HTTP\/1\.1 200 OK\r\n/).slice(1)
    assert.equal(bodies.length, 3)
    for (const body of bodies) assert.equal(unzipped(body), 'HELLO')
    assert.deepEqual(watched, ['whole', 'whole', 'whole'])
  })
})
function unzipped(answer: string): string {
  let rest = answer.slice(answer.indexOf('\r\n\r\n') + 4)
  let octets = ''
  for (;;) {
    const size = Number.parseInt(rest, 16)
    const start = rest.indexOf('\r\n') + 2
    if (size === 0) return gunzipSync(Buffer.from(octets, 'latin1')).toString()
    octets += rest.slice(start, start + size)
    rest = rest.slice(start + size + 2)
  }
}

test('64 MB pass a filter that answers later no faster than their reader reads, and arrive whole', async () => {
  const SIZE = 64 * 1024 * 1024
  answers.set('/big', Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`), Buffer.alloc(SIZE, 'body ')]))
  let most = 0
  let holds: BodyFilter | undefined
  const hooks: Hooks = {
    response: (_x, answer) =>
      void answer.transform((sink) => {
        const inner = zipping(sink)
        holds = inner
        return {
          get waiting() {
            return inner.waiting
          },
          put(octets: Uint8Array, start: number, end: number) {
            inner.put(octets, start, end)
            most = Math.max(most, inner.waiting)
          },
          end: () => inner.end(),
          abandon: () => inner.abandon(),
        }
      }),
  }
  await withHooks(hooks, async (port) => {
    const gunzip = createGunzip()
    let octets = 0
    gunzip.on('data', (part: Buffer) => (octets += part.length))
    let head = ''
    let rest: Buffer = Buffer.alloc(0)
    const socket = connect(port, '127.0.0.1', () => socket.write(last('/big')))
    socket.on('data', (part: Buffer) => {
      rest = Buffer.concat([rest, part])
      if (head === '') {
        const end = rest.indexOf('\r\n\r\n')
        head = rest.subarray(0, end).toString()
        rest = rest.subarray(end + 4)
      }
      for (;;) {
        const line = rest.indexOf('\r\n')
        if (line < 0) return
        const size = Number.parseInt(rest.subarray(0, line).toString(), 16)
        if (size === 0) gunzip.end()
        if (size === 0 || rest.length < line + 2 + size + 2) return
        gunzip.write(Buffer.from(rest.subarray(line + 2, line + 2 + size)))
        rest = rest.subarray(line + 2 + size + 2)
      }
    })
    await new Promise((resolve) => gunzip.on('end', resolve))
    assert.equal(octets, SIZE)
    assert.equal(holds?.waiting, 0)
    assert.ok(most < 4 * 1024 * 1024, `${most} octets were held at once`)
  })
})

test('a refusal takes the place of a response, of which nothing reaches the client; the next request is served', async () => {
  answers.set('/secret', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX-Secret: 1\r\n\r\nsecret')
  answers.set('/fine', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  await withHooks({ response: (_x, answer) => (answer.get(fieldName('x-secret')) === undefined ? undefined : REFUSAL) }, async (port) => {
    const { text } = await ask(port, get('/secret') + last('/fine'))
    assert.match(text, /^HTTP\/1\.1 403 [\s\S]*own\.no[\s\S]*HTTP\/1\.1 200 OK[\s\S]*ok$/)
    assert.doesNotMatch(text, /secret/i)
  })
})

test('a reply in the place of a 304 keeps the connection to the upstream', async () => {
  answers.set('/known', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n')
  const hooks: Hooks = { response: () => ({ kind: 'reply', status: 200, fields: [['ETag', '"a"']], lines: 'X-Line: 1\r\n', body: Buffer.from('stored') }) }
  await withHooks(hooks, async (port) => {
    opened = 0
    const { text } = await ask(port, get('/known') + get('/known') + last('/known'))
    assert.equal(text.split('\r\n\r\nstored').length, 4)
    assert.equal(text.match(/X-Line: 1\r\nETag: "a"\r\n/g)!.length, 3)
    assert.equal(opened, 1)
  })
})

test('where the upstream does not answer, a policy may', async () => {
  const codes: string[] = []
  const hooks: Hooks = {
    failed(_x, code) {
      codes.push(code)
      return { kind: 'reply', status: 200, fields: [], body: 'stale' }
    },
  }
  await withHooks(hooks, async (port) => {
    assert.match((await ask(port, last('/nobody'))).text, /^HTTP\/1\.1 200 OK[\s\S]*stale$/)
    assert.deepEqual(codes, ['upstream.unreachable'])
  })
})

test('a hook that throws refuses the response', async () => {
  answers.set('/fine', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const hooks: Hooks = {
    response() {
      throw new Error('broken')
    },
  }
  await withHooks(hooks, async (port, broken) => {
    const { text } = await ask(port, last('/fine'))
    assert.match(text, /^HTTP\/1\.1 5\d\d /)
    assert.doesNotMatch(text, /\r\n\r\nok/)
    assert.equal(broken.length, 1)
  })
})

for (const at of ['put', 'end'] as const) {
  test(`a filter that fails at ${at} before anything has left is answered with its refusal, and what was pipelined behind it is answered rightly`, async () => {
    answers.set('/bad', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Secret: 1\r\n\r\nbad')
    answers.set('/fine', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    const over: string[] = []
    const hooks: Hooks = {
      response(x, answer) {
        if (x.path !== '/bad') return undefined
        answer.add('X-Told', '1')
        answer.transform((sink) => filter(sink, { put: () => {}, [at]: () => sink.fail(REFUSAL) }))
        return undefined
      },
      over: (x) => void over.push(x.path),
    }
    await withHooks(hooks, async (port) => {
      const { text } = await ask(port, get('/bad') + get('/fine') + get('/bad') + last('/fine'))
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status)
      assert.deepEqual(statuses, ['403', '200', '403', '200'])
      assert.doesNotMatch(text, /X-Secret|X-Told/)
      assert.deepEqual(over, ['/bad', '/fine', '/bad', '/fine'])
    })
  })
}

test('a filter that fails once something has left leaves a response that is seen broken', async () => {
  answers.set('/half', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhalf')
  const hooks: Hooks = {
    response: (_x, answer) =>
      void answer.transform((sink) =>
        filter(sink, {
          put(octets, start, end) {
            sink.put(octets, start, end)
            setImmediate(() => sink.fail(new Error('later')))
          },
        }),
      ),
  }
  await withHooks(hooks, async (port, broken) => {
    const { text } = await ask(port, get('/half'))
    assert.match(text, /\r\n\r\n4\r\nhalf\r\n$/)
    assert.equal(broken.length, 1)
  })
})

test('a watcher that breaks changes nothing', async () => {
  answers.set('/fine', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const watcher = {
    put() {
      throw new Error('broken')
    },
    whole: () => assert.fail(),
    abandoned: () => {},
  }
  await withHooks({ response: (_x, answer) => answer.watch(watcher) as undefined }, async (port, broken) => {
    assert.match((await ask(port, last('/fine'))).text, /\r\n\r\nok$/)
    assert.equal(broken.length, 1)
  })
})

test('a watcher of a response that was cut short hears that it was abandoned', async () => {
  answers.set('/cut', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz')
  const told: string[] = []
  await withHooks(
    { response: (_x, answer) => answer.watch({ put: () => {}, whole: () => told.push('whole'), abandoned: () => told.push('abandoned') }) as undefined },
    async (port) => {
      await ask(port, last('/cut'))
      assert.deepEqual(told, ['abandoned'])
    },
  )
})

test('a request goes on with another method, Host and body, in chunks; and is refused where its body cannot be read', async () => {
  answers.set('/', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const hooks: Hooks = {
    request(x) {
      x.respellMethod('PUT')
      x.respellHost('other.example:81')
      x.dropFromRequest(fieldName('x-old'))
      assert.throws(() => x.respellMethod('HEAD'), TypeError)
      assert.throws(() => x.respellMethod('CONNECT'), TypeError)
      assert.throws(() => x.respellHost('a\r\nb'), TypeError)
      assert.throws(() => x.dropFromRequest(fieldName('Content-Length')), TypeError)
      x.transformBody((sink) => {
        const inner = shouting(sink)
        return filter(sink, {
          put: (octets, start, end) => (Buffer.from(octets.subarray(start, end)).includes('bad') ? sink.fail(REFUSAL) : inner.put(octets, start, end)),
        })
      })
      return undefined
    },
  }
  await withHooks(hooks, async (port) => {
    heard.length = 0
    const post = (body: string, more = ''): string => `POST / HTTP/1.1\r\nHost: a\r\nX-Old: 1\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`
    const { text } = await ask(port, post('hello') + post('bad') + post('again', 'Connection: close\r\n'))
    assert.deepEqual(
      [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status),
      ['200', '403', '200'],
    )
    assert.equal(heard.length, 2)
    assert.match(heard[0]!, /^PUT \/ HTTP\/1\.1\r\nHost: other\.example:81\r\n[\s\S]*Transfer-Encoding: chunked\r\n[\s\S]*\r\n\r\n5\r\nHELLO\r\n0\r\n\r\n$/)
    assert.doesNotMatch(heard[0]!, /Content-Length|X-Old/i)
    assert.match(heard[1]!, /AGAIN/)
  })
})
