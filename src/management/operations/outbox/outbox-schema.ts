// How messages that wait, and those that were given up, are told: never what is in them.
import { type Infer, integer, object, string } from '../../../base/schema.ts'
import { DEAD_LETTER_KEY, type DeadLetter } from '../../../outbox/dead-letters.ts'
import { WAITING_MAX } from '../../../outbox/outbox.ts'
import { line, moment, momentOf } from '../../texts.ts'

export const letterKey = string({ pattern: DEAD_LETTER_KEY, maxLength: 52, describe: 'The dead letter’s name; in the order of the times they were given up.' })
const destination = {
  kind: string({ pattern: /^[a-z][a-z-]{0,31}$/, maxLength: 32, describe: 'What carries it: `webhook`, `contact`, `mail`.' }),
  target: string({ pattern: /^[A-Za-z0-9._-]{1,128}$/, maxLength: 128, describe: 'Where to: the name of a webhook; of a contact its team and a digest.' }),
}
export const waitingSchema = object({ ...destination, waiting: integer({ min: 1, max: WAITING_MAX, describe: 'How many messages wait for it.' }) })
export const letterSchema = object({
  key: letterKey,
  ...destination,
  message: string({ pattern: /^msg_[0-9a-f]{32}$/, maxLength: 36, describe: 'The message’s id, which its receiver sees at every try.' }),
  created: moment('When it was put down.'),
  died: moment('When it was given up.'),
  attempts: integer({ min: 0, max: 1000, describe: 'How often it was tried.' }),
  why: line(1000, 'What came of the last try.'),
})
export const shownLetter = ({ key, kind, target, id, createdMs, diedMs, attempts, why }: DeadLetter): Infer<typeof letterSchema> => ({
  ...{ key, kind, target, message: id, attempts, why },
  created: momentOf(createdMs),
  died: momentOf(diedMs),
})
/** How the trail names it. */
export const toldOf = ({ id, kind, target }: DeadLetter) => ({ object: { kind: 'message', name: id }, detail: { kind, target } })
