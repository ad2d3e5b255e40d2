// `websocket` of an API: whether clients may upgrade, from which pages, and how much they may send then.
import {
  boolean,
  checked,
  described,
  duration,
  either,
  integer,
  list,
  mapped,
  object,
  oneOf,
  optional,
  type Schema,
  size,
  string,
  withDefault,
} from '../../base/schema.ts'
import type { WebsocketSettings } from '../../model/snapshot.ts'
import { COUNT_MAX, ruleFault } from '../../ports/counters.ts'

const ORIGIN = /^https?:\/\/(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/
const DEFAULT_PORT = /^(?:http:\/\/.*:80|https:\/\/.*:443)$/
const origin = checked(
  string({ pattern: ORIGIN, maxLength: 300, means: 'an origin as browsers send it, such as https://shop.example: lower case, no path, no default port' }),
  (text) => (DEFAULT_PORT.test(text) ? { code: 'never-matches', message: `browsers leave the default port out, so '${text}' would match nobody` } : undefined),
)

const messages = checked(
  object(
    {
      limit: integer({ min: 1, max: COUNT_MAX, describe: 'How many are let through in a window.' }),
      window: duration({ minMs: 1, describe: 'The window.' }),
      burst: optional(integer({ min: 1, max: COUNT_MAX, describe: 'How many may come at once. Left out: the limit.' })),
      by: optional(
        oneOf(
          ['connection', 'consumer', 'address'],
          'What is counted together: one WebSocket, all of a consumer, or all of an address. Whoever is nobody counts together.',
        ),
        'connection',
      ),
    },
    'How many messages and pings clients may send; above it the WebSocket is closed with 1008.',
  ),
  (written) => {
    const wrong = ruleFault(ruleOf(written))
    return wrong === undefined ? undefined : { code: 'uncountable-limit', message: `this limit ${wrong}` }
  },
)
const ruleOf = ({ limit, window, burst }: { limit: number; window: number; burst?: number | undefined }) =>
  ({ algorithm: 'gcra', limit, windowMs: window, ...(burst !== undefined && { burst }) }) as const

const MESSAGE = { minBytes: 125, maxBytes: 1024 ** 3 }
const settings = checked(
  object(
    {
      origins: optional(
        either(
          [
            oneOf(['same', 'any'], '`same`: pages of the host that is asked. `any`: every page, with the cookies that its visitor has here.'),
            list(origin, { min: 1, max: 1000, describe: 'Pages of these origins, compared exactly.' }),
          ],
          "'same', 'any' or a list of origins",
        ),
        'same',
      ),
      message: withDefault(
        size({ ...MESSAGE, describe: 'The largest message that a client may send, as it is sent; above it the WebSocket is closed with 1009.' }),
        '1MiB',
      ),
      frame: optional(
        size({
          ...MESSAGE,
          describe: 'The largest frame that either side may send. Left out: as large as its messages, for browsers send a message as one frame.',
        }),
      ),
      upstreamMessage: withDefault(size({ ...MESSAGE, describe: 'The largest message that the upstream may send.' }), '16MiB'),
      idle: withDefault(
        duration({
          minMs: 1000,
          maxMs: 24 * 3_600_000,
          describe: 'The longest time in which nothing passes, pings and pongs included; then it is closed with 1001.',
        }),
        '60s',
      ),
      compression: optional(
        boolean(
          'True lets both sides agree on permessage-deflate. Limits then hold for what is sent, not for what it inflates to, and compressed text is not checked for UTF-8.',
        ),
        false,
      ),
      messages: optional(messages),
    },
    'WebSocket, with its bounds.',
  ),
  ({ frame, message }) =>
    frame !== undefined && frame > message
      ? { code: 'contradiction', message: "'frame' is larger than 'message', which no frame of a message can be", at: ['frame'] }
      : undefined,
)

function websocketOf({
  origins,
  message,
  frame = Number.MAX_SAFE_INTEGER,
  upstreamMessage,
  idle,
  compression,
  messages,
}: ReturnType<typeof settings.read>): WebsocketSettings {
  return {
    origins: typeof origins === 'string' ? origins : [...new Set(origins)].sort(),
    client: { frameBytes: Math.min(frame, message), messageBytes: message },
    upstream: { frameBytes: Math.min(frame, upstreamMessage), messageBytes: upstreamMessage },
    idleMs: idle,
    compression,
    ...(messages && { messages: { by: messages.by, rule: ruleOf(messages) } }),
  }
}

const plain: Schema<WebsocketSettings | false> = mapped(boolean(), (written) => written && websocketOf(settings.read({}, [], [])))

/** `true` is an object without keys: its defaults are the safe ones. */
export const websocket: Schema<WebsocketSettings | false> = described(
  'Lets clients upgrade to WebSocket: `true`, or an object with bounds other than the usual ones.',
  either([plain, mapped(settings, websocketOf)], 'true, false, or an object with the bounds of a WebSocket'),
)
