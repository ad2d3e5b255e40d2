// The control listener of the real program attacked as by somebody else with all the time in the world: each attack by its name, each with its answer.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gatehouse } from '../support/gatehouse-command.ts'
import { commandAttacks, EVIL } from './control/commands.ts'
import { contentAttacks } from './control/contents.ts'
import { type Known, RACERS, raceAttacks } from './control/races.ts'
import { reachAttacks } from './control/reach.ts'
import { besieged, type Siege } from './control/siege.ts'
import { wireAttacks } from './control/wire.ts'

let siege: Siege
before(async () => {
  siege = await besieged()
})
after(() => siege.stop())

describe('on the wire', () => {
  for (const { name, octets, answer } of wireAttacks)
    test(name, async () => {
      const got = await siege.wire(octets)
      if (answer === 'closed') return assert.equal(got, '')
      assert.match(got.split('\r\n')[0]!, answer)
      assert.equal([...got.matchAll(/^HTTP\/1\.1 /gm)].length, 1, 'one request, one answer')
      assert.doesNotMatch(got, /evil/i, 'nothing of another is repeated')
    })
  test('all of them were tried, and none made a team', async () => {
    assert.equal(wireAttacks.length, 45)
    assert.deepEqual((await siege.ask('GET', '/teams')).json!['items'], [])
  })
})

describe('in what is asked', () => {
  for (const { name, method = 'GET', path, body, headers, answer } of contentAttacks)
    test(name, async () => {
      const told = await siege.ask(method, path, { ...(headers && { headers }), ...(body !== undefined && { body }) })
      assert.equal(told.short, answer, told.body)
      assert.equal(told.headers['cache-control'], 'no-store')
    })
  test('all of them were tried, and none made anything', async () => {
    assert.equal(contentAttacks.length, 81)
    for (const path of ['/teams', '/people', '/secrets', '/drafts', '/providers', '/backups'])
      assert.deepEqual((await siege.ask('GET', path)).json!['items'], [], path)
  })
})

describe('on the terminal of an operator', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-terminal-'))
  const asked: string[] = []
  // A Gatehouse that somebody else runs.
  const hostile = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    const conflicts = [{ kind: EVIL, name: EVIL }]
    response.writeHead(409, { 'content-type': 'application/problem+json' })
    response.end(JSON.stringify({ code: EVIL, detail: `no ${EVIL}\nroot# `, errors: [{ place: EVIL, code: EVIL, message: EVIL }], conflicts }))
  })
  let url = ''
  before(async () => {
    await once(hostile.listen(0, '127.0.0.1'), 'listening')
    url = `http://127.0.0.1:${(hostile.address() as AddressInfo).port}`
  })
  after(() => {
    hostile.close()
    hostile.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  })
  for (const { name, args, files = {}, code, tells } of commandAttacks)
    test(name, async () => {
      for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text, { mode: 0o600 })
      const ended = await gatehouse(...args.map((each) => each.replace('FOLDER', folder).replace('URL', url)))
      const told = ended.out + ended.err
      assert.match(told, tells)
      assert.equal(ended.code, code, told)
      assert.doesNotMatch(told, /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u, JSON.stringify(told))
    })
  test('all of them were tried', () => {
    assert.equal(commandAttacks.length, 14)
    assert.ok(asked.length >= 3)
  })
})

describe('by what is published', () => {
  for (const { name, kind, value, fault } of reachAttacks)
    test(name, async () => {
      const { id } = (await siege.ask('POST', '/drafts', { body: { message: name } })).json as { id: string }
      const body = JSON.stringify({ value }).replace('CONTROL', String(siege.gateway.controlPort))
      assert.equal((await siege.ask('PUT', `/drafts/${id}/objects/${kind}/evil`, { body })).status, 200)
      const { valid, faults } = (await siege.ask('GET', `/drafts/${id}/validation`)).json as { valid: boolean; faults: { code: string; message: string }[] }
      assert.equal(valid, false)
      assert.ok(
        faults.some(({ code }) => code === fault),
        JSON.stringify(faults),
      )
      assert.doesNotMatch(JSON.stringify(faults), /root:|:0:0:/, 'no file is told of')
      assert.equal((await siege.ask('POST', `/drafts/${id}/publish`, { body: {} })).short, '422 drafts.faulty')
      assert.equal((await siege.ask('DELETE', `/drafts/${id}`)).status, 204)
    })
  test('all of them were tried', () => assert.equal(reachAttacks.length, 27))
})

/** What they leave behind is what the attacks after them begin with. */
const known: Known = { mail: 'ada@example.org', password: 'eleven purple walruses', link: '', seed: '', recoveryCodes: [], secrets: [] }

describe('at one moment', () => {
  for (const { name, prepare, granted } of raceAttacks)
    test(name, async () => {
      const ask = await prepare(siege, known)
      const all = await Promise.all(Array.from({ length: RACERS }, (_, i) => ask(i)))
      assert.equal(all.filter(({ status }) => status < 300).length, granted, all.map(({ short }) => short).join())
      assert.ok(all.every(({ status }) => status < 500))
    })
  test('all of them were tried', () => assert.equal(raceAttacks.length, 11))
})

describe('by what is answered', () => {
  const guess = (mail: string) => siege.browser().send('POST', '/session/password', { mail, password: 'not the password' })
  test('an account that is there is not told from one that is not, before and after guesses are slowed down', async () => {
    const shown: string[][] = []
    for (const mail of [known.mail, 'nobody@example.org']) {
      const all: string[] = []
      for (let i = 0; i < 5; i++) {
        const { short, headers } = await guess(mail)
        all.push(`${short} ${Object.keys(headers).sort()}`)
      }
      shown.push(all)
    }
    assert.deepEqual(shown[0], shown[1])
    assert.notEqual(shown[0]!.at(0), shown[0]!.at(-1), 'they are slowed down')
  })
  test('a link that was used is not told from one that never was', async () => {
    const redeem = (secret: string) => siege.browser().send('POST', '/links/redemption', { secret, password: 'some other password' })
    const [used, never] = [await redeem(known.link), await redeem(known.link.replace(/.{8}$/, 'AAAAAAAA'))]
    assert.deepEqual([used.short, used.json!['detail']], [never.short, never.json!['detail']])
    assert.equal(used.status, 410)
  })
  test('a stranger learns nothing of what is served', async () => {
    for (const path of ['/people', '/no-such-thing', '/people/person_00000000000000000000'])
      assert.equal((await siege.client.send('GET', `/api/v1${path}`)).short, '401 management.unauthorized', path)
  })
})

describe('in what is left behind', () => {
  test('no secret stands in what was printed, in the arguments of the process, or in an export of the trail', async () => {
    const trail = (await siege.ask('POST', '/trail/export')).body
    assert.match(trail, /"act":"draft\.publish"/)
    const commandLine = `/proc/${siege.gateway.pid}/cmdline`
    const places = { printed: siege.gateway.log(), trail, 'told to all': existsSync(commandLine) ? readFileSync(commandLine, 'utf8') : '' }
    const envelope = readFileSync(join(siege.folder, 'data/envelope.key'), 'utf8').trim()
    const secrets = [siege.token, envelope, known.password, ...known.secrets]
    assert.ok(secrets.length > 15)
    for (const [place, content] of Object.entries(places))
      for (const secret of secrets) assert.ok(!content.includes(secret), `a secret of ${secret.length} characters stands in what is ${place}`)
    assert.doesNotMatch(trail, /[^\P{Cc}\n]/u)
  })
  test('no file can be read by others', () => {
    const files = readdirSync(siege.folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
    assert.ok(files.length >= 5)
    for (const { parentPath, name } of files) assert.equal(statSync(join(parentPath, name)).mode & 0o077, 0, name)
  })
  test('nothing was reported as a mistake, and it still serves', async () => {
    assert.doesNotMatch(siege.gateway.log(), /error|unexpected|TypeError|at .*\.ts:/i)
    assert.equal((await siege.client.send('GET', '/readyz')).status, 200)
  })
})
