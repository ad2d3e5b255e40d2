// purgeResponses: takes stored responses of an API away, on every gateway thread of this node.
import { checked, integer, object, optional, string } from '../../../base/schema.ts'
import type { Purged } from '../../../ports/responses.ts'
import { defineOperation, done } from '../../operation.ts'
import { nameText } from '../../texts.ts'
import { thisApi } from './api-reach.ts'

const path = (describe: string) =>
  string({ pattern: /^\/[!-~]{0,8191}$/, maxLength: 8192, means: 'a path as clients ask for it, beginning with "/"', describe })
const count = (describe: string) => integer({ min: 0, max: Number.MAX_SAFE_INTEGER, describe })

const what = checked(
  object({
    path: optional(path('Responses of this path with whatever query; with a query: of that very target.')),
    prefix: optional(path('Responses whose path and query begin so.')),
    tag: optional(
      string({
        pattern: /^[!-+\--~]{1,256}$/,
        maxLength: 256,
        means: 'a tag without spaces and commas',
        describe: 'Responses that the upstream gave this tag.',
      }),
    ),
  }),
  (chosen) =>
    Object.values(chosen).filter((value) => value !== undefined).length > 1
      ? { code: 'contradiction', message: 'name a path, a prefix or a tag: one of them, or none for all of the API' }
      : undefined,
)

export const purgeResponses = defineOperation({
  name: 'purgeResponses',
  resource: 'apis',
  method: 'POST',
  path: '/apis/{api}/purge',
  summary:
    'Takes stored responses of an API away: of a path, with a prefix, with a tag, or all. No thread of this node answers from them once this is answered.',
  permission: 'apis:write',
  reach: thisApi,
  parameters: object({ api: nameText('The API; its versions are meant with it.') }),
  body: what,
  output: object({ responses: count('How many were there.'), octets: count('How much memory they took up.') }),
  refusals: {},
  act: 'responses.purge',
  object: ({ parameters }) => ({ kind: 'api', name: parameters.api }),
  // Before the transaction, which must not wait for threads: if its entry cannot be written, the caller is told of a failure, and responses were fetched anew in vain.
  prepare: ({ parameters, body, plane }): Promise<Purged> => {
    const { path: exact, prefix, tag } = body
    return plane.services.responses.purge({
      api: parameters.api,
      ...(exact !== undefined && { path: exact }),
      ...(prefix !== undefined && { prefix }),
      ...(tag !== undefined && { tag }),
    })
  },
  async run({ body }, _store, { responses, octets }) {
    return done({ responses, octets }, { detail: { ...body, responses } })
  },
})
