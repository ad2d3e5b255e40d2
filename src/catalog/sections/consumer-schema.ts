// The `consumers` section: calling applications, the APIs they may call, and the digests of their keys.
import { moment } from '../../base/moment.ts'
import { checked, type Infer, list, mapped, object, optional, record, type Schema, string } from '../../base/schema.ts'
import { normalAlternativeName } from '../../certificates/alternative-names.ts'
import { normalName } from '../../certificates/distinguished-name.ts'
import { NAME, NAME_MEANS } from '../../model/names.ts'

export { NAME, NAME_MEANS }

/** What a consumer may be let into: an API, or one of its versions. */
const GRANT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?(?:@[A-Za-z0-9](?:[A-Za-z0-9._-]{0,30}[A-Za-z0-9])?)?$/

/** SHA-256 of nothing: what a script writes that hashed an unset variable. */
const DIGEST_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

const keyHash: Schema<string> = mapped(
  checked(
    string({
      means: 'sha256: and 64 hexadecimal digits',
      describe: '`sha256:` and the SHA-256 of the key in lower-case hexadecimal. `gatehouse key create` prints it.',
    }),
    (text) => {
      // No message repeats the value: it may be the key itself.
      if (text.startsWith('gth_'))
        return {
          code: 'secret-in-file',
          message: 'this is a key, not the hash of one: take it out of the file, and replace it, since whoever read the file knows it',
        }
      if (!/^sha256:[0-9a-f]{64}$/.test(text)) return { code: 'bad-hash', message: 'the hash of a key is sha256: and 64 hexadecimal digits in lower case' }
      if (text === `sha256:${DIGEST_OF_NOTHING}`) return { code: 'bad-hash', message: 'this is the hash of an empty key' }
      return undefined
    },
  ),
  (text) => text.slice('sha256:'.length),
)

const expiry: Schema<number> = moment('expires', 'From this moment on the key is refused.')

const THUMBPRINT = /^(?:sha256:)?(?:[0-9a-f]{64}|[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31})$/
const certificate = checked(
  object({
    thumbprint: optional(
      mapped(
        string({
          pattern: THUMBPRINT,
          means: 'the SHA-256 of a certificate in hexadecimal, with or without colons',
          describe: 'The very certificate, by its SHA-256: `openssl x509 -in FILE -noout -fingerprint -sha256` prints it.',
        }),
        (text) =>
          text
            .replace(/^sha256:/, '')
            .replaceAll(':', '')
            .toLowerCase(),
      ),
    ),
    subject: optional(
      normalized(
        normalName,
        'a distinguished name such as CN=acme,O=Acme Ltd',
        'The whole subject as RFC 4514 writes it: `openssl x509 -in FILE -noout -subject -nameopt RFC2253` prints it. Needs `trust`.',
      ),
    ),
    san: optional(
      normalized(
        normalAlternativeName,
        'dns:NAME, email:ADDRESS, uri:URI or ip:ADDRESS',
        'One name of `subjectAltName`: `dns:client.example`, `email:`, `uri:` or `ip:`. Needs `trust`.',
      ),
    ),
    trust: optional(
      string({
        pattern: NAME,
        means: 'the name of a trust store',
        maxLength: 64,
        describe: 'The trust store that the authority of the certificate must be in: another authority may write the same name into its certificates.',
      }),
    ),
    expires: optional(expiry),
  }),
  ({ thumbprint, subject, san, trust }) => {
    const given = [thumbprint, subject, san].filter((each) => each !== undefined).length
    if (given !== 1)
      return { code: given === 0 ? 'empty' : 'contradiction', message: "a certificate is known by exactly one of 'thumbprint', 'subject' and 'san'" }
    if (thumbprint === undefined && trust === undefined)
      return { code: 'trust-needed', message: "a name is only worth what the authority is that wrote it: say whose, with 'trust'" }
    if (thumbprint !== undefined && trust !== undefined)
      return { code: 'contradiction', message: "'thumbprint' names the very certificate: 'trust' says nothing beside it", at: ['trust'] }
    return undefined
  },
)
/** Text that must have a normal spelling, in that spelling. */
function normalized(spell: (written: string) => string | undefined, means: string, describe: string): Schema<string> {
  const text = string({ maxLength: 1000, means, describe })
  return mapped(
    checked(text, (written) =>
      spell(written) === undefined ? { code: 'bad-value', message: `${JSON.stringify(written.slice(0, 60))} is not ${means}` } : undefined,
    ),
    (written) => spell(written)!,
  )
}

const consumer = object(
  {
    apis: optional(
      list(string({ pattern: GRANT, means: 'the name of an API, or of one version as bookshop@v2', maxLength: 100 }), {
        describe:
          'Names of the APIs that it may call, those without plans and those with a default plan: `bookshop` with all its versions but previews, `bookshop@v3` one version, a preview too.',
      }),
      [],
    ),
    subscriptions: optional(
      record(object({ plan: string({ pattern: NAME, means: 'the name of a plan', maxLength: 64, describe: 'The plan that it is on.' }) }), {
        key: NAME,
        keyMeans: NAME_MEANS,
        max: 10_000,
        describe: 'APIs that it may call on a plan that they offer, by name, with all their versions but previews.',
      }),
      {},
    ),
    keys: optional(
      list(object({ hash: keyHash, expires: optional(expiry) }), {
        max: 1000,
        describe: 'Its API keys, by their hashes; several, so that they can be rotated.',
      }),
      [],
    ),
    certificates: optional(
      list(certificate, {
        max: 1000,
        describe: 'Its certificates, for `client-certificate`: by themselves, or by names in them. Several, so that they can be rotated.',
      }),
      [],
    ),
  },
  'A calling application.',
)

export const consumers = record(consumer, { key: NAME, keyMeans: NAME_MEANS, describe: 'The calling applications, by name.' })
export type ConsumersSection = Infer<typeof consumers>
