// The folder of back-ups: what is told is whole, and what a killed process left behind is cleared away.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { archiveBackUp } from '../adapters/archive-file.ts'
import { MemoryStore } from '../adapters/memory/store.ts'
import { backUpsIn } from './back-ups.ts'

test('parts of back-ups that were never finished are removed by the next one, and nothing else is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-backups-'))
  try {
    const part = 'gatehouse-2026-11-24T00-00-00-000Z.jsonl.part'
    for (const name of [part, 'other.part', 'gatehouse-notes.txt']) writeFileSync(join(folder, name), 'x')
    const taken = await backUpsIn(folder, archiveBackUp(new MemoryStore()), 'jsonl').take(Date.UTC(2026, 10, 24))
    assert.ok('name' in taken)
    assert.deepEqual(readdirSync(folder).sort(), [taken.name, `${taken.name}.sha256`, 'gatehouse-notes.txt', 'other.part'].sort())
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
