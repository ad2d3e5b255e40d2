// Where a PostgreSQL is and how it is reached, as the driver wants it.
import type { ClientConfig } from 'pg'

export interface PostgresAddress {
  /** A name, an IP address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password?: string
  readonly database: string
  /** Absent: no TLS. Otherwise the server's certificate is verified, its name too, against these PEM certificates or those of the system. */
  readonly tls?: { readonly trust?: string }
}

const CONNECT_MS = 5000
/** How long a statement may take, a lock may be waited for, and a transaction may say nothing, in the eyes of the server. */
const STATEMENT_MS = 30_000
const LOCK_MS = 10_000

/** Nothing comes from the environment (PGHOST and its like): what is not said here is not so. */
export function driverSettings({ host, port, user, password, database, tls }: PostgresAddress, transactionMsMax: number): ClientConfig {
  return {
    host,
    port,
    user,
    password: password ?? '',
    database,
    ssl: tls ? { rejectUnauthorized: true, ...(tls.trust !== undefined && { ca: tls.trust }) } : false,
    application_name: 'gatehouse',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    statement_timeout: STATEMENT_MS,
    lock_timeout: LOCK_MS,
    // A node that was cut off gives the lock back by itself. Longer than the node's own limit, which tells better what happened.
    idle_in_transaction_session_timeout: transactionMsMax + 2000,
    // When the server does not answer at all.
    query_timeout: STATEMENT_MS + 5000,
  }
}
