// The operations of the management API, listed by hand: what stands here is served, described, documented and tested.
import type { AnyOperation } from '../operation.ts'
import { createKey } from './keys/create-key.ts'

export const operations: readonly AnyOperation[] = [createKey]
