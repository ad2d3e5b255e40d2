// The `gateway.acme` section: the authority that certificates of listeners are got from, and on what terms.

import { checked, type Infer, list, object, oneOf, optional, type Schema, string } from '../../base/schema.ts'
import { secret } from '../../base/secret-reference.ts'
import { serverName } from '../../certificates/server-names.ts'
import { NAME } from './consumer-schema.ts'

const directory = checked(
  string({
    maxLength: 2048,
    means: 'an https address',
    describe:
      'The directory of the authority: `https://acme-v02.api.letsencrypt.org/directory`, or that of one of your own. A private address takes `egress.allowPrivate`.',
  }),
  (text) => {
    const url = URL.parse(text)
    return url !== null && url.protocol === 'https:' && url.username === '' && url.password === '' && url.hash === '' && /^[!-~]+$/.test(text)
      ? undefined
      : { code: 'bad-directory', message: 'the directory of an authority is an https:// address without a user, a password or a fragment (RFC 8555 6.1)' }
  },
)

export const acmeSettings = object(
  {
    directory,
    contact: optional(
      list(string({ pattern: /^mailto:[!-+.-<>-~]{1,240}@[A-Za-z0-9.-]{1,253}$/, maxLength: 512, means: 'an address such as mailto:ops@example.org' }), {
        max: 10,
        describe: 'Whom the authority may write to: `mailto:` addresses. It knows them, and some publish nothing of it.',
      }),
      [],
    ),
    termsOfServiceAgreed: oneOf([true], 'That you agree to the terms of the authority, which its directory names: nothing is ordered without.'),
    challenge: optional(
      oneOf(
        ['tls-alpn-01', 'http-01'],
        '`tls-alpn-01`: the authority looks at port 443 of the name, which leads to an https:// listener that ends TLS itself. `http-01`: at port 80, which leads to an http:// listener.',
      ),
      'tls-alpn-01',
    ),
    externalAccount: optional(
      object(
        {
          keyId: string({
            pattern: /^[!-~]{1,512}$/,
            maxLength: 512,
            means: 'the key identifier that the authority gave',
            describe: 'What the authority calls the key.',
          }),
          key: secret('Where the MAC key is kept that the authority gave, in base64url: `{env: NAME}`, `{file: PATH}` or `{secret: NAME}`.'),
        },
        'The account at the authority that this one is bound to (RFC 8555 7.3.4), where it asks for one.',
      ),
    ),
    trust: optional(
      string({
        pattern: NAME,
        maxLength: 64,
        means: 'the name of a trust store',
        describe: "The trust store that the authority's own server is checked with; left out: that of Node.",
      }),
    ),
  },
  'Certificates by ACME (RFC 8555), for the names that listeners list under `tls.acme`.',
)
export type AcmeSection = Infer<typeof acmeSettings>

/** RFC 8555 8.3 and RFC 8737 prove one name at a time: no wildcards, no addresses. */
const acmeName: Schema<string> = checked(string({ maxLength: 253, means: 'a host name in lower case' }), (text) => {
  if (text.startsWith('*.'))
    return { code: 'wildcard-name', message: 'a wildcard is proved in the DNS alone, which Gatehouse does not write to: list the names one by one' }
  return serverName(text) === text && text.includes('.') && !/(?:^|\.)[0-9]+$/.test(text) && !text.includes('_')
    ? undefined
    : { code: 'bad-name', message: `'${text}' is no host name in lower case that an authority could look at, such as shop.example.org` }
})
export const acmeNames: Schema<readonly string[]> = checked(
  list(acmeName, {
    min: 1,
    max: 100,
    describe:
      'Names that certificates are got for by ACME, one for each, as `gateway.acme` says. Until one is there, a certificate that nobody believes is shown.',
  }),
  (all) => {
    const again = all.findIndex((name, i) => all.indexOf(name) < i)
    return again < 0 ? undefined : { code: 'duplicate-item', message: `'${all[again]}' stands here twice`, at: [again] }
  },
)
