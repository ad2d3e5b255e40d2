// The operations on system, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { getSystem } from './get-system.ts'

export const systemOperations: readonly AnyOperation[] = [getSystem]
