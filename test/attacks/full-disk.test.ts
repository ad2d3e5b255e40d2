// A disk that fills up in the middle of a file: what was cut short is told, and nothing passes for whole.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { after, test } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-full-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a module in a process whose files end at 8 KiB: a write across that end writes what fits, as on a full disk, and the next one fails. */
function withSmallDisk(source: string): string {
  const url = (path: string): string => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href)
  const script = join(folder, 'script.ts')
  writeFileSync(
    script,
    source.replaceAll(/'src\/([^']+)'/g, (_, path: string) => url(path)),
  )
  const { stdout, stderr } = spawnSync('bash', ['-c', 'ulimit -f 8; exec "$0" "$1"', execPath, script], { encoding: 'utf8', cwd: folder })
  assert.ok(stdout !== '', stderr)
  return stdout
}

test('an archive whose last octets do not fit is no archive', () => {
  const said = withSmallDisk(`
    import { writeLines } from 'src/adapters/archive-file.ts'
    const lines = async function* () { yield 'x'.repeat(8190) + '\\n'; yield '{"records":0}\\n' }
    await writeLines('archive', lines()).then(() => console.log('whole'), ({ code }) => console.log(code))
  `)
  assert.equal(said, 'EFBIG\n')
  assert.deepEqual([existsSync(join(folder, 'archive')), readdirSync(folder)], [false, ['script.ts']])
})

test('a checkpoint that does not fit leaves the file of checkpoints as it was', () => {
  writeFileSync(join(folder, 'checkpoints'), 'x'.repeat(8100))
  const said = withSmallDisk(`
    import { appendCheckpoint } from 'src/trail/checkpoint-file.ts'
    const note = { text: 'gatehouse.trail/1\\n1\\n' + 'A'.repeat(90) + '\\n', signatures: [{ name: 'n', keyId: '01020304', octets: new Uint8Array(68), signature: Buffer.alloc(68) }] }
    await appendCheckpoint('checkpoints', { note }).then(() => console.log('kept'), ({ message }) => console.log(message))
  `)
  assert.equal(said, 'a checkpoint was written in part only\n')
  assert.equal(readFileSync(join(folder, 'checkpoints'), 'utf8').length, 8100)
})
