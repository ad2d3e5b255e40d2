// What the benchmark needs of a proxy: its version, what it cannot do, and how to start it on a piece of work.

import type { Child } from './children.ts'
import type { Work } from './work.ts'

export type Place = {
  /** Address of the upstream, host:port. */
  readonly upstream: string
  /** A folder of this start's own, for configuration, logs and data. */
  readonly folder: string
  readonly cores: readonly number[] | null
  readonly threads: number
}

export type Running = {
  readonly origin: string
  readonly child: Child
  /** Where one line of JSON per request goes, when the work asks for it. */
  readonly accessLog: string | null
  /** Where Gatehouse tells its metrics; other proxies have none here. */
  readonly control: string | null
  /** Who issued its certificate, as PEM, when it is asked over TLS. */
  readonly authority?: string | undefined
}

export type ProxyServer = {
  readonly name: string
  /** Version as the proxy tells it, or null when it is not installed. */
  version(): string | null
  /** Why this proxy, as installed, cannot do the work; null when it can. */
  cannot(work: Work): string | null
  start(work: Work, place: Place): Promise<Running>
}
