// The `upstream` of an API: an address, or an address with how it is used.
import type { Path } from '../../base/fault.ts'
import { boolean, checked, described, duration, either, integer, mapped, object, oneOf, optional, type Schema, string, withDefault } from '../../base/schema.ts'
import type { Upstream } from '../../model/snapshot.ts'
import { balance } from './balance-schema.ts'
import { circuit, deadlineField, fallback, health, limits, operations, resilienceOf, retries, total } from './resilience-schema.ts'
import { type TargetSection, targets } from './target-schema.ts'
import { parseUpstream, type UpstreamTarget } from './upstream-target.ts'
import { plainTls, type UpstreamTlsSection, upstreamTls } from './upstream-tls-schema.ts'

/** An upstream as it is written. */
export interface UpstreamSection extends Omit<Upstream, 'tls' | 'reach' | 'targets'> {
  /** Its addresses, and where each stands below the API's `upstream`, for faults about it. */
  readonly addresses: readonly { readonly host: string; readonly port: number; readonly at: Path }[]
  /** Absent: it has one address, and no more is said of it. */
  readonly targets?: readonly TargetSection[]
  /** Of an https:// address. */
  readonly tls?: UpstreamTlsSection
}

const target: Schema<UpstreamTarget> = mapped(
  checked(
    string({
      maxLength: 2048,
      means: 'an address such as http://127.0.0.1:9001',
      describe: 'Where requests go: `https://HOST:PORT` or `http://HOST:PORT`, and a path that is put in front of every request.',
    }),
    (text) => {
      const parsed = parseUpstream(text)
      return 'code' in parsed ? parsed : undefined
    },
  ),
  (text) => parseUpstream(text) as UpstreamTarget,
)

const minute = 60_000
const settings = object(
  {
    url: optional(target),
    targets: optional(targets),
    protocol: optional(
      oneOf(
        ['http/1.1', 'http/2'],
        'What the upstream speaks. `http/2` for gRPC: requests are streams of one connection, agreed on by ALPN over https://, in clear with prior knowledge; WebSocket is not forwarded.',
      ),
      'http/1.1',
    ),
    preserveHost: optional(boolean("Sends the client's `Host` instead of the target's."), false),
    connections: optional(integer({ min: 1, max: 65536, describe: 'Most connections to each target, per gateway thread.' }), 256),
    queue: optional(
      integer({ min: 0, max: 1_000_000, describe: 'Requests that may wait for a connection to a target, per gateway thread; above it 503.' }),
      1024,
    ),
    timeouts: withDefault(
      object(
        {
          connect: withDefault(duration({ minMs: 1, maxMs: 5 * minute, describe: 'Until a connection stands.' }), '2s'),
          head: withDefault(duration({ minMs: 1, maxMs: 60 * minute, describe: 'Until the head of the response is there.' }), '30s'),
          idle: withDefault(duration({ minMs: 1, maxMs: 24 * 60 * minute, describe: 'Longest silence inside a response body.' }), '30s'),
          events: withDefault(
            duration({
              minMs: 1,
              maxMs: 24 * 60 * minute,
              describe: 'The same for a response of Server-Sent Events (`text/event-stream`), of which silence is part.',
            }),
            '5m',
          ),
          total: optional(total),
          deadlineField: optional(deadlineField),
          keepAlive: withDefault(duration({ minMs: 0, maxMs: 60 * minute, describe: 'How long an unused connection is kept.' }), '15s'),
        },
        'How long the gateway waits for the upstream.',
      ),
      {},
    ),
    balance: optional(balance),
    health: optional(health),
    retries: optional(retries),
    circuit: optional(circuit),
    limits: optional(limits),
    fallback: optional(fallback),
    operations: optional(operations),
    tls: optional(upstreamTls),
  },
  'An upstream with how it is used.',
)

const whole = checked(settings, ({ url, targets: several, balance: among, tls }) => {
  if ((url === undefined) === (several === undefined))
    return { code: 'upstream-address', message: "an upstream has one address, under the key 'url', or several, under the key 'targets'" }
  if (among !== undefined && several === undefined)
    return { code: 'contradiction', message: "'balance' says which target is next, and there is one address: write 'targets'", at: ['balance'] }
  if (tls !== undefined && (url ?? several![0]!).scheme === 'http')
    return { code: 'contradiction', message: "'tls' stands beside an http:// address, which is in clear: write https://", at: ['tls'] }
  // RFC 9525 6.1: what is verified is the name that was meant, and never one that an unproven answer of DNS gave in its place.
  if (several?.some(({ isSrv, scheme }) => isSrv && scheme === 'https') && tls?.serverName === undefined && !tls?.insecure)
    return {
      code: 'srv-unnamed',
      message: "hosts out of SRV records are names that DNS gave, and nothing proves them: say in 'tls.serverName' which name their certificates must have",
      at: ['targets'],
    }
  return undefined
})

/** Defaults are said once, in the object form: the plain form is read as `{url: ...}`. */
const plain: Schema<UpstreamSection> = {
  json: target.json,
  fits: target.fits,
  read(value, path, faults) {
    const read = target.read(value, path, faults)
    return read && section({ ...settings.read({ url: value }, path, []), url: read }, [])
  },
}

function section(read: ReturnType<typeof settings.read>, addressAt: Path): UpstreamSection {
  const { protocol, preserveHost, connections, queue, timeouts, balance: among, tls = plainTls } = read
  const { scheme, host, port, basePath } = read.url ?? read.targets![0]!
  return {
    ...{ host, port, basePath },
    ...(protocol === 'http/2' && { http2: true }),
    preserveHost,
    connections,
    queue,
    timeouts: { connectMs: timeouts.connect, headMs: timeouts.head, idleMs: timeouts.idle, eventsMs: timeouts.events, keepAliveMs: timeouts.keepAlive },
    addresses: read.targets
      ? read.targets.flatMap((each, i) => (each.isSrv ? [] : [{ host: each.host, port: each.port, at: ['targets', i, ...each.addressAt] }]))
      : [{ host, port, at: addressAt }],
    ...(read.targets && { targets: read.targets }),
    ...(among && { balance: among }),
    ...resilienceOf(read),
    ...(scheme === 'https' && { tls }),
  }
}

/** An upstream as an object: the form of one that has a name. */
export const upstreamSettings: Schema<UpstreamSection> = mapped(whole, (read) => section(read, ['url']))

export const upstream: Schema<UpstreamSection> = described(
  'Where requests go: `https://HOST:PORT` or `http://HOST:PORT`, or an object with how the upstream is used.',
  either([plain, upstreamSettings], 'an address such as http://127.0.0.1:9001, or an object with the key url'),
)
