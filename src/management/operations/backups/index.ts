// The operations on backups, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { listBackUps } from './list-back-ups.ts'
import { takeBackUp } from './take-back-up.ts'

export const backupsOperations: readonly AnyOperation[] = [listBackUps, takeBackUp]
