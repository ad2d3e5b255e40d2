// Whom one listener believes about its clients, and what it makes of a certificate at the moment of a request.
import type { CertificateProblem, ClientCertificate } from '../model/client-certificate.ts'
import type { ClientTrust, OnlineStatus, RevocationList } from '../model/snapshot.ts'
import { type Certificate, isInForce, readX509 } from './certificate.ts'
import { type ClientPath, type FoundPath, findClientPath } from './client-path.ts'
import type { KnownStatuses } from './known-statuses.ts'
import { readCertificate } from './pem.ts'
import { SerialTable } from './serial-table.ts'

/** What a handshake, or a proxy, has shown. It remembers what was made of it, so that a request costs two comparisons while nothing changes. */
export class CertificateShown {
  readonly own: Certificate | undefined
  readonly raw: Buffer
  readonly sent: readonly Certificate[]
  /** The id of the trust under which OpenSSL looked at it; undefined: it never did. */
  readonly verifiedUnder: string | undefined
  /** What OpenSSL found, as Node names it; undefined: nothing is wrong with it. */
  readonly fault: string | undefined
  judgedBy: TrustDomain | undefined
  judgedUntilMs = 0
  judged!: ClientCertificate
  way: ClientPath | undefined

  constructor(raw: Buffer, sent: readonly Buffer[], verified?: { readonly under: string | undefined; readonly fault: string | undefined }) {
    this.raw = raw
    this.own = readX509(raw)
    this.sent = sent.flatMap((each) => readX509(each) ?? [])
    this.verifiedUnder = verified?.under
    this.fault = verified?.fault
  }
}

type Lists = ReadonlyMap<string, readonly (RevocationList & { readonly table: SerialTable })[]>

interface Judgement {
  readonly problem?: CertificateProblem
  /** From when on it must be judged again; absent: never. */
  readonly untilMs?: number
  /** Of one that is good: the stores that hold an authority of its path. */
  readonly trust?: readonly string[]
}
const NOBODY: readonly string[] = []
/** How long a way on which not all are in force is not looked for anew. */
const AGAIN_MS = 1000

export class TrustDomain {
  readonly id: string
  private readonly authorities: readonly Certificate[]
  private readonly stores: ClientTrust['stores']
  private readonly stalenessMs: number
  private readonly online: OnlineStatus | undefined
  private readonly statuses: KnownStatuses | undefined
  /** By authority; undefined: there are none. */
  private readonly lists: Lists | undefined

  constructor({ id, authorities, stores, revocation, online }: ClientTrust, statuses?: KnownStatuses) {
    this.id = id
    this.authorities = authorities.flatMap((pem) => {
      const x509 = readCertificate(pem)
      return (x509 && readX509(x509.raw)) ?? []
    })
    this.stores = stores
    this.online = online
    this.statuses = statuses
    this.stalenessMs = revocation?.stalenessMs ?? 0
    this.lists =
      revocation &&
      Map.groupBy(
        revocation.lists.map((list) => ({ ...list, table: new SerialTable(list.serials) })),
        ({ authority }) => authority,
      )
  }

  /** As of now. The same object for as long as nothing of it changes. */
  judge(shown: CertificateShown, nowMs: number): ClientCertificate {
    if (shown.judgedBy !== this || nowMs >= shown.judgedUntilMs) this.judgeAnew(shown, nowMs)
    return shown.judged
  }

  private judgeAnew(shown: CertificateShown, nowMs: number): void {
    // Where one of a path is not in force there may be another way.
    if (shown.judgedBy !== this || (shown.way !== undefined && 'path' in shown.way && !shown.way.path.every((each) => isInForce(each, nowMs)))) {
      const verified = shown.verifiedUnder === this.id && shown.fault === undefined
      shown.way = shown.own && findClientPath(shown.own, shown.sent, this.authorities, verified, nowMs)
    }
    const { own, way } = shown
    const judgement: Judgement =
      own === undefined || way === undefined ? { problem: 'unreadable' } : 'problem' in way ? way : this.judgePath(way, shown.fault, nowMs)
    const { problem, untilMs = Number.POSITIVE_INFINITY, trust = NOBODY } = judgement
    const before = shown.judgedBy === this ? shown.judged : undefined
    shown.judgedBy = this
    shown.judgedUntilMs = untilMs
    if (before !== undefined && before.problem === problem && before.trust.join() === trust.join()) return
    shown.judged = {
      thumbprint: own?.thumbprint ?? '',
      x5tS256: own === undefined ? '' : Buffer.from(own.thumbprint, 'hex').toString('base64url'),
      subject: own?.subject ?? '',
      names: own?.names ?? [],
      problem,
      trust,
      raw: shown.raw,
    }
  }

  private judgePath({ path, anchor }: FoundPath, fault: string | undefined, nowMs: number): Judgement {
    // Whoever is on a list stays revoked, whatever else changes; that one is past its end stays so too.
    if (path.some(({ toMs }) => toMs < nowMs)) return { problem: 'expired', untilMs: nowMs + AGAIN_MS }
    const latest = Math.max(...path.map(({ fromMs }) => fromMs))
    if (latest > nowMs) return { problem: 'not-yet-valid', untilMs: Math.min(latest, nowMs + AGAIN_MS) }
    // What OpenSSL found and we did not: constraints on names, keys that are too short. Only another handshake can better it.
    if (fault !== undefined) return { problem: PROBLEMS[fault] ?? 'untrusted' }
    const ends = Math.min(...path.map(({ toMs }) => toMs)) + 1
    const status = this.statusOf(path, anchor, nowMs)
    return { ...status, untilMs: Math.min(ends, status.untilMs ?? Number.POSITIVE_INFINITY) }
  }

  /**
   * Of every certificate below the authority that is believed: by the lists, and where none covers it, by whoever answers for its authority. Above it
   * nobody is asked, but whom a list there has taken back is revoked all the same.
   */
  private statusOf(path: readonly Certificate[], anchor: number, nowMs: number): Judgement {
    let untilMs = Number.POSITIVE_INFINITY
    let problem: CertificateProblem | undefined
    for (let i = 0; i + 1 < path.length; i++) {
      const [certificate, issuer] = [path[i]!, path[i + 1]!]
      let status = this.lists && this.listed(this.lists, certificate, issuer, nowMs)
      if (i < anchor && this.online !== undefined && (status === undefined || (status.problem !== undefined && status.problem !== 'revoked')))
        status = this.answered(this.online, certificate, issuer, nowMs)
      if (status?.problem === 'revoked') return status
      if (i >= anchor) continue
      problem ??= status?.problem
      untilMs = Math.min(untilMs, status?.untilMs ?? Number.POSITIVE_INFINITY)
    }
    if (problem !== undefined) return { problem, untilMs }
    return { untilMs, trust: this.storesOf(path) }
  }

  private listed(lists: Lists, certificate: Certificate, issuer: Certificate, nowMs: number): Judgement {
    const about = (lists.get(issuer.authority) ?? []).filter((list) => covers(list, certificate))
    if (about.some(({ table }) => table.has(certificate.serial))) return { problem: 'revoked' }
    if (about.length === 0) return { problem: 'status-unknown' }
    const latest = Math.max(...about.filter(({ fromMs }) => fromMs <= nowMs).map(({ nextMs }) => nextMs + this.stalenessMs))
    if (latest > nowMs) return { untilMs: latest }
    return { problem: 'status-stale', untilMs: Math.min(...about.map(({ fromMs }) => fromMs).filter((fromMs) => fromMs > nowMs)) }
  }

  private answered({ responder, takesUnknown, stalenessMs }: OnlineStatus, certificate: Certificate, issuer: Certificate, nowMs: number): Judgement {
    const key = `${issuer.authority} ${certificate.serial.toString('hex')}`
    const known = this.statuses?.find(key, nowMs, () => ({ key, certificate: certificate.raw, issuer: issuer.raw, responder, stalenessMs }))
    if (known?.status === 'revoked') return { problem: 'revoked', untilMs: known.untilMs }
    if (known?.status === 'good') return { untilMs: known.untilMs }
    return { ...(!takesUnknown && { problem: 'status-unknown' as const }), untilMs: known?.untilMs ?? nowMs }
  }

  private storesOf(path: readonly Certificate[]): string[] {
    return [...new Set(path.flatMap(({ thumbprint }) => this.stores[thumbprint] ?? []))].sort()
  }
}

/** As OpenSSL names what Node hands on. */
const PROBLEMS: Readonly<Record<string, CertificateProblem>> = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not-yet-valid',
  INVALID_PURPOSE: 'wrong-purpose',
}

/** RFC 5280 6.3.3 (b): whether the list is about this certificate at all. */
const covers = ({ scope, listedAt }: RevocationList, { isAuthority, listedAt: own }: Certificate): boolean =>
  (scope === 'all' || (scope === 'authorities') === isAuthority) && (listedAt.length === 0 || listedAt.some((address) => own.includes(address)))
