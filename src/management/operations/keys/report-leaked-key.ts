// reportLeakedKey: whoever found a key may end it, and learns nothing of it; who answers for it is told.
import { object, optional, string } from '../../../base/schema.ts'
import { reportLeaked } from '../../../directory/leaked-keys.ts'
import { afterCommit } from '../../../ports/store.ts'
import { defineOperation, done } from '../../operation.ts'
import { line } from '../../texts.ts'

export const reportLeakedKey = defineOperation({
  name: 'reportLeakedKey',
  resource: 'keys',
  method: 'POST',
  path: '/leaked-keys',
  summary: 'Ends a key that was found where it should not be. The answer is the same for a key that nobody holds.',
  permission: 'anyone',
  reach: 'all',
  commits: 'by-room',
  body: object({
    key: string({ pattern: /^[!-~]{1,1024}$/, maxLength: 1024, means: 'the key as it was found', describe: 'The key as it was found.' }),
    where: optional(line(150, 'Where it was found, as the URL of a page.'), ''),
  }),
  status: 202,
  refusals: {},
  /** In transactions of its own: a stranger’s report of nothing must not fill the trail, so only what ended a key is written there. */
  async prepare({ body: { key, where = '' }, operator: { actor }, address, nowMs, plane }) {
    const { directory, trail, tell } = plane.services
    const isEnded = await plane.store.write(async (writing) => {
      const leak = await reportLeaked(writing, directory.digests, { by: actor.id, nowMs }, directory.file, key, where)
      if (!leak.revokedNow || leak.found === undefined) return false
      const { id, consumer, team, ownedByFile } = leak.found
      const object = { kind: 'key', name: id }
      const detail = { consumer, ownedByFile, ...(team !== undefined && { team }) }
      // What strangers write may name people.
      const personal = { address, ...(where !== '' && { where }) }
      await trail.append(writing, { act: 'key.leaked', actor, outcome: 'done', object, detail, personal }, nowMs)
      await tell(writing, {
        event: 'key.leaked',
        data: { key: id, ...detail, ...(where !== '' && { where }) },
        contactsOnly: true,
        ...(team !== undefined && { team, contacts: leak.contacts }),
        subject: `A key of ${consumer} was found and is revoked`,
        text: [
          `The API key ${id} of the consumer ${consumer} was reported as found where it should not be.`,
          where === '' ? 'Where it was found was not said.' : `Found, as its finder says: ${where}`,
          'It is revoked: requests with it are refused from now on.',
          ...(ownedByFile ? ['Its hash still stands in a file of the configuration: take it out there.'] : []),
          'Give the application a new key, and look into the access log for what the old one was used for.',
        ].join('\n\n'),
      })
      return true
    })
    if (isEnded) await plane.settle().catch(afterCommit)
    return undefined
  },
  run: async () => done(undefined),
})
