// A real PostgreSQL for tests: the Debian package's programs on a folder and a port of their own, gone when the test is.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePorts } from './running-program.ts'

export interface PostgresServer {
  readonly port: number
  /** Makes an empty database and answers the settings that lead to it. */
  database(): Promise<PostgresAddress>
  /** Kills every server process at once, as a loss of power would, and starts it again on what is on disk. */
  crash(): Promise<void>
  /** Stops serving, by the signal that PostgreSQL knows for it (INT is orderly, QUIT is not); `start` goes on. */
  stop(how?: 'INT' | 'QUIT'): Promise<void>
  start(): Promise<void>
  /** Stops it and removes its folder. */
  remove(): Promise<void>
}
export interface PostgresAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

/** Where Debian keeps the programs that are not on the path: of the newest version. */
export function postgresPrograms(): string | undefined {
  const base = '/usr/lib/postgresql'
  if (!existsSync(base)) return undefined
  const versions = readdirSync(base).filter((version) => existsSync(join(base, version, 'bin/postgres')))
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0]
  return newest === undefined ? undefined : join(base, newest, 'bin')
}

// The server is stopped and its folder removed as soon as this end of the pipe closes, however the test ends.
const KEEPER = `
trap '' INT TERM HUP
"$@" >>"$FOLDER/log" 2>&1 <&- &
server=$!
read -r how
kill -"\${how:-QUIT}" $server 2>/dev/null
wait $server
[ -n "$how" ] || rm -rf "$FOLDER"
`

export interface PostgresOptions {
  /** With fsync, as users have it; without it the same work takes a fraction of the time. */
  readonly durable?: boolean
  readonly authentication?: 'trust' | 'scram-sha-256'
}

export async function startPostgres({ durable = false, authentication = 'trust' }: PostgresOptions = {}): Promise<PostgresServer> {
  const programs = postgresPrograms()
  if (programs === undefined) throw new Error('PostgreSQL is not installed: install the package postgresql')
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-postgres-'))
  // PostgreSQL refuses to run as root; its package has an account for it.
  const account = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}
  const password = 'of-the-test'
  writeFileSync(join(folder, 'password'), password)
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid)
  const data = join(folder, 'data')
  const initial = ['-U', 'gatehouse', '-A', authentication, '--pwfile=password', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  execFileSync(join(programs, 'initdb'), ['-D', data, ...initial], { ...account, cwd: folder, stdio: 'ignore' })
  const [port = 0] = await freePorts(1)
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', fsync: durable ? 'on' : 'off', shared_buffers: '16MB' }
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const address = { host: '127.0.0.1', port, user: 'gatehouse', password, database: 'postgres' }

  const launch = async (): Promise<(how: string) => Promise<void>> => {
    const keeper = spawn('sh', ['-c', KEEPER, 'keeper', join(programs, 'postgres'), ...args], {
      ...account,
      cwd: folder,
      env: { FOLDER: folder, LC_ALL: 'C.UTF-8' },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const ended = once(keeper, 'exit')
    for (let tries = 0; !(await answers(address)); tries++) {
      if (tries > 300) throw new Error(`PostgreSQL does not start: see ${folder}/log`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return async (how) => {
      keeper.stdin!.end(how === '' ? '' : `${how}\n`)
      await ended
    }
  }
  let halt: ((how: string) => Promise<void>) | undefined = await launch()
  let made = 0
  const server: PostgresServer = {
    port,
    async database() {
      const database = `test_${++made}`
      await withClient(address, (client) => client.query(`CREATE DATABASE ${database}`))
      return { ...address, database }
    },
    async crash() {
      await server.stop('QUIT')
      await server.start()
    },
    async stop(how = 'INT') {
      await halt?.(how)
      halt = undefined
    },
    async start() {
      halt = await launch()
    },
    async remove() {
      await halt?.('')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return server
}

const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))

export async function withClient<T>(address: PostgresAddress, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(address)
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
const answers = (address: PostgresAddress): Promise<boolean> =>
  withClient(address, (client) => client.query('SELECT 1')).then(
    () => true,
    () => false,
  )
