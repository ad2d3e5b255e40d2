// Tries policies in a thread of its own, with a time limit, before anything that serves traffic is given them.
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
/** A configuration that a policy is attached with. */
export interface Rehearsed {
  readonly modules: PolicyModules
  readonly scope: string
  readonly config: unknown
}
export type TrialStart =
  | { readonly kind: 'examination'; readonly modules: PolicyModules; readonly taken: readonly string[] }
  | { readonly kind: 'rehearsal'; readonly parts: readonly Rehearsed[] }

/** Loading, and all examples or configurations. A text that loops for ever at any of them is found so. */
const TIME_MS = 10_000
const HEAP_MB = 256

/** The text of a policy: its declaration and its examples. Never rejects. */
export function examine(modules: PolicyModules, taken: readonly string[], timeMs = TIME_MS): Promise<Examination> {
  return trial<Examination>({ kind: 'examination', modules, taken }, timeMs, (code, message) => ({ faults: [{ code, message }], examples: 0 }))
}

/** Policies under the configurations that they are about to get: a sentence for each that does not compile. Never rejects. */
export function rehearse(parts: readonly Rehearsed[], timeMs = TIME_MS): Promise<readonly string[]> {
  return trial<readonly string[]>({ kind: 'rehearsal', parts }, timeMs, (_code, message) => [message])
}

function trial<T>(start: TrialStart, timeMs: number, failed: (code: string, message: string) => T): Promise<T> {
  return new Promise((resolve) => {
    const own = import.meta.url
    const worker = new Worker(new URL(`./examination-thread${own.endsWith('.ts') ? '.ts' : '.js'}`, own), {
      workerData: start,
      name: 'policy-examination',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    })
    const done = (outcome: T): void => {
      clearTimeout(timer)
      resolve(outcome)
      void worker.terminate()
    }
    const what = start.kind === 'examination' ? 'it was not loaded, and its examples not run,' : `own policies were not prepared for ${scopesOf(start.parts)}`
    const timer = setTimeout(() => done(failed('policy-slow', `${what} within ${timeMs} ms: does something in it never end?`)), timeMs)
    worker.once('message', (message: T) => done(message))
    worker.once('error', (cause) => done(failed('policy-load', `it cannot be loaded: ${(cause as Error).message}`)))
    worker.once('exit', (code) => done(failed('policy-load', `it ended the thread that tried it, with code ${code}`)))
  })
}

const scopesOf = (parts: readonly Rehearsed[]): string =>
  `${parts
    .slice(0, 5)
    .map(({ scope }) => scope)
    .join(', ')}${parts.length > 5 ? ', ...' : ''}`
