// searchTrail: entries by who, what, on what and when, page by page.
import { checked, object, oneOf, optional, string } from '../../../base/schema.ts'
import { searchTrail as search } from '../../../trail/search.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { cursorOf, pageOf, pageParameters } from '../../pages.ts'
import { momentMs } from '../../texts.ts'
import { entrySchema, shownEntry } from './trail-schema.ts'

const text = (maxLength: number, describe: string) => optional(string({ pattern: /^[\s\S]+$/, maxLength, means: 'some text', describe }))

export const searchTrail = defineOperation({
  name: 'searchTrail',
  resource: 'trail',
  method: 'GET',
  path: '/trail/entries',
  summary: 'Searches the trail. Newest first unless asked otherwise.',
  permission: 'trail:read',
  reach: 'all',
  query: checked(
    object({
      ...pageParameters,
      actor: text(512, 'The id of who acted.'),
      act: optional(
        string({ pattern: /^[a-z][a-z0-9.-]{0,63}$/, maxLength: 64, means: 'an act or its beginning', describe: 'An act, or its beginning, as `key.`.' }),
      ),
      kind: optional(string({ pattern: /^[a-z][a-z0-9-]{0,63}$/, maxLength: 64, describe: 'What kind of thing it was done to; stands with `name`.' })),
      name: text(512, 'Which thing it was done to; stands with `kind`.'),
      outcome: optional(oneOf(['done', 'refused'], 'Only what was done, or refused.')),
      from: optional(momentMs('Not before.')),
      until: optional(momentMs('Before.')),
      order: optional(oneOf(['newest', 'oldest'], 'Which come first.'), 'newest'),
    }),
    ({ kind, name }) =>
      (kind === undefined) === (name === undefined) ? undefined : { code: 'contradiction', message: "'kind' and 'name' stand together or not at all" },
  ),
  output: pageOf(entrySchema),
  refusals: {},
  async run({ query }, store) {
    const { limit, cursor, actor, act, kind, name, outcome, from, until, order } = query
    if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) return refused('invalid', { detail: "'cursor' must be the `next` of the page before" })
    const oldestFirst = order === 'oldest'
    const found = await search(store, {
      limit,
      oldestFirst,
      ...(actor !== undefined && { actor }),
      ...(act !== undefined && { act }),
      ...(kind !== undefined && name !== undefined && { object: { kind, name } }),
      ...(outcome !== undefined && { outcome }),
      ...(from !== undefined && { fromMs: from }),
      ...(until !== undefined && { untilMs: until }),
      ...(cursor !== undefined && (oldestFirst ? { from: Number(cursor) } : { until: Number(cursor) })),
    })
    return done({ items: found.entries.map(shownEntry), ...(found.next !== undefined && { next: cursorOf(String(found.next)) }) })
  },
})
