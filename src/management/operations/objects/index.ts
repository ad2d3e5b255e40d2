// The operations on objects, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { getObject } from './get-object.ts'
import { listObjects } from './list-objects.ts'

export const objectsOperations: readonly AnyOperation[] = [getObject, listObjects]
