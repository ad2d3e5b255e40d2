// Listener addresses: `http://127.0.0.1:8080`, read strictly to the address and port that will be bound.
import { formatIp, parseIp } from '../../base/ip.ts'
import { boolean, checked, either, type Infer, mapped, object, oneOf, optional, reserved, type Schema, string, withDefault } from '../../base/schema.ts'
import type { Listener } from '../../model/snapshot.ts'

const URL_FORM = /^([a-z][a-z0-9+.-]*):\/\/(\[[^\]]*\]|[^/:?#@]*)(?::(\d{1,5}))?$/i

/** `http://HOST:PORT`, HOST an address or `localhost`, without path. Port 0 lets the system choose. */
function listenerAddress(describe: string): Schema<Listener> {
  const text = string({ maxLength: 256, means: 'an address such as http://127.0.0.1:8080', describe })
  return mapped(checked(text, faultOf), (written) => parseListener(written)!)
}

/** One listener of the gateway: the address alone, or an object that will also hold TLS and the PROXY protocol. */
export const gatewayListener: Schema<Listener> = either(
  [
    listenerAddress('Where the gateway listens.'),
    mapped(
      object({
        address: listenerAddress('Where the gateway listens.'),
        tls: reserved('not-available', 'is not available yet: TLS on listeners comes with a later version'),
        proxyProtocol: reserved('not-available', 'is not available yet: the PROXY protocol comes with a later version'),
      }),
      ({ address }) => address,
    ),
  ],
  'an address such as http://127.0.0.1:8080, or an object with the key address',
)

/** Where people reach the console: an origin as browsers write it. In clear only on this machine, where nobody listens in. */
const consoleOrigin = checked(
  string({
    maxLength: 300,
    means: 'an origin such as https://gatehouse.example.org',
    describe:
      'Where people reach the console, when a proxy in front ends TLS: `https://gatehouse.example.org`. The proxy passes on `Host` as it came. Left out: `http://localhost` at the port of `listen`.',
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
    listen: withDefault(listenerAddress('Where management API, metrics and health are served. Loopback, unless `exposed` is said.'), 'http://127.0.0.1:8081'),
    exposed: optional(
      boolean(
        'True allows `listen` to be another address than loopback: whoever reaches it can try to manage this gateway. It takes `origin`: from other machines everything but health is answered under that name alone. `/metrics` then takes a credential with `system:read`.',
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
export type ControlSettings = Infer<typeof controlSettings>

function faultOf(written: string): { code: string; message: string } | undefined {
  const scheme = URL_FORM.exec(written)?.[1]?.toLowerCase()
  if (scheme === 'https')
    return { code: 'not-available', message: 'https:// listeners are not available yet: TLS comes with a later version; listen on http://' }
  if (parseListener(written)) return undefined
  return { code: 'bad-listener', message: 'a listener is http://ADDRESS:PORT: an IP address (IPv6 in brackets) or localhost, a port, and nothing after it' }
}

function parseListener(written: string): Listener | undefined {
  const parts = URL_FORM.exec(written)
  if (parts?.[1]?.toLowerCase() !== 'http') return undefined
  const port = parts[3] === undefined ? 80 : Number(parts[3])
  if (port > 65535 || (parts[3] !== undefined && parts[3] !== String(port))) return undefined
  const name = parts[2]!
  if (name === 'localhost') return { host: '127.0.0.1', port }
  const octets = name.startsWith('[') ? parseIp(name.slice(1, -1)) : parseIp(name)
  if (!octets || (octets.length === 16) !== name.startsWith('[')) return undefined
  return { host: formatIp(octets), port }
}
