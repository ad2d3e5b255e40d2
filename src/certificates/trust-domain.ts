// Whom one listener believes about its clients, and what it makes of a certificate at the moment of a request.
import type { CertificateProblem, ClientCertificate } from '../model/client-certificate.ts'
import type { ClientTrust, RevocationList } from '../model/snapshot.ts'
import { type Certificate, readX509 } from './certificate.ts'
import { type ClientPath, findClientPath } from './client-path.ts'
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

interface Judgement {
  readonly problem?: CertificateProblem
  /** From when on it must be judged again; absent: never. */
  readonly untilMs?: number
}

export class TrustDomain {
  readonly id: string
  private readonly authorities: readonly Certificate[]
  private readonly stores: ClientTrust['stores']
  private readonly stalenessMs: number
  /** By authority; undefined: nobody looks. */
  private readonly lists: ReadonlyMap<string, readonly (RevocationList & { readonly table: SerialTable })[]> | undefined

  constructor({ id, authorities, stores, revocation }: ClientTrust) {
    this.id = id
    this.authorities = authorities.flatMap((pem) => {
      const x509 = readCertificate(pem)
      return (x509 && readX509(x509.raw)) ?? []
    })
    this.stores = stores
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
    if (shown.judgedBy !== this) {
      const verified = shown.verifiedUnder === this.id && shown.fault === undefined
      shown.way = shown.own && findClientPath(shown.own, shown.sent, this.authorities, verified)
    }
    const { own, way } = shown
    const { problem, untilMs = Number.POSITIVE_INFINITY }: Judgement =
      own === undefined || way === undefined ? { problem: 'unreadable' } : 'problem' in way ? way : this.judgePath(way.path, shown.fault, nowMs)
    const before = shown.judgedBy === this ? shown.judged : undefined
    shown.judgedBy = this
    shown.judgedUntilMs = untilMs
    if (before !== undefined && before.problem === problem) return
    shown.judged = {
      thumbprint: own?.thumbprint ?? '',
      x5tS256: own === undefined ? '' : Buffer.from(own.thumbprint, 'hex').toString('base64url'),
      subject: own?.subject ?? '',
      names: own?.names ?? [],
      problem,
      trust: problem === undefined && way !== undefined && 'path' in way ? this.storesOf(way.path, nowMs) : [],
      raw: shown.raw,
    }
  }

  private judgePath(path: readonly Certificate[], fault: string | undefined, nowMs: number): Judgement {
    // Whoever is on a list stays revoked, whatever else changes; that one is past its end stays so too.
    if (path.some(({ toMs }) => toMs < nowMs)) return { problem: 'expired' }
    const latest = Math.max(...path.map(({ fromMs }) => fromMs))
    if (latest > nowMs) return { problem: 'not-yet-valid', untilMs: latest }
    // What OpenSSL found and we did not: constraints on names, keys that are too short. Only another handshake can better it.
    if (fault !== undefined) return { problem: PROBLEMS[fault] ?? 'untrusted' }
    const ends = Math.min(...path.map(({ toMs }) => toMs)) + 1
    if (this.lists === undefined) return { untilMs: ends }
    const status = this.statusOf(path, nowMs)
    return { ...status, untilMs: Math.min(ends, status.untilMs ?? Number.POSITIVE_INFINITY) }
  }

  /** Every certificate below the authority that is believed must be covered by a list that is current. */
  private statusOf(path: readonly Certificate[], nowMs: number): Judgement {
    let untilMs = Number.POSITIVE_INFINITY
    let problem: CertificateProblem | undefined
    for (let i = 0; i + 1 < path.length; i++) {
      const certificate = path[i]!
      const about = (this.lists!.get(path[i + 1]!.authority) ?? []).filter((list) => covers(list, certificate))
      if (about.some(({ table }) => table.has(certificate.serial))) return { problem: 'revoked' }
      const untilOf = about.filter(({ fromMs }) => fromMs <= nowMs).map(({ nextMs }) => nextMs + this.stalenessMs)
      const latest = Math.max(...untilOf)
      if (about.length === 0) problem ??= 'status-unknown'
      else if (latest <= nowMs || untilOf.length === 0) {
        problem ??= 'status-stale'
        untilMs = Math.min(untilMs, ...about.map(({ fromMs }) => fromMs).filter((fromMs) => fromMs > nowMs))
      } else untilMs = Math.min(untilMs, latest)
    }
    return { ...(problem !== undefined && { problem }), untilMs }
  }

  /** Stores that hold an authority of the path, or one above it that vouches for it too. */
  private storesOf(path: readonly Certificate[], nowMs: number): string[] {
    const whole = [...path]
    for (;;) {
      const top = whole.at(-1)!
      const above = this.authorities.find(
        (candidate) =>
          !whole.includes(candidate) &&
          candidate.pathLength >= whole.length - 1 &&
          candidate.toMs >= nowMs &&
          top.x509.checkIssued(candidate.x509) &&
          top.x509.verify(candidate.x509.publicKey),
      )
      if (above === undefined) break
      whole.push(above)
    }
    return [...new Set(whole.flatMap(({ thumbprint }) => this.stores[thumbprint] ?? []))].sort()
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
