// The snapshot: one whole configuration as plain data, resolved and checked, ready to be compiled by every gateway thread.
import type { Resilience } from './resilience.ts'

/** Everything the data plane needs to serve, immutable and swapped whole. Plain JSON: it is handed to threads and saved for the next start. */
export interface Snapshot {
  readonly gateway: GatewaySettings
  /** Versions are APIs of their own, `bookshop@v1`. */
  readonly apis: readonly Api[]
  /** Absent: no API has versions at one place. */
  readonly fronts?: readonly VersionFront[]
  /** Documents that the gateway serves itself, where no API has the path. */
  readonly documents?: readonly WellKnownDocument[]
  /** What upstreams under TLS are held to, by digest: many of them have the same. Absent: none is under TLS. */
  readonly upstreamTrust?: { readonly [digest: string]: UpstreamTrust }
}

/** Versions that stand at one place and are told apart by what the request says. Path versions need none: each has a place of its own. */
export interface VersionFront {
  readonly name: string
  readonly hosts: readonly string[]
  readonly path: string
  readonly by: VersionSelector
  /** The version of requests that name none; absent: they are refused. */
  readonly default?: string
  /** Name of the version, and of its API in this snapshot. */
  readonly versions: readonly { readonly name: string; readonly api: string }[]
}
/** Where a request says which version it means. A media type is `before`, the version, `after`. */
export type VersionSelector =
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string }
  | { readonly kind: 'mediaType'; readonly before: string; readonly after: string }

/** One document under /.well-known/. */
export interface WellKnownDocument {
  readonly path: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

/** Some requests of an API go to another one. */
export interface Canary {
  /** Name of the API in this snapshot. */
  readonly to: string
  /** Of 10,000 callers, so many; which ones depends on the caller and the two names alone, so every thread and node agrees. */
  readonly share: number
  readonly header?: { readonly name: string; readonly value: string }
  readonly consumers: readonly string[]
}

/** What holds for all listeners. Sizes in bytes, times in milliseconds. */
export interface GatewaySettings {
  readonly listen: readonly Listener[]
  /** How many gateway threads: `auto` was already turned into the number of cores. */
  readonly threads: number
  /** CIDRs of peers whose `Forwarded`/`X-Forwarded-For` are believed. */
  readonly trustedProxies: readonly string[]
  /** Who is believed about certificates that these peers forward; absent: none is read. */
  readonly forwardedCertificates?: ClientTrust
  /** Where access events go as JSON lines: a file's absolute path, the standard output, or nowhere. */
  readonly accessLog: { readonly file: string } | 'stdout' | 'off'
  /** Where this gateway stands: targets of the same zone are preferred. */
  readonly zone?: string
  /** Who is asked for the addresses of upstreams, as `ADDRESS:PORT`. Absent: whom the machine asks. */
  readonly dnsServers?: readonly string[]
  readonly limits: GatewayLimits
  readonly timeouts: GatewayTimeouts
  /** How many wrong credentials one address may show before it is refused unheard (hardening: "Deny by default, really"). */
  readonly authenticationFailures: { readonly limit: number; readonly windowMs: number }
  /** What stored responses may take up, of all gateway threads together. */
  readonly cache: { readonly octets: number; readonly keys: number }
}

export interface Listener {
  readonly host: string
  readonly port: number
  /** Absent: what comes here comes in clear. */
  readonly tls?: ListenerTls
  /** Every connection begins with a header of the PROXY protocol, and comes from a trusted proxy. */
  readonly proxyProtocol?: true
  /** HTTP/2 is spoken as well: where the handshake of TLS agrees on it, and in clear with those who begin with it (RFC 9113 3.3). */
  readonly http2?: boolean
  /** Absent: what comes in clear is served. */
  readonly inClear?: InClear
}
/** Requests in clear are refused; with a port, those that only read are sent to it over https. */
export interface InClear {
  readonly redirectPort?: number
}
export interface ListenerTls {
  readonly profile: TlsProfileName
  /** One at least; the first is shown to clients that ask for no name, or for one that none of them has. */
  readonly certificates: readonly ServerCertificate[]
  /** Names are proved here to an ACME server by TLS-ALPN-01. */
  readonly provesNames?: true
  /** Absent: clients are asked for no certificate. */
  readonly clients?: ListenerClients
  /** The value of Strict-Transport-Security (RFC 6797), said in every response. Absent: nothing is said. */
  readonly transportSecurity?: string
}
/** Clients are asked for a certificate; `required`: a request without one that is believed is refused, whatever it asks for. */
export interface ListenerClients extends ClientTrust {
  readonly mode: 'optional' | 'required'
}
/** Who is believed about clients, and what was taken back. */
export interface ClientTrust {
  /** Changes with everything below: equal, nothing to judge anew. */
  readonly id: string
  /** Certificates of authorities in PEM form. */
  readonly authorities: readonly string[]
  /** By lower-case hex SHA-256 of an authority's certificate: the names of the trust stores that hold it. */
  readonly stores: { readonly [thumbprint: string]: readonly string[] }
  /** Absent: nobody looks whether a certificate was revoked. */
  readonly revocation?: { readonly lists: readonly RevocationList[]; readonly stalenessMs: number }
  /** Responders are asked (OCSP) about what no list covers. Absent: none is. */
  readonly online?: OnlineStatus
}
export interface OnlineStatus {
  /** Absent: the one that a certificate names. */
  readonly responder?: string
  /** Whether a certificate is taken of which nothing can be learnt. */
  readonly takesUnknown: boolean
  readonly stalenessMs: number
}
/** A certificate revocation list whose signature was verified. */
export interface RevocationList {
  /** The authority whose certificates it is about, as `certificates/certificate.ts` names it. */
  readonly authority: string
  readonly fromMs: number
  /** When the next list was promised for. */
  readonly nextMs: number
  /** Memory of a `certificates/serial-table.ts`. */
  readonly serials: SharedArrayBuffer
  readonly scope: 'all' | 'clients' | 'authorities'
  /** It is only about certificates that name one of these addresses as the place of their list; empty: about all of its scope. */
  readonly listedAt: readonly string[]
}
export type TlsProfileName = 'modern' | 'intermediate'

/** A certificate that a listener can show, and its key. */
export interface ServerCertificate {
  /** The certificates in PEM form, the server's own first, without the authority that clients must have themselves. */
  readonly chain: string
  /** The private key in PEM form (PKCS #8). */
  readonly key: string
  readonly algorithm: 'ecdsa' | 'rsa' | 'ed25519'
  /** Lower case, wildcards as `*.example.org`, addresses in canonical form. */
  readonly names: readonly string[]
  /** Milliseconds since the epoch: the first instant at which one of the chain is no longer valid. */
  readonly expiresMs: number
  /** Lower-case hex SHA-256 of the server's own certificate. */
  readonly thumbprint: string
  /** It stands in for one that ACME has not got yet: nobody believes it. */
  readonly isTemporary?: true
}

export interface GatewayLimits {
  /** Whole request head, request line included; above it 431. */
  readonly headBytes: number
  /** Request target; above it 414. */
  readonly targetBytes: number
  /** Field lines in a head; above it 431. */
  readonly fields: number
  /** Request body where no `request-size` policy says less; above it 413. */
  readonly bodyBytes: number
  /** Open client connections of the whole process; above it a new one is closed at once. */
  readonly connections: number
  /** Open client connections of one address (an IPv6 /64); trusted proxies are exempt. */
  readonly connectionsPerAddress: number
}

export interface GatewayTimeouts {
  /** From the first byte of a request (or the connection's start) to the end of its head. */
  readonly headMs: number
  /** Between two requests on a kept connection, and the longest that a client may not read of its response. */
  readonly idleMs: number
  /** The longest silence inside a request body. */
  readonly stallMs: number
  /** The least that a request body must bring, averaged after the first `stallMs`. */
  readonly bodyBytesPerSecond: number
  /** How long SIGTERM lets open requests finish. */
  readonly drainMs: number
}

/** One API: where it is reached, what protects it, where it goes. */
export interface Api {
  readonly name: string
  /** Which version of which API this is; absent: an API without versions. */
  readonly version?: { readonly of: string; readonly name: string }
  /** What a consumer's list must hold one of; absent: the API's name. */
  readonly grants?: readonly string[]
  /** What the answer depends on beside the target, for caches (RFC 9110 12.5.5). */
  readonly vary?: string
  readonly canary?: Canary
  readonly mirror?: Mirror
  /** `front`: reached through a `VersionFront`; `canary`: reached through a canary alone; absent: at its place. */
  readonly reached?: 'front' | 'canary'
  /** SHA-256 over the rest of this object in canonical form: equal hash, nothing to recompile. */
  readonly hash: string
  /** Lower-case host names without port; empty: every host. */
  readonly hosts: readonly string[]
  /** Path prefix without trailing slash, in normalized form; '' is the root. */
  readonly path: string
  readonly stripPath: boolean
  readonly upstream: Upstream
  readonly authenticate: 'any' | 'all'
  /** Spellings of a request target that this API accepts although they are ambiguous; see `http/target.ts` for the names. */
  readonly allowInTarget: readonly string[]
  readonly websocket: WebsocketSettings | false
  /** The networks of the address lists that its policies name: by the list's name, in the form of a file. Absent: they name none. */
  readonly addressLists?: { readonly [name: string]: readonly string[] }
  /** The distinct sets of policies that routes of this API carry; a route names its set by index. */
  readonly policySets: readonly PolicySet[]
  readonly routes: readonly Route[]
  /** For an API without an OpenAPI document: these methods under the prefix are all one operation. */
  readonly anyPath?: { readonly methods: readonly string[]; readonly policySet: number }
}

/** Another upstream that gets copies of requests, whose answers nobody waits for. */
export interface Mirror {
  readonly upstream: Upstream
  /** Parts of 10,000 requests. */
  readonly share: number
  readonly methods: readonly string[]
  /** Copies under way per gateway thread. */
  readonly inFlight: number
  /** Requests with a larger body are not copied. */
  readonly bodyBytes: number
  /** Copies hold the caller's credentials too. */
  readonly credentials: boolean
}

/** What holds for the WebSockets of an API. Sizes in octets as they are sent, times in milliseconds. */
export interface WebsocketSettings {
  /** Whose pages may open one: `same` are those of the host that is asked. */
  readonly origins: 'same' | 'any' | readonly string[]
  readonly client: { readonly frameBytes: number; readonly messageBytes: number }
  readonly upstream: { readonly frameBytes: number; readonly messageBytes: number }
  readonly idleMs: number
  /** permessage-deflate may be agreed on. */
  readonly compression: boolean
  /** How many messages clients may send. */
  readonly messages?: {
    readonly by: 'connection' | 'consumer' | 'address'
    readonly rule: { readonly algorithm: 'gcra'; readonly limit: number; readonly windowMs: number; readonly burst?: number }
  }
}

export interface Route {
  /** operationId of the document, else "GET /books/{id}". Unique within the API. */
  readonly operation: string
  readonly method: string
  /** Path template below the API's prefix, the server's base path included: "/books/{id}". */
  readonly template: string
  readonly policySet: number
}

/** Policies in the order they run: by stage, then by the catalogue. */
export type PolicySet = readonly AttachedPolicy[]
export interface AttachedPolicy {
  readonly policy: string
  /** As written in the file, checked but not yet compiled: each thread compiles its own. */
  readonly config: unknown
  readonly mode: 'enforce' | 'monitor'
  /** Where it was attached: names its counters, so that they outlive a publish. An API-wide policy: "bookshop/rate-limit/0". */
  readonly scope: string
  /** Not applied from this moment on, milliseconds since the epoch. */
  readonly untilMs?: number
}

export interface Upstream {
  readonly host: string
  readonly port: number
  /** Absent: what is sent there goes in clear. */
  readonly tls?: UpstreamTls
  /** Of an upstream that the console keeps: the networks that it may lead to besides public ones. Absent: the file keeps it, and it may lead anywhere. */
  readonly reach?: readonly string[]
  /** HTTP/2 is what it speaks: by ALPN over TLS (RFC 9113 3.2), in clear with prior knowledge (3.3). Absent: HTTP/1.1. */
  readonly http2?: boolean
  /** Path put in front of every request, without trailing slash. */
  readonly basePath: string
  /** Absent: it has the one address above, and there is nothing to choose. The first stands above, too. */
  readonly targets?: readonly Target[]
  /** Absent: round-robin. */
  readonly balance?: Balance
  /** How it is watched, and what is done when it fails. Absent: nothing of that. */
  readonly resilience?: Resilience
  /** Send the client's Host instead of the target's. */
  readonly preserveHost: boolean
  /** Per gateway thread, to each target. */
  readonly connections: number
  /** Requests that may wait per gateway thread for a connection to a target when all are busy; above it 503. */
  readonly queue: number
  readonly timeouts: {
    readonly connectMs: number
    readonly headMs: number
    readonly idleMs: number
    /** The longest silence inside a response of `text/event-stream`. */
    readonly eventsMs: number
    readonly keepAliveMs: number
  }
}

/** One of the places that answer an upstream's requests. */
export interface Target {
  /** Of SRV records, their name. */
  readonly host: string
  /** Of SRV records, 0. */
  readonly port: number
  /** Of an upstream under TLS: what the certificate must name. */
  readonly serverName?: string
  /** 0 to 1000. */
  readonly weight: number
  readonly zone?: string
  /** Used only when no other one takes requests. */
  readonly backup?: true
  /** `host` names SRV records. `closedPorts` are those that this Gatehouse listens on: no record leads to one of them on this machine. */
  readonly srv?: { readonly closedPorts: readonly number[] }
}
/** Which target the next request goes to. */
export type Balance =
  | { readonly kind: 'round-robin' | 'least-requests' | 'power-of-two' }
  | {
      readonly kind: 'consistent-hash'
      readonly by: HashBy
      /** How many times its part of what is under way a target may have. Absent: it does not matter. */
      readonly loadMax?: number
    }
/** What stays at one target. */
export type HashBy = { readonly kind: 'consumer' | 'address' } | { readonly kind: 'header' | 'cookie'; readonly name: string }

/** An upstream's TLS: whom its certificate must name, and what else it is held to. */
export interface UpstreamTls {
  /** A DNS name, which is asked for (SNI), or an address: what the certificate must name. */
  readonly serverName: string
  /** Digest of its `UpstreamTrust` in the snapshot. */
  readonly trust: string
}
/** Whom a connection to an upstream believes, and what it shows of itself. */
export interface UpstreamTrust {
  readonly profile: TlsProfileName
  /** Certificates of the authorities that are believed, in PEM form. Absent: those that Node brings. */
  readonly authorities?: readonly string[]
  /** Revocation lists in PEM form. With any, each authority of a server's chain needs one that is in force (RFC 5280 6.3). */
  readonly revocationLists?: readonly string[]
  /** Milliseconds since the epoch: from then on one of the lists is too old, and nobody is believed by it. */
  readonly listsEndMs?: number
  /** Keys of which the chain must have one, as `pin-sha256` without its quotes: base64 of SHA-256 over a subjectPublicKeyInfo (RFC 7469 2.4). */
  readonly pins?: readonly string[]
  /** What the gateway shows of itself to servers that ask. */
  readonly certificate?: OwnCertificate
  /** Nothing is verified: whoever is on the way reads and changes everything. */
  readonly insecure?: true
}
/** A certificate that the gateway shows to upstreams, and its key. */
export type OwnCertificate = Pick<ServerCertificate, 'chain' | 'key' | 'expiresMs' | 'thumbprint'>
