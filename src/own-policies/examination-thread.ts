// The entry of the thread that tries policies: loads them, looks at declarations, runs examples, compiles configurations, says what is wrong.
import { parentPort, workerData } from 'node:worker_threads'
import { STAGES } from '../pipeline/stages.ts'
import type { AnyOwnPolicy } from './contract.ts'
import { type DeclarationFault, declarationFaults } from './declaration.ts'
import type { Examination, Rehearsed, TrialStart } from './examination.ts'
import { messageOf } from './guarding.ts'
import { loadModule, type PolicyModules } from './modules.ts'
import { PolicyTest, runExamples } from './testing.ts'

const start = workerData as TrialStart

async function examined(modules: PolicyModules, taken: readonly string[]): Promise<Examination> {
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

async function rehearsed(parts: readonly Rehearsed[]): Promise<readonly string[]> {
  const faults: string[] = []
  for (const { modules, scope, config } of parts) {
    try {
      new PolicyTest((await loadModule(modules)) as AnyOwnPolicy, config)
    } catch (cause) {
      faults.push(`${scope}: ${messageOf(cause)}`)
    }
  }
  return faults
}

const outcome = start.kind === 'examination' ? await examined(start.modules, start.taken) : await rehearsed(start.parts)
parentPort!.postMessage(outcome)
