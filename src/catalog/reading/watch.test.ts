// The watcher tells of every state that lasts, of no state that is torn, and of one at a time.
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { type Resolution, resolveSources } from '../resolving/resolve.ts'
import { type Watch, type WatchOptions, watchSources } from './watch.ts'

let folder = ''
let watch: Watch | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-watch-'))
})
afterEach(() => {
  watch?.close()
  rmSync(folder, { recursive: true })
})

const text = (owner: string, more = ''): string =>
  `gatehouse: 1\n${more}apis:\n  a: { path: /a, upstream: "http://127.0.0.1:9001", owner: ${owner}, public: true }\n`
const at = (name: string): string => join(folder, name)
const put = (name: string, content: string): void => writeFileSync(at(name), content, { mode: 0o600 })
function rename(name: string, content: string): void {
  put(`${name}.new`, content)
  renameSync(at(`${name}.new`), at(name))
}

/** What the watcher says, to be awaited one by one. */
function watched(options: WatchOptions = {}, busy: (found: Resolution) => Promise<void> = async () => {}) {
  const told: Resolution[] = []
  let wake = (): void => {}
  watch = watchSources(at('gatehouse.yaml'), options, (sources) => {
    const found = resolveSources(sources, { policies: [], nowMs: 0 })
    told.push(found)
    wake()
    return busy(found)
  })
  let taken = 0
  return {
    told,
    async next(): Promise<Resolution> {
      while (told.length <= taken) await new Promise<void>((resolve) => (wake = resolve))
      return told[taken++]!
    },
  }
}

test('an edit by renaming and one in place are told of, and so is their being bad', async () => {
  put('gatehouse.yaml', text('one'))
  const { next } = watched()
  rename('gatehouse.yaml', text('two'))
  assert.equal((await next()).ok, true)
  put('gatehouse.yaml', text('three'))
  assert.equal((await next()).ok, true)
  rename('gatehouse.yaml', 'gatehouse: 1\napis: { a: { path: /a, upstream: "http://127.0.0.1:9001" } }\n')
  const bad = await next()
  assert.deepEqual(
    bad.faults.map(({ code }) => code),
    ['unprotected-api'],
  )
  unlinkSync(at('gatehouse.yaml'))
  assert.deepEqual(
    (await next()).faults.map(({ code }) => code),
    ['file-missing'],
  )
  put('gatehouse.yaml', text('four'))
  assert.equal((await next()).ok, true)
})

test('a state that does not last until the second reading is never told of', async () => {
  put('gatehouse.yaml', text('one'))
  // Cut short at a place where what is left is valid: read once, it would be published.
  const torn = text('torn')
  const whole = text('two', 'gateway: { threads: 2 }\n')
  let pauses = 0
  const { told, next } = watched({
    settle: async () => {
      pauses++
      if (pauses === 1) put('gatehouse.yaml', whole)
    },
  })
  put('gatehouse.yaml', torn)
  const found = await next()
  assert.ok(found.ok)
  assert.equal(found.snapshot.gateway.threads, 2)
  assert.equal(told.length, 1)
  assert.ok(pauses >= 2)
})

test('while one state is being published no other is told of, and the last one always is', async () => {
  put('gatehouse.yaml', text('one'))
  let open = 0
  let most = 0
  const { told, next } = watched({}, async () => {
    most = Math.max(most, ++open)
    if (told.length === 1) for (let threads = 2; threads <= 30; threads++) put('gatehouse.yaml', text('busy', `gateway: { threads: ${threads} }\n`))
    await new Promise((resolve) => setImmediate(resolve))
    open--
  })
  put('gatehouse.yaml', text('first'))
  let last = await next()
  while (!last.ok || last.snapshot.gateway.threads !== 30) last = await next()
  assert.equal(most, 1)
})

test('a publish that fails does not end the watch', async () => {
  put('gatehouse.yaml', text('one'))
  const { next } = watched({}, () => Promise.reject(new Error('no')))
  put('gatehouse.yaml', text('two'))
  await next()
  put('gatehouse.yaml', text('three'))
  assert.equal((await next()).ok, true)
})

test('what the file refers to is watched too: documents, included files, and those that appear', async () => {
  mkdirSync(at('apis'))
  put('api.yaml', 'openapi: 3.0.0\npaths: { /x: { get: {} } }\n')
  put('apis/b.yaml', 'apis: { b: { path: /b, upstream: "http://127.0.0.1:9001", public: true } }\n')
  put('gatehouse.yaml', text('one', 'include: [apis/*.yaml]\n').replace('public', 'openapi: ./api.yaml, public'))
  const { next } = watched()
  put('api.yaml', 'openapi: 3.0.0\npaths: { /x: { get: {} }, /y: { get: {} } }\n')
  const routed = await next()
  assert.ok(routed.ok)
  assert.equal(routed.snapshot.apis.find(({ name }) => name === 'a')!.routes.length, 2)
  put('apis/c.yaml', 'apis: { c: { path: /c, upstream: "http://127.0.0.1:9001", public: true } }\n')
  const grown = await next()
  assert.ok(grown.ok)
  assert.deepEqual(
    grown.snapshot.apis.map(({ name }) => name),
    ['a', 'b', 'c'],
  )
})

test('a file behind a symbolic link is followed when the link is turned, as mounted configurations are', async () => {
  mkdirSync(at('one'))
  mkdirSync(at('two'))
  put('one/gatehouse.yaml', text('one'))
  put('two/gatehouse.yaml', text('two', 'gateway: { threads: 2 }\n'))
  symlinkSync('one', at('data'))
  symlinkSync('data/gatehouse.yaml', at('gatehouse.yaml'))
  const { next } = watched()
  symlinkSync('two', at('data.new'))
  renameSync(at('data.new'), at('data'))
  const found = await next()
  assert.ok(found.ok)
  assert.equal(found.snapshot.gateway.threads, 2)
})

test('what is written into other files of the folder, as an access log is, makes nobody read the configuration', async () => {
  put('gatehouse.yaml', text('one'))
  put('access.log', '')
  let edited = false
  const looks: boolean[] = []
  const { next } = watched({ pollMs: 1_000_000, settle: async () => void looks.push(edited) })
  for (let i = 0; i < 200; i++) {
    appendFileSync(at('access.log'), 'a line\n')
    await new Promise((resolve) => setImmediate(resolve))
  }
  edited = true
  put('gatehouse.yaml', text('two'))
  await next()
  assert.ok(looks.length > 0)
  assert.ok(looks.every((afterTheEdit) => afterTheEdit))
})

test('a file behind a symbolic link is followed when it is written where it is, under another name', async () => {
  mkdirSync(at('mounted'))
  put('mounted/real.yaml', text('one'))
  symlinkSync('mounted/real.yaml', at('gatehouse.yaml'))
  const { next } = watched({ pollMs: 1_000_000 })
  put('mounted/real.yaml', text('two'))
  assert.equal((await next()).ok, true)
})

test('an edit between the start and the first look is told of', async () => {
  put('gatehouse.yaml', text('two'))
  const { next } = watched({ digest: 'of what was loaded before the edit' })
  assert.equal((await next()).ok, true)
})

test('what changed where the file system says nothing is found by the poll', async () => {
  mkdirSync(at('later'))
  put('gatehouse.yaml', text('one'))
  const { next } = watched({ pollMs: 20 })
  // The folder is replaced as a whole: its watcher looks at one that is gone.
  const moved = `${folder}-moved`
  renameSync(folder, moved)
  mkdirSync(folder)
  put('gatehouse.yaml', text('two', 'gateway: { threads: 2 }\n'))
  try {
    let found = await next()
    while (!found.ok) found = await next()
    assert.equal(found.snapshot.gateway.threads, 2)
  } finally {
    rmSync(moved, { recursive: true })
  }
})
