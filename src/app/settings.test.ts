// What the environment says is read once, and its secrets are gone from it afterwards, for children too.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'

const CANARY = 'canary-of-the-environment'
const program = `
  import { execFileSync } from 'node:child_process'
  import { inspect } from 'node:util'
  import { readSettings } from ${JSON.stringify(new URL('./settings.ts', import.meta.url).href)}
  const settings = readSettings()
  const read = [settings.envelopeKey, settings.secret('TOKEN'), settings.secret('TOKEN'), settings.secret('GATEHOUSE_OTHER'), settings.secret('BLANK'), settings.secret('NONE')]
  const path = settings.secret('PATH')
  console.log(JSON.stringify({
    read: read.map((each) => each?.reveal() ?? null),
    left: [...Object.keys(process.env), execFileSync('/usr/bin/env').toString()].join(),
    shown: inspect(settings, { depth: 9, showHidden: true }) + JSON.stringify(settings),
    handed: settings.commandEnvironment,
    isPathLeft: path?.reveal() === process.env.PATH,
  }))`

test('secrets are taken out of the environment, ours cannot be referred to, and settings do not show them', { skip: process.platform === 'win32' }, () => {
  const env = { PATH: '/usr/bin:/bin', HOME: '/root', GATEHOUSE_ENVELOPE_KEY: `${CANARY}-1`, TOKEN: `${CANARY}-2`, GATEHOUSE_OTHER: `${CANARY}-3`, BLANK: '' }
  const out = execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], { env, encoding: 'utf8' })
  const { read, left, shown, handed, isPathLeft } = JSON.parse(out)
  assert.deepEqual(read, [`${CANARY}-1`, `${CANARY}-2`, `${CANARY}-2`, null, null, null])
  assert.ok(!left.includes(`${CANARY}-1`) && !left.includes(`${CANARY}-2`) && !left.includes('TOKEN'), left)
  assert.ok(!shown.includes(CANARY), shown)
  assert.deepEqual([handed, isPathLeft], [{ PATH: '/usr/bin:/bin', HOME: '/root' }, true])
})
