// The entry of the thread that tries a policy: loads it, looks at its declaration, runs its examples, says what is wrong.
import { parentPort, workerData } from 'node:worker_threads'
import { STAGES } from '../pipeline/stages.ts'
import type { AnyOwnPolicy } from './contract.ts'
import { type DeclarationFault, declarationFaults } from './declaration.ts'
import type { Examination, ExaminationStart } from './examination.ts'
import { messageOf } from './guarding.ts'
import { loadModule } from './modules.ts'
import { runExamples } from './testing.ts'

const { modules, taken } = workerData as ExaminationStart

async function examined(): Promise<Examination> {
  let exported: unknown
  try {
    exported = await loadModule(modules)
  } catch (cause) {
    return { faults: [{ code: 'policy-load', message: `it cannot be loaded: ${messageOf(cause)}` }], examples: 0 }
  }
  const shape = declarationFaults(exported, new Set(taken))
  const { name, stage } = (exported ?? {}) as Partial<AnyOwnPolicy>
  const about = { ...(typeof name === 'string' && { name }), ...(STAGES.includes(stage!) && { stage: stage! }) }
  if (shape.length > 0) return { faults: shape, examples: 0, ...about }
  const policy = exported as AnyOwnPolicy
  const failed = await runExamples(policy)
  const faults: DeclarationFault[] = failed.map(({ title, message }) => ({
    code: 'policy-example',
    message: `the example '${title}' of ${policy.name} ${message}`,
  }))
  return { faults, examples: policy.examples.length, ...about }
}

const examination = await examined()
parentPort!.postMessage(examination)
