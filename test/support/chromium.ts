// A real browser without a window, for as long as a test needs it.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Opens the address in a profile of its own. What the page finds out it must tell by itself; `stop` ends the browser and all of its processes. */
export function openChromium(url: string): { readonly failed: Promise<never>; stop(): Promise<void> } {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-chromium-'))
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-sync',
  ]
  // A process group of its own: the browser is many processes.
  const child = spawn('chromium', [...flags, '--remote-debugging-port=0', `--user-data-dir=${folder}`, url], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  let said = ''
  child.stderr.on('data', (part) => (said = `${said}${part}`.slice(-4000)))
  let stopping = false
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(String(code ?? signal)))
  })
  return {
    failed: ended.then((how) => {
      if (stopping) return new Promise<never>(() => {})
      throw new Error(`chromium does not run (${how} ${said}): install the package chromium`)
    }),
    async stop() {
      stopping = true
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        // It is gone already.
      }
      await ended
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}
