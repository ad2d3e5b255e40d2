// Asks for the addresses and services of names, without ever holding a thread: c-ares, after the machine's hosts file and in the order of its search domains.
import { lookup, type RecordWithTtl, type SrvRecord } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type Address, type Completion, completed, readCompletion, readHosts, textOf } from './machine-names.ts'

/** What a question brought, and how long it may be believed. */
export interface Answered<T> {
  readonly value: T
  readonly ttlMs: number
}
export interface Service {
  readonly host: string
  readonly port: number
  readonly priority: number
  readonly weight: number
}
/** Who can be asked. Both reject when nothing could be learnt, and when there is nothing to learn. */
export interface Questions {
  addresses(name: string): Promise<Answered<readonly Address[]>>
  services(name: string): Promise<Answered<readonly Service[]>>
  /** What is under way rejects. */
  cancel(): void
}

/** One try takes so long at first, and there are so many by server. */
const TRY_MS = 1000
const TRIES = 2
/** What has no time of its own: files of the machine, answers of its own resolver, and services, whose time Node does not tell. */
const FILE_MS = 5000
const UNTIMED_MS = 30_000
const SERVICES_MS = 10_000
const ADDRESSES_MAX = 256
const SERVICES_MAX = 256
/** RFC 2308: there is no such name, or nothing of this kind. */
const NEGATIVE: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA'])
/** Nobody is there to be asked. */
const UNASKED = 'ECONNREFUSED'
const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException).code ?? ''

export class DnsQuestions implements Questions {
  private readonly servers: readonly string[] | undefined
  private resolver: Resolver
  private conf = ''

  /** `servers`: in place of those of the machine. Then names are taken as they stand. */
  constructor(servers: readonly string[] | undefined) {
    this.servers = servers
    this.resolver = this.newResolver()
  }

  async addresses(name: string): Promise<Answered<readonly Address[]>> {
    const family = isIP(name)
    if (family !== 0) return { value: [{ address: name, family: family as 4 | 6 }], ttlMs: FILE_MS }
    // RFC 6761 6.3: these are for nobody else to say.
    if (name === 'localhost' || name.endsWith('.localhost')) return { value: await systemAddresses(name), ttlMs: UNTIMED_MS }
    const listed = readHosts(await textOf('/etc/hosts')).get(name)
    if (listed !== undefined) return { value: listed, ttlMs: FILE_MS }
    try {
      return await this.asked(name)
    } catch (cause) {
      // Names that the machine knows in further ways: mDNS, NIS, containers. Not where it was said who knows them.
      if (this.servers !== undefined || !(NEGATIVE.has(codeOf(cause)) || codeOf(cause) === UNASKED)) throw cause
      return { value: await systemAddresses(name), ttlMs: UNTIMED_MS }
    }
  }

  async services(name: string): Promise<Answered<readonly Service[]>> {
    await this.completion()
    const found = (await this.resolver.resolveSrv(name)).filter(isUsable)
    if (found.length === 0) throw Object.assign(new Error(`${name} has no services`), { code: 'ENODATA' })
    const value = found.slice(0, SERVICES_MAX).map(({ name: host, ...rest }) => ({ ...rest, host: host.toLowerCase().replace(/\.$/, '') }))
    return { value, ttlMs: SERVICES_MS }
  }

  cancel(): void {
    this.resolver.cancel()
  }

  private async asked(name: string): Promise<Answered<readonly Address[]>> {
    let last: unknown
    for (const whole of completed(name, await this.completion())) {
      try {
        return await this.askedFor(whole)
      } catch (cause) {
        // Who could not be asked might have known it: the next name could be somebody else's.
        if (!NEGATIVE.has(codeOf(cause))) throw cause
        last = cause
      }
    }
    throw last
  }

  /** Of both families. One that could not be asked for is a failure: an answer without it would take away what is in use. */
  private async askedFor(name: string): Promise<Answered<readonly Address[]>> {
    const [four, six] = await Promise.allSettled([this.resolver.resolve4(name, { ttl: true }), this.resolver.resolve6(name, { ttl: true })])
    const failed = [four, six].filter((each) => each.status === 'rejected').map(({ reason }) => reason as unknown)
    const unknown = failed.find((cause) => !NEGATIVE.has(codeOf(cause)))
    if (unknown !== undefined && (four.status === 'rejected' || four.value.length === 0)) throw unknown
    const records = [...told(four, 4), ...told(six, 6)].slice(0, ADDRESSES_MAX)
    if (records.length === 0) throw failed[0] ?? Object.assign(new Error(`${name} has no addresses`), { code: 'ENODATA' })
    return {
      value: records.map(({ address, family }) => ({ address, family })),
      ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1000,
    }
  }

  /** The machine's servers and search domains may change under a running gateway. */
  private async completion(): Promise<Completion> {
    if (this.servers !== undefined) return { search: [], dots: 0 }
    const conf = await textOf('/etc/resolv.conf')
    if (conf !== this.conf) {
      // Those who asked the one before are still answered.
      if (this.conf !== '') this.resolver = this.newResolver()
      this.conf = conf
    }
    return readCompletion(conf)
  }
  private newResolver(): Resolver {
    const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES })
    if (this.servers !== undefined) resolver.setServers(this.servers)
    return resolver
  }
}

const told = (answer: PromiseSettledResult<readonly RecordWithTtl[]>, family: 4 | 6): (Address & { readonly ttl: number })[] =>
  answer.status === 'fulfilled' ? answer.value.map(({ address, ttl }) => ({ address, ttl, family })) : []

/**
 * RFC 2782: "." is no service. A host of digits and dots is a name in DNS and an address to whoever connects: it would be connected to without a look-up, and
 * so without what guards those.
 */
const isUsable = ({ name, port }: SrvRecord): boolean =>
  port > 0 && /^(?=.{1,253}\.?$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?$/i.test(name)

/** What the machine's own resolver says. It holds one of few threads for as long as it takes. */
export const systemAddresses = (name: string): Promise<readonly Address[]> =>
  new Promise((resolve, reject) =>
    lookup(name, { all: true }, (error, found) =>
      error ? reject(error) : resolve(found.map(({ address, family }) => ({ address, family: family as 4 | 6 }))),
    ),
  )
