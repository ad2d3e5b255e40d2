// A policy of a user, with the real program: its types checked, tested, loaded, changed while it runs, and its faults contained and told.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
// @ts-expect-error The services of the example are plain JavaScript, because they are shipped and started as they are.
import { startServices } from '../../examples/own-policies/services.js'
import { freePorts, type RunningProgram, runProgram } from '../support/running-program.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const launcher = join(repository, 'bin/gatehouse')

/** A policy that does what a field of the request asks for. */
const FAULTY = `import { definePolicy, object, reply } from 'gatehouse/policy'
export default definePolicy({
  name: 'acme-faulty',
  stage: 'inspect',
  summary: 'Breaks as it is told.',
  config: object({}),
  denials: {},
  examples: [{ title: 'Nothing is asked for', config: {}, send: {}, expect: { status: 200 } }],
  compile() {
    const faults: { readonly [name: string]: () => any } = {
      throw: () => { throw new Error('thrown on purpose') },
      reject: () => Promise.reject(new Error('rejected on purpose')),
      never: () => new Promise(() => {}),
      type: () => ({ allow: true }),
      refusal: () => ({ kind: 'refusal', code: 'x', status: 403, says: '', absent: false, fields: [] }),
      framing: () => reply(200, 'x', [['Transfer-Encoding', 'chunked']]),
      split: () => reply(200, 'x', [['X-A: b\\r\\nX-B', 'c']]),
      stray: () => void Promise.reject(new Error('left behind on purpose')),
      timer: () => void setTimeout(() => { throw new Error('thrown later on purpose') }, 1),
      exit: () => process.exit(3),
      loop: () => { for (;;); },
      late: async () => { await null; for (;;); },
    }
    return { request: (x) => faults[x.header('X-Fault') ?? '']?.() }
  },
})
`

describe('policies of a user', () => {
  let folder: string
  let program: RunningProgram
  let services: { readonly books: Server; readonly stock: Server }
  let key: string
  let gateway: number
  let control: number
  const path = (name: string): string => join(folder, name)
  const policy = (name: string): string => path(`policies/${name}.ts`)

  /** Runs a command to its end. */
  const run = (...args: string[]): Promise<{ readonly code: number; readonly output: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [launcher, ...args], { encoding: 'utf8', timeout: 60_000, cwd: folder }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
      )
    })
  const put = (file: string, text: string): void => writeFileSync(file, text, { mode: 0o600 })
  const edit = (file: string, from: string, to: string): void => {
    const text = readFileSync(file, 'utf8')
    assert.ok(text.includes(from), `${file} holds no ${from}`)
    put(file, text.replace(from, to))
  }
  const ask = async (where: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`http://127.0.0.1:${gateway}${where}`, { headers: { 'X-API-Key': key, ...headers }, signal: AbortSignal.timeout(20_000) })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>) }
  }
  const codeOf = async (fault: string): Promise<unknown> => {
    const { status, body } = await ask('/faulty', { 'X-Fault': fault })
    return [status, body?.['code']]
  }
  /** Until the program has said it, since the last time something was waited for. */
  let heard = 0
  const says = async (wanted: RegExp): Promise<string> => {
    for (let i = 0; i < 600; i++) {
      const text = program.output().slice(heard)
      const found = wanted.exec(text)
      if (found !== null) {
        heard += found.index + found[0].length
        return text
      }
      await pause(50)
    }
    throw new Error(`it never said ${wanted}:\n${program.output()}`)
  }

  /** Until a thread listens: both may be on their way back at once. */
  const served = async (): Promise<void> => {
    for (let i = 0; i < 200; i++) {
      if ((await ask('/books/b1').catch(() => undefined))?.status === 200) return
      await pause(50)
    }
    assert.fail(program.output())
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-own-policies-'))
    cpSync(join(repository, 'examples/own-policies'), folder, { recursive: true, filter: (source) => !source.endsWith('/data') })
    const [gatewayPort, controlPort, books, stock] = (await freePorts(4)) as [number, number, number, number]
    gateway = gatewayPort
    control = controlPort
    put(policy('acme-faulty'), FAULTY)
    let text = readFileSync(path('gatehouse.yaml'), 'utf8')
    for (const [from, to] of [
      [8120, gateway],
      [8121, control],
      [8122, books],
      [8123, stock],
    ] as const)
      text = text.replaceAll(`127.0.0.1:${from}`, `127.0.0.1:${to}`)
    text = text.replace('policyFiles:', 'policyFiles:\n  - policies/acme-faulty.ts')
    text = text.replace('apis:\n', `apis:\n  faulty: { path: /faulty, public: true, upstream: "http://127.0.0.1:${books}", policies: { acme-faulty: {} } }\n`)
    put(path('gatehouse.yaml'), text)
    services = (await startServices(books, stock)) as typeof services
    program = await runProgram(process.execPath, [launcher, 'start', path('gatehouse.yaml')], /^ready$/m)
    const made = await run('key', 'create', '--consumer', 'shop', '--config', path('gatehouse.yaml'))
    key = /\bgth_\w+/.exec(made.output)?.[0] ?? assert.fail(made.output)
  })
  after(async () => {
    await program?.stop()
    services?.books.close()
    services?.stock.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('its types are checked, and what is wrong with them is told with file and line', async () => {
    const good = await run('policy', 'check', policy('acme-tenant'), policy('acme-book-page'))
    assert.equal(good.code, 0, good.output)
    assert.match(good.output, /types checked, 2 examples/)
    put(policy('acme-wrong'), readFileSync(policy('acme-tenant'), 'utf8').replace("x.tellUpstream('X-Tenant', tenant)", "x.tellUpstream('X-Tenant', 7)"))
    const wrong = await run('policy', 'check', policy('acme-wrong'))
    assert.equal(wrong.code, 1)
    assert.match(wrong.output, /acme-wrong\.ts\(\d+,\d+\): error TS2345/)
  })

  test('syntax that Node cannot take away is a fault of the types already', async () => {
    put(
      policy('acme-enum'),
      readFileSync(policy('acme-tenant'), 'utf8').replace('export default', 'enum Colour { Red }\nexport const red = Colour.Red\nexport default'),
    )
    const { code, output } = await run('policy', 'check', policy('acme-enum'))
    assert.equal(code, 1)
    assert.match(output, /TS1294/)
    assert.match(output, /policy-load/)
  })

  test('its examples and its tests run on the harness, and one that fails is told', async () => {
    const good = await run('policy', 'test', policy('acme-tenant'), policy('acme-book-page'))
    assert.equal(good.code, 0, good.output)
    assert.match(good.output, /pass 3/)
    put(policy('acme-bad'), readFileSync(policy('acme-tenant'), 'utf8').replace("forwarded: { 'X-Tenant': 'north' }", "forwarded: { 'X-Tenant': 'east' }"))
    const bad = await run('policy', 'test', policy('acme-bad'))
    assert.equal(bad.code, 1)
    assert.match(bad.output, /policy-example .*X-Tenant: east, and got north/)
  })

  test('it may be JavaScript, of which no types are checked', async () => {
    const text = readFileSync(policy('acme-tenant'), 'utf8').replace('./tenant.ts', './tenant.js').replaceAll('acme-tenant', 'acme-plain')
    put(path('policies/tenant.js'), readFileSync(policy('tenant'), 'utf8').replace('slot<string>', 'slot'))
    put(path('policies/acme-plain.js'), text)
    const { code, output } = await run('policy', 'check', path('policies/acme-plain.js'))
    assert.deepEqual([code, output], [0, 'policies/acme-plain.js: no fault; 2 examples come out as they say\n'])
  })

  test('it is loaded: what it leaves, the upstream is told and the next one reads', async () => {
    assert.deepEqual(await ask('/books/b1', { 'X-Tenant': 'south' }), { status: 200, body: { id: 'b1', title: 'Persuasion', tenant: 'north' } })
    assert.deepEqual(await ask('/pages/b1'), { status: 200, body: { id: 'b1', title: 'Persuasion', inStock: 3 } })
    assert.equal((await ask('/pages/b9')).body!['code'], 'acme-book-page.unknown')
  })

  test('it fetches from private addresses only while the configuration allows them', async () => {
    edit(path('gatehouse.yaml'), 'allowPrivate: [127.0.0.1/32]', 'allowPrivate: []')
    await says(/published .*gatehouse\.yaml: generation/)
    assert.equal((await ask('/pages/b1')).body!['code'], 'acme-book-page.unavailable')
    edit(path('gatehouse.yaml'), 'allowPrivate: []', 'allowPrivate: [127.0.0.1/32]')
    await says(/published .*gatehouse\.yaml: generation/)
    assert.equal((await ask('/pages/b1')).status, 200)
  })

  test('it is changed while it runs, and no request fails meanwhile', async () => {
    let stop = false
    const statuses = new Map<number, number>()
    const crowd = Array.from({ length: 4 }, async () => {
      while (!stop) {
        const { status } = await ask('/pages/b1')
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    })
    edit(policy('acme-book-page'), "title: known['title'], inStock", "title: String(known['title']).toUpperCase(), inStock")
    for (const _ of [1, 2]) edit(policy('acme-book-page'), "body: { id: 'b1', title: 'Persuasion', inStock", "body: { id: 'b1', title: 'PERSUASION', inStock")
    await says(/published .*gatehouse\.yaml: generation/)
    stop = true
    await Promise.all(crowd)
    assert.deepEqual([...statuses.keys()], [200])
    assert.equal((await ask('/pages/b1')).body!['title'], 'PERSUASION')
  })

  test('a file that it imports is changed with it', async () => {
    edit(policy('tenant'), "slot<string>('AcmeTenant')", "slot<string>('AcmeTenantOfLate')")
    await says(/published .*gatehouse\.yaml: generation/)
    assert.equal((await ask('/pages/b1')).body!['inStock'], 3)
  })

  test('a change that does not load, or fails an example, changes nothing: the one before serves, and why is told', async () => {
    const good = readFileSync(policy('acme-tenant'), 'utf8')
    const wrong: [text: string, why: RegExp][] = [
      [good.replace('compile(', 'compile(('), /the edit is refused[\s\S]*policy-load acme-tenant\.ts: it cannot be loaded/],
      [
        good.replace("x.tellUpstream('X-Tenant', tenant)", "x.tellUpstream('X-Tenant', 'east')"),
        /the edit is refused[\s\S]*policy-example acme-tenant\.ts: the example/,
      ],
      [
        good.replace("name: 'acme-tenant'", "name: 'rate-limit'"),
        /the edit is refused[\s\S]*policy-name acme-tenant\.ts: 'rate-limit' is the name of a policy of Gatehouse itself/,
      ],
      [good.replace('compile({ tenants }', 'compiled({ tenants }'), /the edit is refused[\s\S]*policy-shape acme-tenant\.ts: /],
      [
        good.replace(
          'compile({ tenants }, { deny }) {',
          "compile({ tenants }, { deny }) {\n    if (Object.keys(tenants).length > 1) throw new Error('too many')",
        ),
        /the edit is refused[\s\S]*books\/acme-tenant\/0: .*could not be prepared: too many/,
      ],
      [
        good.replace('compile({ tenants }, { deny }) {', 'compile({ tenants }, { deny }) {\n    while (Object.keys(tenants).length > 1);'),
        /the edit is refused[\s\S]*were not prepared for books\/acme-tenant\/0.* within 10000 ms/,
      ],
      ['for (;;);', /the edit is refused[\s\S]*policy-slow acme-tenant\.ts: /],
    ]
    for (const [text, why] of wrong) {
      put(policy('acme-tenant'), text)
      const told = await says(why)
      assert.doesNotMatch(told.slice(told.indexOf('the edit is refused')), /unknown-policy/)
      assert.equal((await ask('/books/b1')).body!['tenant'], 'north')
    }
    put(policy('acme-tenant'), good)
    await says(/published .*gatehouse\.yaml: generation/)
  })

  for (const [fault, why] of [
    ['throw', /acme-faulty \(faulty\/acme-faulty\/0\) broke: Error: thrown on purpose\n\s+at .*acme-faulty\.ts/],
    ['reject', /acme-faulty .* broke: Error: rejected on purpose/],
    ['never', /acme-faulty .* broke: .*no answer within 5000 ms/],
    ['type', /acme-faulty .* broke: TypeError: a hook answers undefined/],
    ['refusal', /acme-faulty .* broke: TypeError: .*its own deny\(\) did not make/],
    ['framing', /acme-faulty .* broke: TypeError: Transfer-Encoding is not a policy's to say/],
    ['split', /acme-faulty .* broke: TypeError: a field name is a token/],
  ] as const) {
    test(`a hook that is at fault (${fault}) refuses its request, is told with its name, and harms no other`, async () => {
      const [broken, other] = await Promise.all([codeOf(fault), ask('/books/b1')])
      assert.deepEqual(broken, [500, 'acme-faulty.broken'])
      assert.equal(other.status, 200)
      await says(why)
      assert.deepEqual((await ask('/faulty')).status, 404)
    })
  }

  for (const [fault, why] of [
    ['stray', /the policy in acme-faulty\.ts left a promise that failed behind: Error: left behind on purpose/],
    ['timer', /the policy in acme-faulty\.ts left something that threw behind: Error: thrown later on purpose/],
  ] as const) {
    test(`what a hook leaves behind it (${fault}) may fail, is told, and ends no thread`, async () => {
      assert.equal((await ask('/faulty', { 'X-Fault': fault })).status, 404)
      await says(why)
      assert.doesNotMatch(program.output(), /gateway thread \d (?:died|was ended)/)
    })
  }

  test('faults are counted under the name of the policy', async () => {
    const token = readFileSync(path('data/admin-token'), 'utf8').trim()
    const metrics = await (await fetch(`http://127.0.0.1:${control}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text()
    const counts = [...metrics.matchAll(/^gatehouse_policy\w*\{[^}]*policy="acme-faulty"[^}]*broken[^}]*\} (\d+)$/gm)].map(([, count]) => Number(count))
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      7,
      metrics
        .split('\n')
        .filter((line) => line.includes('acme-faulty'))
        .join('\n'),
    )
  })

  test('an endless loop ends its thread and not the gateway: it is told whose it was, and others are served', async () => {
    await assert.rejects(codeOf('loop'))
    await says(/gateway thread \d was ended \(it did not answer for \d+ ms, and the policy 'acme-faulty' did not let go of it\)/)
    await served()
  })

  test('so does one that begins after the hook has waited', async () => {
    await assert.rejects(codeOf('late'))
    await says(/gateway thread \d was ended \(.*policy 'acme-faulty'/)
    await served()
  })

  test('a policy that holds up threads again and again is not run any more, until its file changes', async () => {
    await assert.rejects(codeOf('exit'))
    await says(/the policy 'acme-faulty' held up or ended gateway threads too often and is not run any more/)
    await served()
    assert.deepEqual(await codeOf('loop'), [503, 'acme-faulty.quarantined'])
    assert.deepEqual(await codeOf('none'), [503, 'acme-faulty.quarantined'])
    assert.equal((await ask('/books/b1')).status, 200)
    edit(policy('acme-faulty'), 'loop: () => { for (;;); },', 'loop: () => undefined,')
    await says(/published .*gatehouse\.yaml: generation/)
    assert.deepEqual(await codeOf('throw'), [500, 'acme-faulty.broken'])
    assert.equal((await ask('/faulty', { 'X-Fault': 'loop' })).status, 404)
  })

  test('how many threads were ended, and how many policies are not run, is measured', async () => {
    const token = readFileSync(path('data/admin-token'), 'utf8').trim()
    const metrics = await (await fetch(`http://127.0.0.1:${control}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text()
    assert.match(metrics, /^gatehouse_own_policy_threads_ended_total [3-9]$/m)
    assert.match(metrics, /^gatehouse_own_policies_quarantined_total 1$/m)
  })

  test('the trail holds which texts of which policies were taken up', async () => {
    const { code, output } = await run('trail', 'export', '--config', path('gatehouse.yaml'), '--output', path('trail.jsonl'))
    assert.equal(code, 0, output)
    const text = readFileSync(path('trail.jsonl'), 'utf8')
    const taken = [...text.matchAll(/"policy\.load"/g)].length
    // Three at the start, one that changed, two that import what changed, and the one that was mended; a text that came back is not told again.
    assert.equal(taken, 7, text)
  })

  test('files of policies come from the file alone: what is applied through the API cannot name any', async () => {
    put(path('applied.yaml'), `gatehouse: 1\npolicyFiles: [policies/acme-faulty.ts]\napis: {}\n`)
    const { code, output } = await run('apply', path('applied.yaml'), '--config', path('gatehouse.yaml'))
    assert.notEqual(code, 0)
    assert.match(output, /applied\.yaml:2:1 not-applied .*policyFiles/)
    const token = readFileSync(path('data/admin-token'), 'utf8').trim()
    const response = await fetch(`http://127.0.0.1:${control}/api/v1/catalog/plan`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', origin: `http://127.0.0.1:${control}` },
      body: JSON.stringify({ text: 'gatehouse: 1\npolicyFiles: [policies/acme-faulty.ts]\napis: {}\n' }),
    })
    const problem = await response.text()
    assert.ok(response.status >= 400, problem)
  })
})
