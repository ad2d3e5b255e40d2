// The operations on catalog, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { applyCatalog } from './apply-catalog.ts'
import { exportCatalog } from './export-catalog.ts'
import { planApply } from './plan-apply.ts'

export const catalogOperations: readonly AnyOperation[] = [applyCatalog, exportCatalog, planApply]
