// The operations on usage, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { getUsage } from './get-usage.ts'
import { listCallers } from './list-callers.ts'

export const usageOperations: readonly AnyOperation[] = [getUsage, listCallers]
