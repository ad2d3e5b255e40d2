// The `tls` of an upstream: whom its certificate must come from and name, what is shown to it, and the one switch that turns all of it off.
import { formatIp, parseIp } from '../../base/ip.ts'
import { boolean, checked, described, either, type Infer, list, mapped, object, oneOf, optional, type Schema, string } from '../../base/schema.ts'
import { serverName } from '../../certificates/server-names.ts'
import { NAME } from './consumer-schema.ts'

const pemFile = (describe: string) => string({ pattern: /^[^\0\r\n]+$/, maxLength: 4096, means: 'the path of a PEM file', describe })

/** The name of a trust store, or a file. */
export type AuthoritiesSection = { readonly named: string } | { readonly file: string }
const authorities: Schema<AuthoritiesSection> = either(
  [
    mapped(
      string({
        pattern: NAME,
        maxLength: 64,
        means: 'the name of a trust store; a file is written {file: PATH}',
        describe: 'The name of one of the `trustStores`.',
      }),
      (named) => ({ named }),
    ),
    object({ file: pemFile('PEM: the certificates of the authorities.') }),
  ],
  'the name of a trust store, or {file: PATH}',
)

/** RFC 7469 2.4, in the form that browsers and curl write: `sha256/` and the base64 of 32 octets. */
const PIN = /^sha256\/[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/

/** As it is compared with what a certificate names; undefined for what none can name. */
function hostNamed(text: string): string | undefined {
  const octets = parseIp(text)
  if (octets !== undefined) return formatIp(octets)
  const name = serverName(text)
  return name?.startsWith('*') ? undefined : name
}

const settings = object(
  {
    ca: optional(
      described('The only authorities that are believed: the name of one of the `trustStores`, or a file. Left out: those that Node brings.', authorities),
    ),
    certificate: optional(
      object(
        {
          cert: pemFile('PEM: the certificate of this gateway, and behind it those of the authorities between it and the root.'),
          key: pemFile('PEM: its private key, which only the owner of the file may read.'),
          passphrase: optional(
            object(
              { file: pemFile('A file with the passphrase in its first line, which only its owner and group may read.') },
              'What the key is sealed with (PKCS #8); left out: it is not.',
            ),
          ),
        },
        'What the gateway shows of itself to an upstream that asks (mTLS).',
      ),
    ),
    pins: optional(
      list(
        string({
          pattern: PIN,
          maxLength: 51,
          means: 'a pin such as sha256/ and 44 characters of base64',
          describe: '`sha256/BASE64` of a subjectPublicKeyInfo.',
        }),
        {
          min: 1,
          max: 20,
          describe:
            'Besides all else, the chain must hold one of these keys: that of the server, or of an authority above it. Name the next key too, so that a renewal does not lock you out.',
        },
      ),
    ),
    serverName: optional(
      mapped(
        checked(
          string({
            maxLength: 253,
            means: 'a DNS name or an IP address',
            describe: 'The name that is asked for (SNI) and that the certificate must have. Left out: the host of the address.',
          }),
          (text) =>
            hostNamed(text) === undefined
              ? { code: 'bad-host', message: `'${text}' is no DNS name and no IP address that a certificate could name` }
              : undefined,
        ),
        (text) => hostNamed(text)!,
      ),
    ),
    minVersion: optional(oneOf(['1.2', '1.3'], 'The oldest version of TLS that is spoken.'), '1.2'),
    crl: optional(
      described(
        'Files of revocation lists. With any, each authority of the chain needs one that is in force.',
        either(
          [
            mapped(pemFile('PEM: one or more revocation lists.'), (file): readonly string[] => [file]),
            list(pemFile('PEM: one or more revocation lists.'), { min: 1, max: 20, describe: 'Files of revocation lists.' }),
          ],
          'the path of a PEM file, or a list of them',
        ),
      ),
    ),
    insecure: optional(
      boolean(
        'True: nobody looks whose certificate it is, and whoever is on the way can read and change everything. Every load, `gatehouse check`, the start and the metrics say so. For trying out.',
      ),
      false,
    ),
  },
  'TLS to the upstream. Its certificate is verified, by the authorities that Node brings where `ca` names none.',
)
export type UpstreamTlsSection = Infer<typeof settings>

export const upstreamTls: Schema<UpstreamTlsSection> = checked(settings, ({ insecure, ca, pins, crl }) => {
  if (!insecure) return undefined
  const [idle] = Object.entries({ ca, pins, crl }).find(([, value]) => value !== undefined) ?? []
  return idle === undefined
    ? undefined
    : { code: 'contradiction', message: `with 'insecure' nothing is verified, and '${idle}' would mean nothing`, at: [idle] }
})

/** What holds for an https:// address that says nothing of TLS. */
export const plainTls: UpstreamTlsSection = upstreamTls.read({}, [], [])
