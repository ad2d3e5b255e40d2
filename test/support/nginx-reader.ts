// How a real nginx reads a stream of bytes: one that proxies to the recording upstream, started by the test on a port of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface NginxReader {
  readonly port: number
  stop(): Promise<void>
}

/**
 * Starts nginx in front of `upstreamPort`. It hands on the request target as it came (`proxy_pass` without a path) and every field, the badly named
 * too, and tells the client's address in X-Forwarded-For; it decodes chunked bodies itself and sends them on with a length.
 */
export async function startNginxReader(upstreamPort: number): Promise<NginxReader> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-nginx-'))
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  await writeFile(file, configuration(folder, port, upstreamPort))
  const child = spawn('nginx', ['-p', folder, '-c', file, '-e', join(folder, 'error.log')], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (data: Buffer) => {
    said += data.toString()
  })
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('exit', (code) => resolve(`exit ${code}`))
  })
  const ready = await Promise.race([ended, listening(port)])
  if (ready !== true) {
    await rm(folder, { recursive: true, force: true })
    throw new Error(`nginx does not run (${ready} ${said.trim()}): install the package nginx-light`)
  }
  return {
    port,
    async stop() {
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function configuration(folder: string, port: number, upstreamPort: number): string {
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  server_tokens off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  underscores_in_headers on;
  ignore_invalid_headers off;
  merge_slashes off;
  client_max_body_size 0;
  client_body_buffer_size 256k;
  large_client_header_buffers 8 64k;
  keepalive_requests 1000000;
  lingering_close always;
  lingering_timeout 1s;
  upstream recorder { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://recorder;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_ignore_client_abort on;
      proxy_next_upstream off;
    }
  }
}
`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Resolves as soon as something accepts on the port: asked again and again, each time after the refusal came. */
async function listening(port: number): Promise<boolean> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true))
      socket.on('error', () => setTimeout(resolve, 10, false))
      socket.on('connect', () => socket.destroy())
    })
    if (open) return true
  }
  return false
}
