// Starts what examples/ holds and calls it: an example that does not run is worse than none.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'yaml'
// @ts-expect-error The stand-in is plain JavaScript, as the bookshop is.
import { startEcho } from '../examples/github/upstream.js'
// @ts-expect-error The bookshop is plain JavaScript, because it is shipped and started as it is.
import { startBookshop } from '../examples/quickstart/bookshop.js'
// @ts-expect-error The shops of the example are plain JavaScript, as the bookshop is.
import { startShop } from '../examples/versions/bookshops.js'
import { systemClock } from '../src/base/clock.ts'
import { movePorts, type QuickstartPorts } from './support/quickstart-ports.ts'
import { freePorts, type RunningProgram, runProgram } from './support/running-program.ts'

const repository = fileURLToPath(new URL('../', import.meta.url))
const launcher = join(repository, 'bin/gatehouse')
const run = promisify(execFile)
/** Runs a command to its end with the Node that runs the tests; throws when it fails. */
const gatehouse = (...args: string[]): string => execFileSync(process.execPath, [launcher, ...args], { encoding: 'utf8' })

interface Bookshop {
  readonly port: number
  close(): Promise<void>
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId?: string }>>>>
}

describe('the bookshop', () => {
  let shop: Bookshop
  before(async () => {
    shop = (await startBookshop(0)) as Bookshop
  })
  after(() => shop.close())

  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) => {
    const sent = body === undefined ? {} : { headers, body: typeof body === 'string' ? body : JSON.stringify(body) }
    const response = await fetch(`http://127.0.0.1:${shop.port}${path}`, { method, ...sent })
    const text = await response.text()
    return { status: response.status, headers: response.headers, value: text === '' ? undefined : JSON.parse(text) }
  }

  const book = { title: 'Persuasion', authorId: 'author-3', isbn: '9780000000057', priceCents: 1150, stock: 3 }
  /** One good call of every operation that the document declares, in an order that works. */
  const calls: [operationId: string, method: string, path: string, body: unknown, status: number][] = [
    ['listBooks', 'GET', '/books?author=author-3&limit=1', undefined, 200],
    ['createBook', 'POST', '/books', book, 201],
    ['getBook', 'GET', '/books/book-5', undefined, 200],
    ['replaceBook', 'PUT', '/books/book-5', { ...book, stock: 2 }, 200],
    ['deleteBook', 'DELETE', '/books/book-5', undefined, 204],
    ['listAuthors', 'GET', '/authors', undefined, 200],
    ['getAuthor', 'GET', '/authors/author-1', undefined, 200],
    ['listOrders', 'GET', '/customers/customer-1/orders', undefined, 200],
    ['placeOrder', 'POST', '/customers/customer-1/orders', { items: [{ bookId: 'book-1', quantity: 2 }] }, 201],
    ['getOrder', 'GET', '/customers/customer-1/orders/order-3', undefined, 200],
  ]
  for (const [operationId, method, path, body, status] of calls) {
    test(`${operationId} answers ${status}`, async () => {
      const answer = await call(method, path, body)
      assert.equal(answer.status, status)
      if (status !== 204) assert.equal(answer.headers.get('content-type'), 'application/json')
    })
  }

  test('its document declares these operations and no others', () => {
    const document = parse(readFileSync(new URL('../examples/quickstart/bookshop.openapi.yaml', import.meta.url), 'utf8')) as OpenApi
    const declared = Object.values(document.paths).flatMap((item) => Object.values(item).flatMap(({ operationId }) => operationId ?? []))
    assert.deepEqual(declared.sort(), calls.map(([operationId]) => operationId).sort())
  })

  const refused: [name: string, method: string, path: string, body: unknown, status: number][] = [
    ['a path it does not have', 'GET', '/shelves', undefined, 404],
    ['a book it does not have', 'GET', '/books/book-999', undefined, 404],
    ['the order of another customer', 'GET', '/customers/customer-1/orders/order-2', undefined, 404],
    ['a method it does not offer', 'PATCH', '/books/book-1', {}, 405],
    ['a body that is not JSON', 'POST', '/books', '{', 400],
    ['a member it does not know', 'POST', '/books', { ...book, discount: 1 }, 400],
    ['a price below nothing', 'POST', '/books', { ...book, priceCents: -1 }, 400],
    ['an author it does not know', 'POST', '/books', { ...book, authorId: '__proto__' }, 400],
    ['an order of nothing', 'POST', '/customers/customer-1/orders', { items: [] }, 400],
    ['an order that sets its price', 'POST', '/customers/customer-1/orders', { items: [{ bookId: 'book-1', quantity: 1 }], totalCents: 1 }, 400],
    ['a query it does not know', 'GET', '/books?sort=title', undefined, 400],
    ['a body that is too large', 'POST', '/books', JSON.stringify({ ...book, title: 'x'.repeat(20_000) }), 413],
  ]
  for (const [name, method, path, body, status] of refused) {
    test(`${name} is answered ${status}`, async () => {
      const answer = await call(method, path, body)
      assert.equal(answer.status, status)
      assert.equal(typeof answer.value.message, 'string')
    })
  }

  test('a body of another kind is answered 415, and a wrong method with those there are', async () => {
    assert.equal((await call('POST', '/books', 'title=x', { 'content-type': 'application/x-www-form-urlencoded' })).status, 415)
    assert.equal((await call('DELETE', '/books')).headers.get('allow'), 'GET, POST')
  })

  test('an order carries the name of the application that placed it', async () => {
    const headers = { 'content-type': 'application/json', 'gatehouse-consumer': 'acme' }
    const { value } = await call('POST', '/customers/customer-2/orders', { items: [{ bookId: 'book-2', quantity: 2 }] }, headers)
    assert.deepEqual([value.placedBy, value.totalCents], ['acme', 3780])
  })

  test('two shops share nothing', async () => {
    const other = (await startBookshop(0)) as Bookshop
    try {
      await call('DELETE', '/books/book-4')
      assert.equal((await fetch(`http://127.0.0.1:${other.port}/books/book-4`)).status, 200)
    } finally {
      await other.close()
    }
  })
})

test('every example passes `gatehouse check`', () => {
  const examples = readdirSync(join(repository, 'examples'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  assert.ok(examples.length > 0)
  for (const { name } of examples) {
    const where = join(repository, 'examples', name)
    if (existsSync(join(where, 'certificates.sh'))) checkWithCertificates(where)
    else gatehouse('check', join(where, 'gatehouse.yaml'))
  }
})
/** As its README says: certificates are made before the first start. */
function checkWithCertificates(where: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-example-'))
  try {
    cpSync(where, folder, { recursive: true, filter: (path) => !/\/(?:data|certificates)$/.test(path) })
    execFileSync('sh', [join(folder, 'certificates.sh')], { stdio: 'pipe' })
    gatehouse('check', join(folder, 'gatehouse.yaml'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe('the quickstart', () => {
  let folder: string
  let ports: QuickstartPorts
  let shop: Bookshop | undefined
  let program: RunningProgram | undefined
  let key: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse quickstart '))
    cpSync(join(repository, 'examples/quickstart'), folder, { recursive: true, filter: (path) => !path.endsWith('/data') })
    const file = join(folder, 'gatehouse.yaml')
    ports = await movePorts(file)
    shop = (await startBookshop(ports.bookshop)) as Bookshop
    program = await runProgram(process.execPath, [launcher, 'start', file], /\bready\b/i)
    key = /\bgth_\w+/.exec(gatehouse('key', 'create', '--consumer', 'quickstart', '--config', file))![0]
  })
  after(async () => {
    await program?.stop()
    await shop?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const call = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${ports.gateway}/bookshop${path}`, init)
  const withKey = (more: Record<string, string> = {}) => ({ headers: { 'X-API-Key': key, ...more } })
  const codeOf = async (response: Response): Promise<string> => ((await response.json()) as { code: string }).code

  test('a caller without a key, or with a wrong one, is refused', async () => {
    for (const [headers, code] of [
      [{}, 'api-key.missing'],
      [{ 'X-API-Key': `${key.slice(0, -1)}${key.endsWith('a') ? 'b' : 'a'}` }, 'api-key.invalid'],
    ] as const) {
      const response = await call('/books', { headers })
      assert.equal(response.status, 401)
      assert.ok(response.headers.has('www-authenticate'))
      assert.equal(response.headers.get('content-type'), 'application/problem+json')
      assert.equal(await codeOf(response), code)
    }
  })

  test('a caller with a key gets the books', async () => {
    const response = await call('/books', withKey())
    assert.equal(response.status, 200)
    assert.ok(response.headers.has('x-request-id'))
    assert.equal(((await response.json()) as { total: number }).total, 4)
  })

  test('the bookshop learns who orders from the gateway, never from the caller', async () => {
    const order = { method: 'POST', body: JSON.stringify({ items: [{ bookId: 'book-1', quantity: 1 }] }) }
    const response = await call('/customers/customer-1/orders', {
      ...order,
      ...withKey({ 'content-type': 'application/json', 'Gatehouse-Consumer': 'mallory' }),
    })
    assert.equal(response.status, 201)
    assert.equal(((await response.json()) as { placedBy: string }).placedBy, 'quickstart')
  })

  test('what the document does not declare is refused', async () => {
    const unknown = await call('/shelves', withKey())
    assert.deepEqual([unknown.status, await codeOf(unknown)], [404, 'route.unknown'])
    const method = await call('/books', { method: 'PATCH', ...withKey() })
    assert.deepEqual([method.status, method.headers.get('allow')?.includes('POST')], [405, true])
  })

  test('a body above the limit is refused', async () => {
    const response = await call('/books', { method: 'POST', body: 'x'.repeat(17 * 1024), ...withKey({ 'content-type': 'application/json' }) })
    assert.equal(response.status, 413)
  })

  test('a preflight from the shop is answered without a key', async () => {
    const response = await call('/books', { method: 'OPTIONS', headers: { Origin: 'https://shop.example', 'Access-Control-Request-Method': 'GET' } })
    assert.equal(response.headers.get('access-control-allow-origin'), 'https://shop.example')
  })

  test('past its limit a caller is told to wait', async () => {
    let response = await call('/books', withKey())
    for (let sent = 1; sent < 30 && response.status !== 429; sent++) response = await call('/books', withKey())
    assert.deepEqual([response.status, await codeOf(response)], [429, 'rate-limit.exceeded'])
    for (const field of ['retry-after', 'ratelimit', 'ratelimit-policy']) assert.ok(response.headers.has(field), field)
  })
})

describe('the bookshop in two versions', () => {
  let folder: string
  let file: string
  let gatewayPort: number
  let program: RunningProgram | undefined
  let shops: Bookshop[] = []
  const keys: Record<string, string> = {}
  const today = systemClock().nowUs() / 1000
  const iso = (days: number): string => new Date(today + days * 86_400_000).toISOString()

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse versions '))
    cpSync(join(repository, 'examples/versions'), folder, { recursive: true, filter: (path) => !path.endsWith('/data') })
    file = join(folder, 'gatehouse.yaml')
    shops = [(await startShop('v1', 0)) as Bookshop, (await startShop('v2', 0)) as Bookshop]
    const [gateway, control] = (await freePorts(2)) as [number, number]
    gatewayPort = gateway
    const ports: Record<string, number> = { 8092: gateway, 8093: control, 9021: shops[0]!.port, 9022: shops[1]!.port }
    let text = readFileSync(file, 'utf8').replaceAll(/127\.0\.0\.1:(\d+)/g, (_, port: string) => `127.0.0.1:${ports[port]}`)
    // The example has dates; what is tested must not depend on the day.
    for (const [key, date] of [
      ['deprecated', iso(-30)],
      ['sunset', iso(60)],
      ['expires', iso(60)],
    ] as const)
      text = text.replaceAll(new RegExp(`^(\\s+${key}: )\\d{4}-\\d{2}-\\d{2}`, 'gm'), `$1${date}`)
    write(text.replace(/from: \S+,/, `from: ${iso(10)},`))
    program = await runProgram(process.execPath, [launcher, 'start', file], /^ready$/m)
    for (const consumer of ['reader', 'tester']) keys[consumer] = /\bgth_\w+/.exec(gatehouse('key', 'create', '--consumer', consumer, '--config', file))![0]
  })
  after(async () => {
    await program?.stop()
    for (const shop of shops) await shop.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const write = (text: string): void => writeFileSync(file, text, { mode: 0o600 })
  const edit = (from: RegExp, to: string): void => {
    const text = readFileSync(file, 'utf8')
    assert.match(text, from)
    write(text.replace(from, to))
  }
  const call = (path: string, headers: Record<string, string> = {}, consumer = 'reader', init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${gatewayPort}${path}`, { ...init, headers: { 'X-API-Key': keys[consumer]!, ...headers } })
  /** Asks until the answer has that status: an edit is live within a second. */
  async function until(path: string, status: number): Promise<Response> {
    for (let i = 0; ; i++) {
      const response = await call(path)
      if (response.status === status) return response
      await response.body?.cancel()
      assert.ok(i < 400, `${path} answers ${response.status}, not ${status}: ${program!.output()}`)
      await pause(25)
    }
  }

  test('the deprecated version says when it ends and what follows, and its successor says nothing of the kind', async () => {
    const [v1, v2] = [await call('/bookshop/v1/books'), await call('/bookshop/v2/books')]
    assert.deepEqual([v1.status, v2.status], [200, 200])
    assert.match(v1.headers.get('deprecation')!, /^@\d{10}$/)
    assert.match(v1.headers.get('sunset')!, /GMT$/)
    assert.match(v1.headers.get('link')!, /^<\/bookshop\/v2>; rel="successor-version", <https:/)
    assert.deepEqual([v2.headers.get('deprecation'), v2.headers.get('sunset'), v2.headers.get('link')], [null, null, null])
  })

  test('a caller of v1 who asks for it is served by v2; without a key nobody is', async () => {
    assert.equal(((await (await call('/bookshop/v1/books', { 'X-Try-V2': 'yes' })).json()) as { version: string }).version, 'v2')
    assert.equal((await call('/bookshop/v1/books', { 'X-Try-V2': 'yes', 'X-API-Key': '' })).status, 401)
  })

  test('what is retired is gone, a preview is for its testers, a patched operation takes no more than the patch allows', async () => {
    assert.equal((await call('/bookshop/v0/books')).status, 410)
    assert.deepEqual([(await call('/bookshop/v3/books')).status, (await call('/bookshop/v3/books', {}, 'tester')).status], [403, 200])
    const post = (body: string) => call('/bookshop/v1/orders', {}, 'reader', { method: 'POST', body })
    assert.deepEqual([(await post('x'.repeat(2000))).status, (await post('{}')).status], [413, 201])
  })

  test('the catalogue lists what is served, and a finder of a hole learns whom to tell', async () => {
    const { linkset } = (await (await fetch(`http://127.0.0.1:${gatewayPort}/.well-known/api-catalog`)).json()) as { linkset: [{ item: unknown }] }
    assert.deepEqual(linkset[0].item, [{ href: '/bookshop/v1' }, { href: '/bookshop/v2' }])
    assert.match(await (await fetch(`http://127.0.0.1:${gatewayPort}/.well-known/security.txt`)).text(), /^Contact: mailto:security@example\.com\n/)
  })

  test('in a brown-out it pauses, after the sunset it is gone, and the successor serves on', async () => {
    edit(/from: \S+,/, `from: ${iso(-0.01)},`)
    assert.ok(Number((await until('/bookshop/v1/books', 503)).headers.get('retry-after')) > 0)
    edit(/- \{ from: .*\}/, `[]`)
    edit(/brownOuts:\s+\[\]/, 'brownOuts: []')
    assert.equal((await until('/bookshop/v1/books', 200)).status, 200)
    edit(/sunset: \S+/, `sunset: ${iso(-1)}`)
    assert.match((await until('/bookshop/v1/books', 410)).headers.get('link')!, /successor-version/)
    assert.equal((await call('/bookshop/v2/books')).status, 200)
  })
})

describe('clients with certificates', () => {
  let folder: string
  let port: number
  let program: RunningProgram | undefined
  let upstream: Bookshop
  const certificates = (...args: string[]): string => execFileSync('sh', [join(folder, 'certificates.sh'), ...args], { encoding: 'utf8', stdio: 'pipe' })

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse mtls '))
    cpSync(join(repository, 'examples/mtls'), folder, { recursive: true, filter: (path) => !/\/(?:data|certificates)$/.test(path) })
    certificates()
    upstream = (await startEcho(0, 'payments')) as Bookshop
    const [gateway, control] = (await freePorts(2)) as [number, number]
    port = gateway
    const ports: Record<string, number> = { 8094: gateway, 8095: control, 9010: upstream.port }
    const file = join(folder, 'gatehouse.yaml')
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replaceAll(/127\.0\.0\.1:(\d+)/g, (_, each: string) => `127.0.0.1:${ports[each]}`),
      { mode: 0o600 },
    )
    program = await runProgram(process.execPath, [launcher, 'start', file], /^ready$/m)
  })
  after(async () => {
    await program?.stop()
    await upstream?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** As the page calls it. */
  async function call(path: string, client?: string): Promise<{ readonly status: number; readonly code?: string; readonly fields?: Record<string, string> }> {
    const shown = client === undefined ? [] : ['--cert', `${client}.pem`, '--key', `${client}.key`]
    const args = ['-sS', '--cacert', 'authority.pem', ...shown, '-w', '\n%{http_code}', `https://localhost:${port}${path}`]
    const { stdout } = await run('curl', args, { cwd: join(folder, 'certificates') })
    const [body, status] = stdout.split('\n') as [string, string]
    return { ...JSON.parse(body), status: Number(status) }
  }

  test('are known by a name in it, and refused from the moment in which it is revoked; others are asked for one only where one is needed', async () => {
    assert.equal((await call('/status')).status, 200)
    assert.equal((await call('/payments')).code, 'client-certificate.missing')
    for (const client of ['billing', 'leaver']) assert.equal((await call('/payments', client)).fields?.['gatehouse-consumer'], client)
    certificates('revoke', 'leaver')
    for (let i = 0; (await call('/payments', 'leaver')).status === 200; i++) {
      assert.ok(i < 400, program!.output())
      await pause(25)
    }
    assert.equal((await call('/payments', 'leaver')).code, 'client-certificate.revoked')
    assert.equal((await call('/payments', 'billing')).status, 200)
  })
})
