// The `gateway` section: listeners, limits and times that hold for all APIs, with their defaults and bounds.
import { formatIp, parseIp } from '../../base/ip.ts'
import {
  checked,
  described,
  duration,
  either,
  type Infer,
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
import { acmeSettings } from './acme-schema.ts'
import { forwardedClients } from './client-trust.ts'
import { gatewayListener } from './listener.ts'
import { trustedNetwork } from './network-schema.ts'
import { ZONE, ZONE_MEANS } from './target-schema.ts'

const accessLog = either(
  [
    oneOf(['stdout', 'off']),
    object({
      file: checked(string({ describe: 'File of JSON lines; relative to the configuration file.' }), (file) =>
        file === '' ? { code: 'empty', message: 'the file of the access log has no name' } : undefined,
      ),
    }),
  ],
  'stdout, off, or {file: PATH}',
)

const limits = object(
  {
    head: withDefault(size({ minBytes: 1024, maxBytes: 256 * 1024, describe: 'Largest request head, request line included; above it 431.' }), '16KiB'),
    target: withDefault(size({ minBytes: 256, maxBytes: 64 * 1024, describe: 'Longest request target; above it 414.' }), '8KiB'),
    fields: optional(integer({ min: 8, max: 256, describe: 'Most field lines in a head; above it 431.' }), 100),
    body: withDefault(
      size({ minBytes: 0, maxBytes: 64 * 1024 ** 3, describe: 'Largest request body where no `request-size` policy says otherwise; above it 413.' }),
      '10MiB',
    ),
    connections: optional(integer({ min: 1, max: 1_000_000, describe: 'Most open client connections of the whole process.' }), 65536),
    connectionsPerAddress: optional(
      integer({ min: 1, max: 1_000_000, describe: 'Most open client connections of one address (an IPv6 /64); trusted proxies are exempt.' }),
      4096,
    ),
  },
  'What one client may ask of the gateway.',
)

const second = 1000
const hour = 3600 * second
const timeouts = object(
  {
    head: withDefault(duration({ minMs: 100, maxMs: hour, describe: 'From the start of a request to the end of its head.' }), '10s'),
    idle: withDefault(
      duration({ minMs: 100, maxMs: hour, describe: 'Between two requests on one connection, and of a client that does not read its response.' }),
      '60s',
    ),
    stall: withDefault(duration({ minMs: 100, maxMs: hour, describe: 'Longest silence inside a request body.' }), '15s'),
    drain: withDefault(duration({ minMs: 0, maxMs: hour, describe: 'How long SIGTERM lets open requests finish.' }), '10s'),
  },
  'How long the gateway waits for a client.',
)

const authenticationFailures = object(
  {
    limit: optional(
      integer({ min: 1, max: 1_000_000, describe: 'Wrong credentials that one address may show in the window before it is refused unheard.' }),
      100,
    ),
    window: withDefault(duration({ minMs: second, maxMs: 24 * hour, describe: 'The window.' }), '1m'),
  },
  'Slows down the guessing of credentials, before any of them is looked at.',
)

const cache = object(
  {
    memory: withDefault(
      size({
        minBytes: 0,
        maxBytes: 64 * 1024 ** 3,
        describe: 'Most memory for stored responses, of all gateway threads together: each has its share and stores for itself.',
      }),
      '64MiB',
    ),
    entries: optional(integer({ min: 0, max: 10_000_000, describe: 'Most targets with stored responses, of all gateway threads together.' }), 65_536),
  },
  'What `response-cache` policies may take up.',
)

/** `10.0.0.53`, `10.0.0.53:5353`, `[2001:db8::53]:53`; the port is 53 where none is said. */
function dnsServerOf(text: string): string | undefined {
  const [, inBrackets, plain, port = '53'] = /^(?:\[([^\]]*)\]|([0-9.]+))(?::([1-9]\d{0,4}))?$/.exec(text) ?? ['', undefined, text]
  const octets = parseIp(inBrackets ?? plain!)
  if (octets === undefined || Number(port) > 65535 || (inBrackets !== undefined && octets.length === 4)) return undefined
  return octets.length === 4 ? `${formatIp(octets)}:${port}` : `[${formatIp(octets)}]:${port}`
}
const dnsServer: Schema<string> = mapped(
  checked(
    string({
      maxLength: 64,
      means: 'an address such as 10.0.0.53, 10.0.0.53:5353 or [2001:db8::53]:53',
      describe: '`ADDRESS` or `ADDRESS:PORT`, IPv6 with a port in brackets.',
    }),
    (text) =>
      dnsServerOf(text) === undefined
        ? { code: 'bad-value', message: `'${text}' is no address of a DNS server: it is an IP address, with :PORT behind it where that is not 53` }
        : undefined,
  ),
  (text) => dnsServerOf(text)!,
)
const dns = object(
  {
    servers: list(dnsServer, {
      min: 1,
      max: 8,
      describe: 'Who is asked, in place of the servers of the machine. Names are taken as they stand, without its search domains; its hosts file still counts.',
    }),
  },
  'Who is asked for the addresses of upstreams.',
)

export const gatewaySettings = object(
  {
    listen: withDefault(list(gatewayListener, { min: 1, max: 64, describe: 'Addresses to serve: `http://ADDRESS:PORT`, or objects with the key `address`.' }), [
      'http://127.0.0.1:8080',
    ]),
    threads: withDefault(
      described(
        'Gateway threads that share the listeners; `auto` is one for each core.',
        either([oneOf(['auto']), integer({ min: 1, max: 64 })], 'auto or a whole number'),
      ),
      'auto',
    ),
    trustedProxies: optional(
      list(trustedNetwork, {
        describe: 'Networks of the proxies in front of this gateway, and names of `addressLists`. Nobody else is believed about where a request came from.',
      }),
      [],
    ),
    forwardedCertificates: optional(forwardedClients),
    accessLog: withDefault(described('Where access events go, as JSON lines: `stdout`, `off`, or `{file: PATH}`.', accessLog), { file: './data/access.log' }),
    zone: optional(
      string({
        pattern: ZONE,
        maxLength: 64,
        means: ZONE_MEANS,
        describe:
          'Where this gateway stands, as targets of upstreams say of themselves: those of the same zone are preferred while enough of them take requests.',
      }),
    ),
    dns: optional(dns),
    limits: withDefault(limits, {}),
    timeouts: withDefault(timeouts, {}),
    minBodyRate: withDefault(
      size({ minBytes: 0, maxBytes: 1024 ** 3, describe: 'The least that a request body must bring per second, on average after the first `timeouts.stall`.' }),
      '256B',
    ),
    authenticationFailures: withDefault(authenticationFailures, {}),
    cache: withDefault(cache, {}),
    acme: optional(acmeSettings),
  },
  'The gateway: where it listens, and what holds for all APIs.',
)
export type GatewaySection = Infer<typeof gatewaySettings>
