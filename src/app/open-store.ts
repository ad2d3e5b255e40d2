// Opens the store that the configuration names: the one place that knows which kinds there are.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { archiveBackUp } from '../adapters/archive-file.ts'
import { PostgresStore } from '../adapters/postgres/store.ts'
import { SqliteStore } from '../adapters/sqlite/store.ts'
import type { SecretReference } from '../base/secret-reference.ts'
import { readBoundedFile } from '../catalog/reading/bounded-file.ts'
import type { StoreSettings } from '../catalog/resolving/resolve.ts'
import type { BackUp, Store } from '../ports/store.ts'

export interface OpenedStore {
  readonly store: Store
  /** A file of SQLite's own for the embedded store, an archive for PostgreSQL; `store-archive.ts` goes from one to the other. */
  readonly backUp: BackUp
}

/**
 * `fromEnvironment` gives what `{env: NAME}` refers to. Rejects with `StoreUnavailable` or `StoreTooNew`, or an error whose message is for operators
 * and holds no secret.
 */
export async function openStore(settings: StoreSettings, fromEnvironment: (name: string) => string | undefined): Promise<OpenedStore> {
  if (settings.kind === 'sqlite') {
    mkdirSync(dirname(settings.file), { recursive: true, mode: 0o700 })
    const store = await SqliteStore.open(settings.file)
    return { store, backUp: store }
  }
  const { host, port, user, database, tls, password, caFile } = settings
  const store = await PostgresStore.open({
    host,
    port,
    user,
    database,
    ...(password && { password: passwordOf(password, fromEnvironment) }),
    ...(tls && { tls: caFile === undefined ? {} : { trust: textOf(caFile, CA_OCTETS_MAX) } }),
  })
  return { store, backUp: archiveBackUp(store) }
}

const PASSWORD_OCTETS_MAX = 4096
const CA_OCTETS_MAX = 1024 * 1024

function passwordOf(reference: SecretReference, fromEnvironment: (name: string) => string | undefined): string {
  if ('secret' in reference) throw new Error("the store's own password cannot be kept in the store")
  if ('env' in reference) {
    const value = fromEnvironment(reference.env)
    if (value === undefined) throw new Error(`the password of the store is missing: the environment variable ${reference.env} is not set`)
    return value
  }
  // Editors and `echo` end a file with a line feed that nobody means.
  const value = textOf(reference.file, PASSWORD_OCTETS_MAX).replace(/\r?\n$/, '')
  if (value === '') throw new Error(`the password of the store is missing: ${reference.file} is empty`)
  return value
}

function textOf(file: string, octetsMax: number): string {
  const read = readBoundedFile(file, octetsMax)
  if ('code' in read) throw new Error(`the store cannot be opened: ${read.message}`)
  return read.bytes.toString('utf8')
}
