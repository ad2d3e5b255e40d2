// A real haproxy that passes connections on with the PROXY protocol, started by the test on ports of its own.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface HaproxyWay {
  readonly port: number
  readonly to: number
  /** As haproxy writes it: `send-proxy`, `send-proxy-v2 proxy-v2-options crc32c`. */
  readonly sends: string
  /** A file with certificate and key: haproxy ends TLS with it. */
  readonly pem?: string
}

export async function startHaproxy(ways: readonly HaproxyWay[]): Promise<{ stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-haproxy-'))
  const file = join(folder, 'haproxy.cfg')
  const sections = ways.map(
    ({ port, to, sends, pem }, i) =>
      `listen way${i}\n  bind 127.0.0.1:${port}${pem === undefined ? '' : ` ssl crt ${pem} alpn http/1.1`}\n  server gateway 127.0.0.1:${to} ${sends}\n`,
  )
  writeFileSync(file, `defaults\n  mode tcp\n  timeout connect 10s\n  timeout client 60s\n  timeout server 60s\n${sections.join('')}`)
  const child = spawn('haproxy', ['-db', '-f', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  })
  let said = ''
  child.stderr.on('data', (part) => (said += part))
  let gone: string | undefined
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => resolve(void (gone = error.message)))
    child.once('close', (code) => resolve(void (gone = `exit ${code}`)))
  })
  for (const { port } of ways) {
    while (!(await answers(port))) {
      if (gone === undefined) continue
      rmSync(folder, { recursive: true, force: true })
      throw new Error(`haproxy does not run (${gone} ${said.trim()}): install the package haproxy`)
    }
  }
  return {
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => setTimeout(() => resolve(false), 20))
  })
