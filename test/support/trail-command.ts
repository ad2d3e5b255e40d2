// Runs the real `gatehouse trail verify` in processes of its own, on texts that it writes into a folder of the test.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/app/main.ts', import.meta.url))

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export class TrailCommand {
  private readonly folder = mkdtempSync(join(tmpdir(), 'gatehouse-trail-'))

  run(...args: readonly string[]): Promise<Ran> {
    return this.runWith([], args)
  }

  /** With flags for Node, such as a bound on its memory. */
  runWith(flags: readonly string[], args: readonly string[]): Promise<Ran> {
    // What the program is compiled to is kept between the runs: hundreds of them would spend their time on nothing else.
    const env = { NODE_COMPILE_CACHE: join(this.folder, 'compiled') }
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [...flags, main, 'trail', ...args], { env, maxBuffer: 16 * 1024 * 1024 }, (error, out, err) => {
        const code = error === null ? 0 : error.code
        if (typeof code === 'number') resolve({ code, out, err })
        else reject(error)
      })
    })
  }

  /** Where a file of this name would stand. */
  path(name: string): string {
    return join(this.folder, name)
  }
  /** Writes a file that only its owner may write. */
  file(name: string, content: string | Uint8Array): string {
    const file = this.path(name)
    writeFileSync(file, content, { mode: 0o600 })
    return file
  }

  close(): void {
    rmSync(this.folder, { recursive: true })
  }
}
