// A real nginx that serves HTTPS and verifies its clients, started by the test on a port of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from './running-program.ts'

export interface TlsNginx {
  readonly port: number
  stop(): Promise<void>
}
export interface TlsNginxOptions {
  /** PEM: its certificate with the chain, and its key. */
  readonly certificate: string
  readonly key: string
  /** PEM: the authorities of its clients, and what they revoked. */
  readonly clients: string
  readonly revoked: string
}

/** Answers `/` with what it makes of the client's certificate; who shows none, or a wrong one, is answered 400. */
export async function startTlsNginx({ certificate, key, clients, revoked }: TlsNginxOptions): Promise<TlsNginx> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-nginx-tls-'))
  const [port] = (await freePorts(1)) as [number]
  for (const [name, text] of Object.entries({ 'cert.pem': certificate, 'key.pem': key, 'clients.pem': clients, 'revoked.pem': revoked }))
    writeFileSync(join(folder, name), text, { mode: 0o600 })
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port))
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], { stdio: 'ignore' })
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message))
    child.once('exit', (code) => resolve(`exit ${code}`))
  })
  const why = await Promise.race([ended, listening(port, child)])
  if (why !== undefined) {
    rmSync(folder, { recursive: true, force: true })
    throw new Error(`nginx does not run (${why}): install the package nginx-light`)
  }
  return {
    port,
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const configuration = (folder: string, port: number): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${folder}/cert.pem;
    ssl_certificate_key ${folder}/key.pem;
    ssl_client_certificate ${folder}/clients.pem;
    ssl_crl ${folder}/revoked.pem;
    ssl_verify_client on;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets off;
    location / { return 200 "$ssl_client_verify $ssl_client_s_dn $ssl_server_name $ssl_protocol"; }
  }
}
`

/** Undefined as soon as something accepts there. */
async function listening(port: number, child: ChildProcess): Promise<undefined> {
  while (child.exitCode === null) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'close').then(() => false)]).catch(() => false)
    socket.destroy()
    if (isOpen) return undefined
  }
  return undefined
}
