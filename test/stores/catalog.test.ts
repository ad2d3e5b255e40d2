// The catalog on the stores that users have: the same random sequences as in memory, on files of SQLite and in a real PostgreSQL.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { PostgresStore } from '../../src/adapters/postgres/store.ts'
import { SqliteStore } from '../../src/adapters/sqlite/store.ts'
import { catalogSuite } from '../../src/catalog/revisions/conformance/suite.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'

describe('on a disk', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-catalog-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))
  catalogSuite({ name: 'SQLite', sequences: 500, open: () => SqliteStore.open(join(folder, 'gatehouse.db')), close: (store) => store.close() })
})

describe('on a server', () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres()
  })
  after(() => server.remove())
  catalogSuite({
    name: 'PostgreSQL',
    sequences: 500,
    open: async () => PostgresStore.open(await server.database()),
    close: (store) => store.close(),
  })
})
