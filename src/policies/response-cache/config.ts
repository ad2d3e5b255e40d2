// The configuration of response-cache.
import { boolean, checked, duration, either, type Infer, integer, list, object, oneOf, optional, size, string, withDefault } from '../../base/schema.ts'

const name = string({ pattern: /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/, means: 'a field name such as Accept-Language' })
const parameter = string({ pattern: /^[^&=#\s"<>]{1,100}$/, means: 'the name of a parameter as it is written in queries' })

/** Fields that say who asks, or that the cache itself reads: neither in the key twice nor out of it. */
const NOT_TO_IGNORE = new Set(
  'authorization cookie host range if-range if-none-match if-modified-since if-match if-unmodified-since cache-control pragma'.split(' '),
)
const ignorable = checked(name, (text) =>
  NOT_TO_IGNORE.has(text.toLowerCase()) ? { code: 'contradiction', message: `${text} cannot be ignored: answers depend on it` } : undefined,
)

export const DIRECTIVES = ['no-cache', 'max-age', 'min-fresh', 'max-stale', 'only-if-cached', 'no-store'] as const
/** Errors of a moment, or of whoever asked, are not kept for others, whatever the upstream says of them. */
const USUAL_STATUSES = [200, 203, 204, 300, 301, 308, 404, 410]

export const config = object({
  public: optional(boolean('Everybody gets the same responses: nothing of who asks is in the key. Only for what the upstream answers everyone alike.'), false),
  key: withDefault(
    object(
      {
        query: optional(either([oneOf(['all']), list(parameter, { max: 100 })], '`all`, or a list of parameters'), 'all' as const),
        fields: optional(
          list(name, { max: 32, describe: 'Request fields that are in the key besides, though they are among those that usually are not.' }),
          [],
        ),
        ignore: optional(
          list(ignorable, {
            max: 32,
            describe: 'Request fields that are not in the key and reach the upstream all the same: only those that change nothing in any response.',
          }),
          [],
        ),
      },
      'What tells requests apart. `query`: the parameters that count, in any order, and all others do not reach the upstream; `all`: the query as it is.',
    ),
    {},
  ),
  statuses: optional(
    list(integer({ min: 200, max: 599 }), { min: 1, max: 40, describe: 'Status codes whose responses are kept, where the upstream allows it.' }),
    USUAL_STATUSES,
  ),
  maxBody: withDefault(size({ maxBytes: 64 * 1024 * 1024, describe: 'The longest body that is kept.' }), '1MiB'),
  maxAge: withDefault(duration({ minMs: 1000, maxMs: 365 * 86_400_000, describe: 'Nothing stays fresh for longer, whatever the upstream says.' }), '24h'),
  heuristic: optional(
    object(
      {
        percent: optional(integer({ min: 0, max: 50 }), 10),
        max: withDefault(duration({ minMs: 0, maxMs: 7 * 86_400_000 }), '1h'),
        otherwise: withDefault(duration({ minMs: 0, maxMs: 86_400_000 }), '0s'),
      },
      'For responses that say nothing of their freshness (RFC 9111 4.2.2): a share of the time since Last-Modified, at most `max`; `otherwise` where that is not said either. Left out: they are not kept.',
    ),
  ),
  setCookie: optional(oneOf(['refuse', 'strip'], 'A response that sets a cookie is not kept, or is kept without it.'), 'refuse'),
  staleWhileRevalidate: withDefault(
    duration({ minMs: 0, maxMs: 86_400_000, describe: 'Where the response does not say it: for how long it is answered stale while it is validated.' }),
    '0s',
  ),
  staleIfError: withDefault(
    duration({ minMs: 0, maxMs: 7 * 86_400_000, describe: 'Where the response does not say it: for how long it stands for an answer that failed.' }),
    '0s',
  ),
  clientDirectives: optional(
    list(oneOf(DIRECTIVES), {
      max: DIRECTIVES.length,
      describe:
        'Directives of Cache-Control in requests that are obeyed. With no-cache, max-age or min-fresh clients make the upstream work: by themselves they cannot.',
    }),
    ['only-if-cached', 'no-store', 'max-stale'],
  ),
  collapse: withDefault(
    object(
      {
        wait: withDefault(duration({ minMs: 0, maxMs: 4000 }), '3s'),
        waiters: optional(integer({ min: 0, max: 100_000 }), 1000),
      },
      'Of requests for the same, one asks the upstream, and the others wait so long for it. `waiters`: at most so many for one; 0: none.',
    ),
    {},
  ),
  tagFields: optional(list(name, { max: 8, describe: 'Response fields in which the upstream names tags to purge by. They do not reach the client.' }), [
    'Cache-Tag',
    'Surrogate-Key',
  ]),
  cacheStatus: optional(boolean('Responses tell what the cache did (Cache-Status, RFC 9211).'), false),
})
export type Config = Infer<typeof config>
