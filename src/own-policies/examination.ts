// Tries the text of a policy in a thread of its own, with a time limit, before anything that serves traffic is given it.
import { Worker } from 'node:worker_threads'
import type { Stage } from '../pipeline/stages.ts'
import type { DeclarationFault } from './declaration.ts'
import type { PolicyModules } from './modules.ts'

export interface Examination {
  readonly faults: readonly DeclarationFault[]
  /** How many examples ran. */
  readonly examples: number
  /** What it says of itself, as far as that can be believed: so that what is written of it is not also told to be unknown. */
  readonly name?: string
  readonly stage?: Stage
}
export interface ExaminationStart {
  readonly modules: PolicyModules
  readonly taken: readonly string[]
}

/** Loading, and all examples. A text that loops for ever at either is found so. */
const TIME_MS = 10_000
const HEAP_MB = 256

/** Never rejects. */
export function examine(modules: PolicyModules, taken: readonly string[], timeMs = TIME_MS): Promise<Examination> {
  return new Promise((resolve) => {
    const own = import.meta.url
    const start: ExaminationStart = { modules, taken }
    const worker = new Worker(new URL(`./examination-thread${own.endsWith('.ts') ? '.ts' : '.js'}`, own), {
      workerData: start,
      name: 'policy-examination',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    })
    const done = (examination: Examination): void => {
      clearTimeout(timer)
      resolve(examination)
      void worker.terminate()
    }
    const refused = (code: string, message: string): void => done({ faults: [{ code, message }], examples: 0 })
    const timer = setTimeout(
      () => refused('policy-slow', `it was not loaded, and its examples not run, within ${timeMs} ms: does something in it never end?`),
      timeMs,
    )
    worker.once('message', (message: Examination) => done(message))
    worker.once('error', (cause) => refused('policy-load', `it cannot be loaded: ${(cause as Error).message}`))
    worker.once('exit', (code) => refused('policy-load', `it ended the thread that tried it, with code ${code}`))
  })
}
