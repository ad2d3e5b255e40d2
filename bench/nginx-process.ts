// Starts nginx in the foreground on a configuration of the benchmark's own, away from the system's folders.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, launch } from './children.ts'

export type NginxLaunch = {
  readonly name: string
  readonly folder: string
  readonly cores: readonly number[] | null
  readonly workers: number
  /** Connections of a worker, both sides together. */
  readonly connections?: number
  /** The inside of the http block. */
  readonly http: string
}

/** Needs no root: whatever nginx writes by default under /var goes to the folder. Connections are kept for as long as a run may last. */
export function launchNginx({ name, folder, cores, workers, connections = 8192, http }: NginxLaunch): Child {
  const file = join(folder, `${name}.conf`)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${folder}/${name}-${kind};`)
  writeFileSync(
    file,
    `daemon off;
worker_processes ${workers};
pid ${folder}/${name}.pid;
error_log stderr warn;
events { worker_connections ${connections}; }
http {
${temporary.join('\n')}
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  client_body_buffer_size 64k;
${http}
}
`,
    { mode: 0o600 },
  )
  return launch({ name, command: 'nginx', args: ['-c', file, '-p', folder, '-e', 'stderr'], cores, folder })
}
