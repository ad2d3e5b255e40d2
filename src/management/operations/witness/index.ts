// The operations on witness, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { addWitnessedCheckpoint } from './add-checkpoint.ts'
import { followLog } from './follow-log.ts'
import { getWitness } from './get-witness.ts'

export const witnessOperations: readonly AnyOperation[] = [addWitnessedCheckpoint, followLog, getWitness]
