// Listener addresses: `http://127.0.0.1:8080`, read strictly to the address and port that will be bound, and what is shown there over TLS.
import type { Path } from '../../base/fault.ts'
import { formatIp, parseIp } from '../../base/ip.ts'
import { boolean, checked, either, type Infer, list, mapped, object, oneOf, optional, type Schema, string, withDefault } from '../../base/schema.ts'
import type { Listener, TlsProfileName } from '../../model/snapshot.ts'
import { transportSecurity } from '../../model/transport-security.ts'
import { acmeNames } from './acme-schema.ts'
import { listenerClients } from './client-trust.ts'

const URL_FORM = /^([a-z][a-z0-9+.-]*):\/\/(\[[^\]]*\]|[^/:?#@]*)(?::(\d{1,5}))?$/i

/** Where something listens, and in which scheme. */
interface Address extends Pick<Listener, 'host' | 'port'> {
  readonly scheme: 'http' | 'https'
}

/** `SCHEME://HOST:PORT`, HOST an address or `localhost`, without path. Port 0 lets the system choose. */
function listenerAddress(describe: string): Schema<Address> {
  const text = string({ maxLength: 256, means: 'an address such as http://127.0.0.1:8080', describe })
  return mapped(checked(text, faultOf), (written) => parseListener(written)!)
}
const pemFile = (describe: string) => string({ pattern: /^[^\0\r\n]+$/, maxLength: 4096, means: 'the path of a PEM file', describe })
const tlsOfListener = object(
  {
    certificates: optional(
      list(
        object({
          cert: pemFile('PEM: the certificate of the server, and behind it those of the authorities between it and the root.'),
          key: pemFile('PEM: its private key, which only the owner of the file may read.'),
          passphrase: optional(
            object(
              { file: pemFile('A file with the passphrase in its first line, which only its owner and group may read.') },
              'What the key is sealed with (PKCS #8); left out: it is not.',
            ),
          ),
        }),
        {
          min: 1,
          max: 1000,
          describe:
            'Chosen by the name that the client asks for (SNI); the first is for clients that ask for none. One name may have an ECDSA and an RSA certificate. Files are watched: new ones are shown without a restart.',
        },
      ),
    ),
    acme: optional(acmeNames),
    profile: optional(oneOf(['intermediate', 'modern'], '`intermediate`: TLS 1.2 and 1.3, by RFC 9325. `modern`: TLS 1.3 alone.'), 'intermediate'),
    clients: optional(listenerClients),
    hsts: optional(
      transportSecurity(
        'Strict-Transport-Security (RFC 6797) in every response of this listener: browsers then come by https alone. `false`: nothing is said. Left out: a year, unless the certificates are for localhost or addresses alone.',
      ),
    ),
    minVersion: optional(oneOf(['1.2', '1.3'], 'The oldest version of TLS that is spoken; `1.3` is what `profile: modern` says.')),
  },
  'TLS: certificates and versions.',
)
export type TlsSection = Infer<typeof tlsOfListener>
export const profileOf = ({ profile, minVersion }: TlsSection): TlsProfileName => (minVersion === '1.3' ? 'modern' : profile)

/** One listener as it is written. */
export interface ListenerSection extends Address {
  readonly tls?: TlsSection
  readonly https?: 'refuse' | 'redirect' | 'off'
  readonly proxyProtocol?: true
  readonly http2?: boolean
}

/** One listener of the gateway: the address alone, or an object with TLS. */
export const gatewayListener: Schema<ListenerSection> = checked(
  either(
    [
      listenerAddress('Where the gateway listens.'),
      mapped(
        object({
          address: listenerAddress('Where the gateway listens: `http://ADDRESS:PORT`, or `https://ADDRESS:PORT` together with `tls`.'),
          tls: optional(tlsOfListener),
          https: optional(
            oneOf(
              ['refuse', 'redirect', 'off'],
              'What becomes of requests in clear: `refuse` answers 403, because a redirect hides that a credential was sent in clear; `redirect` sends GET and HEAD to the first https:// listener, for browsers; `off` serves them. Left out: `refuse` where there is an https:// listener, else `off`.',
            ),
          ),
          http2: optional(
            boolean(
              'Whether HTTP/2 is spoken as well. Left out: over https:// it is (by ALPN), in clear it is not; `true` there serves clients that begin with it (prior knowledge).',
            ),
          ),
          proxyProtocol: optional(
            boolean(
              'True for a listener behind proxies that speak the PROXY protocol, version 1 or 2: every connection begins with its header, in front of TLS too, and comes from one of `gateway.trustedProxies`. Any other is closed.',
            ),
            false,
          ),
        }),
        ({ address, tls, https, http2 = address.scheme === 'https', proxyProtocol }): ListenerSection => ({
          ...address,
          ...(tls && { tls }),
          ...(https && { https }),
          http2,
          ...(proxyProtocol && { proxyProtocol }),
        }),
      ),
    ],
    'an address such as http://127.0.0.1:8080, or an object with the key address',
  ),
  tlsFault,
)
/** The control listener: an address in clear, or an object with TLS. */
const controlListener: Schema<ListenerSection> = checked(
  either(
    [
      listenerAddress('Where management API, metrics and health are served. Loopback, unless `exposed` is said.'),
      mapped(
        object({
          address: listenerAddress('Where the control listener listens: `https://ADDRESS:PORT` together with `tls`.'),
          tls: optional(tlsOfListener),
        }),
        ({ address, tls }): ListenerSection => ({ ...address, ...(tls && { tls }) }),
      ),
    ],
    'an address such as http://127.0.0.1:8081, or an object with the key address',
  ),
  (section: ListenerSection) =>
    tlsFault(section) ??
    (section.tls?.clients && {
      code: 'not-available',
      message: 'the control listener asks for no certificates of clients: people and tokens sign in',
      at: ['tls', 'clients'],
    }) ??
    (section.tls?.acme && {
      code: 'not-available',
      message: 'certificates of the control listener come from files: ACME is for listeners of the gateway',
      at: ['tls', 'acme'],
    }),
)
function tlsFault({ scheme, tls, https }: ListenerSection): { code: string; message: string; at?: Path } | undefined {
  if (scheme === 'https' && !tls)
    return {
      code: 'tls-missing',
      message: 'an https:// listener needs certificates: { address: https://..., tls: { certificates: [{ cert: FILE, key: FILE }] } }',
    }
  if (tls && !tls.certificates && !tls.acme)
    return { code: 'tls-missing', message: 'an https:// listener shows a certificate: of files, `certificates`, or got by ACME, `acme: [NAME]`', at: ['tls'] }
  if (scheme === 'https' && https)
    return { code: 'contradiction', message: "'https' says what becomes of requests in clear: an https:// listener has none", at: ['https'] }
  if (scheme === 'http' && tls) return { code: 'contradiction', message: "'tls' stands beside an http:// address, which is in clear: write https://" }
  if (tls?.profile === 'modern' && tls.minVersion === '1.2')
    return { code: 'contradiction', message: "profile: modern speaks TLS 1.3 alone, and 'minVersion' says 1.2", at: ['tls', 'minVersion'] }
  return undefined
}

/** Where people reach the console: an origin as browsers write it. In clear only on this machine, where nobody listens in. */
const consoleOrigin = checked(
  string({
    maxLength: 300,
    means: 'an origin such as https://gatehouse.example.org',
    describe:
      'Where people reach the console: `https://gatehouse.example.org`. A proxy in front that ends TLS passes on `Host` as it came. Left out: `http://localhost` at the port of `listen`; where that is https://, the first name of its first certificate, or `https://localhost` where it has that name and listens on loopback.',
  }),
  (text) => {
    const url = URL.parse(text)
    if (url === null || url.origin !== text || (url.protocol !== 'https:' && url.protocol !== 'http:'))
      return {
        code: 'bad-origin',
        message: "'origin' is scheme, host and perhaps port, in lower case and with nothing after it: https://gatehouse.example.org",
      }
    const isOwn = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
    return url.protocol === 'http:' && !isOwn
      ? { code: 'origin-in-clear', message: 'over http:// passwords and sessions would cross the network in clear: let people come by https://' }
      : undefined
  },
)

/** Where Gatehouse is managed. */
export const controlSettings = object(
  {
    listen: withDefault(controlListener, 'http://127.0.0.1:8081'),
    exposed: optional(
      boolean(
        'True allows `listen` to be another address than loopback: whoever reaches it can try to manage this gateway. In clear it takes `origin`: from other machines everything but health is then answered under that name alone. `/metrics` then takes a credential with `system:read`.',
      ),
      false,
    ),
    origin: optional(consoleOrigin),
    secondFactor: optional(
      oneOf(['everyone', 'writers', 'nobody'], 'Who needs a second factor, or a passkey, to sign in: everyone, whoever may change something, or nobody.'),
      'writers',
    ),
    adminToken: optional(
      oneOf(
        ['switchable', 'always'],
        '`switchable`: owners can switch the admin token off while one of them is active. `always`: it counts however it was switched; for who is locked out.',
      ),
      'switchable',
    ),
  },
  'The control listener: management API, `/metrics`, `/livez`, `/readyz`.',
)
export type ControlSection = Infer<typeof controlSettings>

function faultOf(written: string): { code: string; message: string } | undefined {
  if (parseListener(written)) return undefined
  return {
    code: 'bad-listener',
    message: 'a listener is http://ADDRESS:PORT or https://ADDRESS:PORT: an IP address (IPv6 in brackets) or localhost, a port, and nothing after it',
  }
}

function parseListener(written: string): Address | undefined {
  const parts = URL_FORM.exec(written)
  const scheme = parts?.[1]?.toLowerCase()
  if (!parts || (scheme !== 'http' && scheme !== 'https')) return undefined
  const port = parts[3] === undefined ? (scheme === 'http' ? 80 : 443) : Number(parts[3])
  if (port > 65535 || (parts[3] !== undefined && parts[3] !== String(port))) return undefined
  const name = parts[2]!
  if (name === 'localhost') return { scheme, host: '127.0.0.1', port }
  const octets = name.startsWith('[') ? parseIp(name.slice(1, -1)) : parseIp(name)
  if (!octets || (octets.length === 16) !== name.startsWith('[')) return undefined
  return { scheme, host: formatIp(octets), port }
}
