// The `settings` section: what operators decide about the control plane itself: how long things are kept, mail, webhooks, approvals.

import { checked, duration, type Infer, integer, list, object, oneOf, optional, record, reserved, string, withDefault } from '../../base/schema.ts'
import { secret } from '../../base/secret-reference.ts'
import { checkpointSettings } from './checkpoint-settings.ts'
import { NAME, NAME_MEANS } from './consumer-schema.ts'

const day = 86_400_000

const retention = object(
  {
    revisions: optional(
      object(
        {
          for: duration({ minMs: day, maxMs: 3650 * day, describe: 'How long after it was replaced a revision is kept at the least.' }),
          newest: optional(integer({ min: 1, max: 100_000, describe: 'So many of the newest are kept however old they are.' }), 100),
        },
        'How long what was published can be looked at and returned to. All of it is kept when this is left out.',
      ),
    ),
    usage: withDefault(duration({ minMs: day, maxMs: 400 * day, describe: 'How long it is known who called what.' }), '90d'),
    sessions: reserved('not-available', 'is not available: a session that has ended is forgotten, and the trail has its beginning and end'),
    trail: reserved('trail-kept', 'has no retention: the trail is never deleted; personal data in it is erased entry by entry'),
  },
  'How long things are kept.',
)

/** RFC 5321 4.1.2, as far as anyone uses it: no quotes, no comments, no line that could begin another field. */
const MAILBOX =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/

const mail = checked(
  object(
    {
      from: string({ pattern: MAILBOX, means: 'an address such as gatehouse@example.org', maxLength: 320, describe: 'The sender of messages.' }),
      host: string({ pattern: /^[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$/, means: 'a host name or an address', describe: 'The mail server.' }),
      port: optional(integer({ min: 1, max: 65535, describe: 'Its port.' }), 587),
      tls: optional(
        oneOf(
          ['starttls', 'implicit', 'off'],
          '`starttls`: required before anything else is said; `implicit`: TLS from the first byte; `off`: only without a password.',
        ),
        'starttls',
      ),
      user: optional(string({ maxLength: 320, describe: 'Who signs in at the mail server.' })),
      password: optional(secret('The password, by reference.')),
      trust: optional(
        string({
          pattern: NAME,
          means: 'the name of a trust store',
          maxLength: 64,
          describe: 'The trust store its certificate is checked with; left out: that of Node.',
        }),
      ),
    },
    'How messages leave by mail (SMTP).',
  ),
  ({ user, password, tls }) => {
    if ((user === undefined) !== (password === undefined))
      return { code: 'contradiction', message: "'user' and 'password' of a mail server stand together or not at all" }
    return password !== undefined && tls === 'off'
      ? { code: 'password-in-clear', message: "with tls: off the password would be sent in clear: leave 'tls' out", at: ['tls'] }
      : undefined
  },
)

const webhookUrl = checked(
  string({
    maxLength: 2048,
    means: 'an address such as https://hooks.example.org/gatehouse',
    describe: 'Where events are sent: https, or http to this machine alone.',
  }),
  (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
      return { code: 'bad-url', message: 'a webhook is an address such as https://hooks.example.org/gatehouse' }
    if (url.username !== '' || url.password !== '')
      return { code: 'bad-url', message: 'the address of a webhook holds no user or password: its receiver knows it by the signature' }
    if (url.hash !== '') return { code: 'bad-url', message: 'the address of a webhook holds no fragment' }
    const isOwn = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
    return url.protocol === 'http:' && !isOwn ? { code: 'webhook-in-clear', message: 'a webhook over http leaves this machine in clear: use https' } : undefined
  },
)

const webhook = object(
  {
    url: webhookUrl,
    secret: secret('Signs what is sent, by reference: without it the receiver could not tell it from a forgery.'),
    trust: optional(
      string({
        pattern: NAME,
        means: 'the name of a trust store',
        maxLength: 64,
        describe: 'The trust store its certificate is checked with; left out: that of Node.',
      }),
    ),
    events: list(string({ pattern: /^(?:\*|[a-z][a-z-]{0,39}\.(?:\*|[a-z][a-z-]{0,39}))$/, means: 'an event such as key.leaked, key.* or *', maxLength: 81 }), {
      min: 1,
      max: 100,
      describe: 'What it is told of: acts as the trail names them, `key.*`, or `*`.',
    }),
  },
  'One receiver of events.',
)

export const operatorSettings = object(
  {
    retention: withDefault(retention, {}),
    mail: optional(mail),
    webhooks: optional(record(webhook, { key: NAME, keyMeans: NAME_MEANS, max: 100, describe: 'Receivers of events, by name.' }), {}),
    checkpoints: withDefault(checkpointSettings(webhookUrl), {}),
    approvals: withDefault(
      object(
        {
          required: optional(
            integer({ min: 0, max: 5, describe: 'How many people besides the author must approve a change of an API that does not say `approvals` itself.' }),
            0,
          ),
          expire: reserved('not-available', 'is not available yet: an approval holds until the draft is edited or the approval withdrawn'),
          ownSettings: reserved('not-available', 'is not available: these settings stand in the file, whose changes its own review approves'),
        },
        'Four eyes: who else must agree.',
      ),
      {},
    ),
  },
  'What operators decide about Gatehouse itself.',
)
export type OperatorSettings = Infer<typeof operatorSettings>
