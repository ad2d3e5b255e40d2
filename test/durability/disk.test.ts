// The embedded store on a disk that is full or read-only: it says so, keeps what it has, and goes on when there is room.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

// A disk of its own needs a mount namespace of its own; where the system grants none, the limit of pages in the store's own tests stands for it.
const isGranted = spawnSync('unshare', ['--map-root-user', '--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0

test('a full disk and a read-only one fail writes and nothing else', { skip: !isGranted && 'no mount namespace is granted here' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-disk-'))
  try {
    const { status, stdout, stderr } = spawnSync(
      'unshare',
      ['--map-root-user', '--mount', process.execPath, join(import.meta.dirname, 'disk-life.ts'), folder],
      { encoding: 'utf8' },
    )
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^kept \d+\n$/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
