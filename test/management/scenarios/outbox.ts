// The outbox: how each operation is asked, by whom, and how it refuses.
import { bury } from '../../../src/outbox/dead-letters.ts'
import { destinationKey, destinations, partsOf, putMessage, WAITING_MAX, waitingMessages } from '../../../src/outbox/outbox.ts'
import type { Scenarios } from '../scenario.ts'
import type { World } from '../world.ts'

const READERS = 'owner administrator auditor viewer admin token'
const WRITERS = 'owner administrator admin token'
const SIEM = { kind: 'webhook', target: 'siem' }

const put = async ({ plane }: World): Promise<void> => {
  const message = { ...SIEM, content: { body: '{}' }, nowMs: plane.nowMs() }
  await plane.store.write((writing) => putMessage(writing, plane.services.envelope, message))
}
/** The key of a message that was given up. */
async function dead(made: World): Promise<string> {
  await put(made)
  return made.plane.store.write(async (writing) => {
    const [waiting] = await writing.scan(waitingMessages, { limit: 1 })
    await bury(writing, waiting!.key, waiting!.value, 'the receiver answered 503', made.plane.nowMs())
    return `${String(partsOf(waiting!.key).dueMs).padStart(15, '0')}~${waiting!.value.id}`
  })
}

export const outbox: Scenarios = {
  listWaitingMessages: {
    may: READERS,
    good: async (made) => {
      await put(made)
      return { path: '/outbox' }
    },
    refusals: {},
  },
  listDeadLetters: {
    may: READERS,
    good: async (made) => {
      await dead(made)
      return { path: '/outbox/dead-letters' }
    },
    refusals: {},
  },
  retryDeadLetter: {
    may: WRITERS,
    good: async (made) => ({ path: `/outbox/dead-letters/${await dead(made)}/retry` }),
    refusals: {
      full: async (made) => {
        const key = await dead(made)
        await made.plane.store.write(async (writing) => writing.put(destinations, destinationKey(SIEM), { waiting: WAITING_MAX }))
        return { path: `/outbox/dead-letters/${key}/retry` }
      },
    },
  },
  discardDeadLetter: { may: WRITERS, good: async (made) => ({ path: `/outbox/dead-letters/${await dead(made)}` }), refusals: {} },
}
