// What a case asks of a proxy, said once and neutrally; every proxy turns the same work into its own configuration.

import { createHash } from 'node:crypto'

/** A prefix of paths, removed on the way to the upstream. With templates, only what they match is routed and all else is 404. */
export type Route = { readonly prefix: string; readonly templates: readonly string[] | null }

export type Key = { readonly consumer: string; readonly secret: string }

/** A limit by the caller's address or by the consumer that its key names. */
export type Limit = { readonly requests: number; readonly windowSeconds: number; readonly by: 'address' | 'consumer' }

/** One request that the load generator sends; `path` is what the upstream must see after the prefix is gone. */
export type Call = { readonly method: 'GET' | 'POST'; readonly prefix: string; readonly path: string; readonly key: Key | null; readonly body: string | null }

export type Work = {
  readonly routes: readonly Route[]
  /** Networks that are refused; empty: no such list. */
  readonly deny: readonly string[]
  /** Keys that are accepted; empty: no key is asked for. */
  readonly keys: readonly Key[]
  readonly limit: Limit | null
  /** Whether one line of JSON per request is written to a file. */
  readonly log: boolean
  readonly calls: readonly Call[]
  /** What Gatehouse's API has besides, as its file has it; the others know nothing of it. */
  readonly api?: object
  /** Absent: the proxy is asked in clear. */
  readonly tls?: TlsWork
  /** And over HTTP/2; the proxy speaks HTTP/1.1 beside it. */
  readonly http2?: boolean
}

/** Requests come over TLS: the version that the load offers, and what the proxy shows. */
export type TlsWork = {
  readonly version: TlsVersion
  /** Files in PEM form. */
  readonly certificate: string
  readonly key: string
  /** Who issued the certificate, as PEM. */
  readonly authority: string
}
export type TlsVersion = '1.2' | '1.3'

/** High enough that no round meets it, low enough that no proxy rounds its pace to nothing: 100,000 a second. */
export const limitOutOfReach = { requests: 6_000_000, windowSeconds: 60 } as const

/** The caller's address that the deny list holds: loopback, so that the check of the list can really come from it. */
export const deniedAddress = '127.99.0.1'

/** 50 networks: one that the check comes from, and 49 of the documentation and benchmarking ranges (RFC 5737, RFC 2544) that never match. */
export const denyList: readonly string[] = [
  '127.99.0.0/24',
  '192.0.2.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
  ...Array.from({ length: 46 }, (_, index) => `198.18.${index * 5}.0/${24 + (index % 9)}`),
]

/** Keys that are the same in every run: a benchmark's secrets guard nothing. */
export function benchKeys(count: number): Key[] {
  return Array.from({ length: count }, (_, index) => ({
    consumer: `consumer-${index}`,
    secret: createHash('sha256').update(`bench key ${index}`).digest('base64url'),
  }))
}

/** A JSON text of exactly 1,024 octets: what the upstream answers and what POST sends. */
export const oneKilobyte = paddedTo(1024)

function paddedTo(octets: number): string {
  const book = (note: string) => JSON.stringify({ title: 'The Left Hand of Darkness', pages: 304, note })
  return book('x'.repeat(octets - book('').length))
}
