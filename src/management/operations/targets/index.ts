// The operations on targets of upstreams, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { drainTarget } from './drain-target.ts'
import { listTargets } from './list-targets.ts'
import { undrainTarget } from './undrain-target.ts'

export const targetsOperations: readonly AnyOperation[] = [drainTarget, listTargets, undrainTarget]
