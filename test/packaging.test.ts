// What `npm pack` makes, installed in an empty folder, starts the quickstart and protects it. Slow: it builds, packs and installs.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { movePorts, type QuickstartPorts } from './support/quickstart-ports.ts'
import { type RunningProgram, runProgram } from './support/running-program.ts'

const repository = fileURLToPath(new URL('../', import.meta.url))
const data = join(repository, 'examples/quickstart/data')
const SENTINEL = 'left-by-packaging-test'
const npm = (args: readonly string[], cwd: string): string =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' })

describe('the package', () => {
  let folder: string
  let files: string[]
  let project: string
  let ports: QuickstartPorts
  let program: RunningProgram | undefined

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse package '))
    // What a quickstart that ran here would have left: it must not be packed.
    mkdirSync(data, { recursive: true, mode: 0o700 })
    writeFileSync(join(data, SENTINEL), '')
    // The repository switches scripts off for the sake of dependencies; the build is one of our own. What it prints comes before npm's JSON.
    const printed = npm(['pack', '--ignore-scripts=false', '--json', '--pack-destination', folder], repository)
    const [pack] = JSON.parse(printed.slice(printed.search(/^\[/m))) as [{ filename: string; files: { path: string }[] }]
    files = pack.files.map(({ path }) => path)
    project = join(folder, 'empty folder')
    mkdirSync(project)
    writeFileSync(join(project, 'package.json'), '{ "private": true }')
    npm(['install', `../${pack.filename}`, '--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], project)
    ports = await movePorts(join(project, 'node_modules/gatehouse/examples/quickstart/gatehouse.yaml'))
    program = await runProgram(join(project, 'node_modules/.bin/gatehouse'), ['start'], /\bready\b/i, { cwd: project })
  })
  after(async () => {
    await program?.stop()
    rmSync(folder, { recursive: true, force: true })
    rmSync(join(data, SENTINEL), { force: true })
    if (readdirSync(data).length === 0) rmdirSync(data)
  })

  test('holds what runs and what a user reads, and no source, test or data', () => {
    for (const wanted of [
      'bin/gatehouse',
      'bin/package.json',
      'dist/app/main.js',
      'dist/own-policies/public.d.ts',
      'examples/own-policies/policies/acme-tenant.ts',
      'examples/quickstart/gatehouse.yaml',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'CHANGELOG.md',
    ]) {
      assert.ok(files.includes(wanted), `${wanted} is missing`)
    }
    assert.deepEqual(
      files.filter((file) => /(?<!\.d)\.ts$|\.test\.|(^|\/)data\/|^(src|test|tools|bench)\//.test(file) && !file.startsWith('examples/own-policies/policies/')),
      [],
    )
  })

  test('starts, and refuses a caller without a key', async () => {
    const response = await fetch(`http://127.0.0.1:${ports.gateway}/bookshop/books`)
    assert.equal(response.status, 401)
    assert.equal(((await response.json()) as { code: string }).code, 'api-key.missing')
  })

  test('lets a caller in with the key that it printed', async () => {
    const key = /\bgth_\w+/.exec(program!.output())?.[0]
    assert.ok(key, `no key in:\n${program!.output()}`)
    const response = await fetch(`http://127.0.0.1:${ports.gateway}/bookshop/books`, { headers: { 'X-API-Key': key } })
    assert.equal(response.status, 200)
    assert.equal(((await response.json()) as { books: unknown[] }).books.length, 4)
  })

  test('loads, checks and tests policies in TypeScript, with the types that it brings', () => {
    // Where a user has them: what lies in node_modules, Node takes no types from.
    const folder = join(project, 'policies')
    cpSync(join(project, 'node_modules/gatehouse/examples/own-policies/policies'), folder, { recursive: true })
    for (const word of ['check', 'test']) {
      const printed = execFileSync(
        join(project, 'node_modules/.bin/gatehouse'),
        ['policy', word, join(folder, 'acme-tenant.ts'), join(folder, 'acme-book-page.ts')],
        {
          cwd: repository,
          encoding: 'utf8',
        },
      )
      assert.match(printed, word === 'check' ? /acme-book-page\.ts: no fault; types checked, 4 examples/ : /pass 3/)
    }
  })

  test('ends with 0 after SIGTERM', async () => {
    const running = program!
    program = undefined
    assert.equal(await running.stop(), 0)
  })
})
