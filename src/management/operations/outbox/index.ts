// The operations on the outbox, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { discardDeadLetter } from './discard-dead-letter.ts'
import { listDeadLetters } from './list-dead-letters.ts'
import { listWaitingMessages } from './list-waiting-messages.ts'
import { retryDeadLetter } from './retry-dead-letter.ts'

export const outboxOperations: readonly AnyOperation[] = [discardDeadLetter, listDeadLetters, listWaitingMessages, retryDeadLetter]
