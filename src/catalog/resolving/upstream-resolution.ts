// Makes the snapshot's form of upstreams: how far those of the console may lead, and what those under TLS trust and show, read out of its files.
import { hashOf } from '../../base/canonical-json.ts'
import type { Fault, Path } from '../../base/fault.ts'
import { readRevocationFile } from '../../certificates/revocation-files.ts'
import { readClientCertificate } from '../../certificates/server-certificate.ts'
import { readTrustStore } from '../../certificates/trust-store.ts'
import type { OwnCertificate, Target, Upstream, UpstreamTrust } from '../../model/snapshot.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import { fileBeside } from '../reading/sources.ts'
import type { TargetSection } from '../sections/target-schema.ts'
import type { UpstreamSection } from '../sections/upstream-schema.ts'
import type { AuthoritiesSection, UpstreamTlsSection } from '../sections/upstream-tls-schema.ts'

type CertificateSection = NonNullable<UpstreamTlsSection['certificate']>

export interface UpstreamMeans {
  /** Private networks that upstreams of the console may lead to. */
  readonly allowPrivate: readonly string[]
  /** Texts of files that could be read, by absolute path; the others were reported when they were read. */
  readonly texts: ReadonlyMap<string, string>
  readonly trustStores: ReadonlyMap<string, readonly string[]>
  /** A fault when there is no trust store of that name. */
  missingStore(name: string, path: Path): Fault | undefined
  /** That this Gatehouse listens on. */
  readonly ownPorts: readonly number[]
  report(document: SourceDocument, faults: readonly Fault[]): void
  notice(document: SourceDocument, fault: Fault): void
  readonly nowMs: number
}

/** A fault in what a file holds, and where: below the path of what names it. */
type Found = Omit<Fault, 'path'> & { readonly in?: Path }
interface Read<T> {
  readonly value?: T
  readonly faults: readonly Found[]
  readonly notices: readonly Found[]
}
interface RevocationLists {
  readonly lists: readonly string[]
  readonly endsMs: number
}

export class UpstreamResolution {
  /** By digest. */
  readonly trust = new Map<string, UpstreamTrust>()
  private readonly means: UpstreamMeans
  /** Thousands of upstreams may name one file: what it holds is read once, and told of at each. */
  private readonly authorities = new Map<string, Read<readonly string[]>>()
  private readonly certificates = new Map<string, Read<OwnCertificate>>()
  private readonly revocation = new Map<string, Read<RevocationLists>>()

  constructor(means: UpstreamMeans) {
    this.means = means
  }

  /** `path`: where the upstream stands. */
  resolve(document: SourceDocument, { addresses: _where, tls, targets, ...upstream }: UpstreamSection, path: Path): Upstream {
    // hardening: the file's lead anywhere, the console's to public networks and those of `egress.allowPrivate`. What the console owns has no lines, but names.
    const reach = document.placeOf === undefined ? {} : { reach: this.means.allowPrivate }
    return {
      ...upstream,
      ...reach,
      ...(targets && !isPlain(targets) && { targets: targets.map((each) => this.target(each, tls)) }),
      ...(tls && { tls: { serverName: tls.serverName ?? upstream.host, trust: this.trusted(document, tls, upstream.host, [...path, 'tls']) } }),
    }
  }

  private target({ host, port, weight, zone, backup, isSrv }: TargetSection, tls: UpstreamTlsSection | undefined): Target {
    return {
      ...{ host, port, weight },
      ...(tls && { serverName: tls.serverName ?? host }),
      ...(zone !== undefined && { zone }),
      ...(backup && { backup }),
      ...(isSrv && { srv: { closedPorts: this.means.ownPorts } }),
    }
  }

  private trusted(document: SourceDocument, section: UpstreamTlsSection, host: string, path: Path): string {
    const { ca, certificate, crl, pins, minVersion, insecure } = section
    if (insecure)
      this.means.notice(document, {
        code: 'upstream-insecure',
        path: [...path, 'insecure'],
        message: `nobody looks whether it is ${host} that answers: whoever is on the way can read and change what goes there`,
      })
    const authorities = ca && this.authoritiesOf(document, ca, [...path, 'ca'])
    const shown = certificate && this.certificateOf(document, certificate, [...path, 'certificate'])
    const lists = crl?.flatMap((file, i) => this.listsOf(document, file, [...path, 'crl', ...(crl.length > 1 ? [i] : [])]) ?? [])
    const listsEndMs = Math.min(Number.POSITIVE_INFINITY, ...(lists ?? []).map(({ endsMs }) => endsMs))
    const trust: UpstreamTrust = {
      profile: minVersion === '1.3' ? 'modern' : 'intermediate',
      ...(authorities && { authorities }),
      ...(lists && { revocationLists: lists.flatMap((each) => each.lists) }),
      ...(Number.isFinite(listsEndMs) && { listsEndMs }),
      ...(pins && { pins: pins.map((pin) => pin.slice('sha256/'.length)).sort() }),
      ...(shown && { certificate: shown }),
      ...(insecure && { insecure }),
    }
    const digest = hashOf(trust)
    this.trust.set(digest, trust)
    return digest
  }

  private authoritiesOf(document: SourceDocument, written: AuthoritiesSection, path: Path): readonly string[] | undefined {
    const { means } = this
    if ('named' in written) {
      const missing = means.missingStore(written.named, path)
      if (missing) means.report(document, [{ ...missing, message: `${missing.message}; a file is written { file: PATH }` }])
      return means.trustStores.get(written.named) ?? []
    }
    return this.read(document, [[written.file, ['file']]], path, this.authorities, ([text]) => {
      const { certificates, faults, expired } = readTrustStore(text!, means.nowMs)
      return { value: certificates, faults, notices: expired.map((message) => ({ code: 'expired-certificate', message })) }
    })
  }

  private certificateOf(document: SourceDocument, { cert, key, passphrase }: CertificateSection, path: Path): OwnCertificate | undefined {
    const files: (readonly [string, Path])[] = [[cert, ['cert']], [key, ['key']], ...(passphrase ? ([[passphrase.file, ['passphrase', 'file']]] as const) : [])]
    return this.read(document, files, path, this.certificates, ([certificateText, keyText, passphraseText]) => {
      const { certificate, faults, notices } = readClientCertificate(certificateText!, keyText!, this.means.nowMs, passphraseText)
      return {
        ...(certificate && { value: own(certificate) }),
        faults: faults.map(({ in: where, code, message }) => ({ code, message, in: [where === 'key' ? 'key' : 'cert'] })),
        notices: notices.map((message) => ({ code: 'certificate-notice', message, in: ['cert'] })),
      }
    })
  }

  private listsOf(document: SourceDocument, file: string, path: Path): RevocationLists | undefined {
    return this.read(document, [[file, []]], path, this.revocation, ([text]) => {
      const { faults, outdated, ...value } = readRevocationFile(text!, this.means.nowMs)
      return { value, faults, notices: outdated.map((message) => ({ code: 'outdated-revocation-list', message })) }
    })
  }

  /** What files hold together; undefined when one of them could not be read, or may not be. */
  private read<T>(
    document: SourceDocument,
    files: readonly (readonly [file: string, at: Path])[],
    path: Path,
    known: Map<string, Read<T>>,
    turn: (texts: readonly string[]) => Read<T>,
  ): T | undefined {
    if (document.placeOf !== undefined) {
      const message =
        'an object of the console names no file: `ca` can be the name of a trust store, and an upstream that the file keeps under `upstreams` can be referred to by its name'
      this.means.report(document, [{ code: 'console-file', path: [...path, ...files[0]![1]], message }])
      return undefined
    }
    const names = files.map(([file]) => fileBeside(document, file))
    const texts = names.map((name) => this.means.texts.get(name))
    if (texts.includes(undefined)) return undefined
    const key = names.join('\0')
    const found = known.get(key) ?? turn(texts as string[])
    known.set(key, found)
    const placed = ({ in: at = files[0]![1], ...fault }: Found): Fault => ({ ...fault, path: [...path, ...at] })
    this.means.report(document, found.faults.map(placed))
    for (const notice of found.notices) this.means.notice(document, placed(notice))
    return found.value
  }
}

/** One address with nothing to choose: the same as `url`. */
const isPlain = (targets: readonly TargetSection[]): boolean => targets.length === 1 && !targets[0]!.isSrv

const own = ({ chain, key, expiresMs, thumbprint }: OwnCertificate): OwnCertificate => ({ chain, key, expiresMs, thumbprint })
