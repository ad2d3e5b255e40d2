// The operations on drift, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { getDrift } from './get-drift.ts'

export const driftOperations: readonly AnyOperation[] = [getDrift]
