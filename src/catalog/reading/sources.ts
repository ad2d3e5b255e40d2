// Reads gatehouse.yaml and every file it refers to: one consistent set of documents with one digest over all of them.
import { createHash } from 'node:crypto'
import { globSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Path } from '../../base/fault.ts'
import { showsPrivateKey } from '../../certificates/pem.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import { isBelow, readBoundedFile, realPath } from './bounded-file.ts'
import type { DocumentCache, DocumentKind, ReadDocument } from './document-cache.ts'
import { inlineDocuments, isInline } from './inline-documents.ts'
import { type LocatedFault, locate } from './located-fault.ts'
import { members } from './members.ts'
import { type PolicyFile, PolicyFiles } from './policy-files.ts'
import { follow } from './reference.ts'
import type { SourceDocument } from './source-document.ts'

export interface Sources {
  /** Absent when the file could not be read at all. */
  readonly main: SourceDocument | undefined
  readonly included: readonly SourceDocument[]
  /** OpenAPI documents, and those that their path items refer to, by absolute path; those inside the configuration as `document:NAME`. */
  readonly openapi: ReadonlyMap<string, SourceDocument>
  /** The texts of files of certificates, private keys and revocation lists, by absolute path, an octet a character. */
  readonly certificates: ReadonlyMap<string, string>
  /** Files of policies that operators wrote, in the order in which the main file names them. */
  readonly policyFiles: readonly PolicyFile[]
  /** What was loaded of them; absent: nothing was yet, and then a configuration that names any is refused. */
  readonly ownPolicies?: readonly AnyPolicy[]
  /** What is wrong with files as files. */
  readonly faults: readonly LocatedFault[]
  /** Absolute paths of everything that was looked for, present or not: what to watch. */
  readonly files: readonly string[]
  /** Folders in which a pattern of `include` may find further files. */
  readonly folders: readonly string[]
  /** SHA-256 over the names and digests of all files: equal digest, equal configuration. */
  readonly digest: string
}

const INCLUDED_FILES_MAX = 10_000
const CERTIFICATES_BYTES_MAX = 1024 * 1024
/** A million numbers, and more. */
const REVOCATION_LISTS_BYTES_MAX = 64 * 1024 * 1024

/** Reads everything once. Never throws for what files hold. */
export function readSources(file: string, cache: DocumentCache): Sources {
  const reading = new Reading(resolve(file), cache)
  const sources = reading.all()
  cache.settle()
  return sources
}

class Reading {
  private readonly file: string
  private readonly cache: DocumentCache
  private readonly digests = new Map<string, string>()
  private readonly faults: LocatedFault[] = []
  private readonly openapi = new Map<string, SourceDocument>()
  private readonly certificates = new Map<string, string>()
  private readonly refused = new Map<string, string>()
  private readonly folders = new Set<string>()

  constructor(file: string, cache: DocumentCache) {
    this.file = file
    this.cache = cache
  }

  all(): Sources {
    const read = this.load(this.file, 'configuration')
    const main = 'document' in read ? read.document : undefined
    if ('refusal' in read) this.faults.push({ file: this.file, line: 1, column: 1, code: read.refusal.code, message: read.refusal.message })
    const included = main ? this.includes(main) : []
    const documents = main ? [main, ...included] : []
    for (const document of documents) this.inlineOf(document)
    for (const document of documents) {
      this.openapiOf(document)
      this.certificatesOf(document)
    }
    const policyFiles = main ? this.policiesOf(main) : []
    const hash = createHash('sha256')
    for (const [name, digest] of [...this.digests].sort()) hash.update(`${name}\0${digest}\0`)
    return {
      main,
      included,
      openapi: this.openapi,
      certificates: this.certificates,
      policyFiles,
      faults: this.faults,
      files: [...this.digests.keys()].sort(),
      folders: [...this.folders].sort(),
      digest: hash.digest('hex'),
    }
  }

  private load(file: string, kind: DocumentKind): ReadDocument {
    const read = this.cache.read(file, kind)
    this.digests.set(file, read.digest)
    if ('document' in read) this.faults.push(...read.document.faults)
    return read
  }

  private includes(main: SourceDocument): SourceDocument[] {
    const patterns = asList(members<'include'>(main.value).include)
    const documents = new Map<string, SourceDocument>()
    const folder = dirname(this.file)
    for (const [i, pattern] of patterns.entries()) {
      const path: Path = ['include', i]
      // What is no such pattern, the schema will say.
      if (typeof pattern !== 'string' || pattern === '' || pattern.startsWith('/') || /[\\\0]|^[A-Za-z]:|(?:^|\/)\.\.(?:\/|$)/.test(pattern)) continue
      const found = this.matching(pattern, folder)
      if (found.length === 0) this.fault(main, path, 'include-empty', `'${pattern}' finds no file: what it should have brought would silently be missing`)
      if (found.length > INCLUDED_FILES_MAX) this.fault(main, path, 'too-many-files', `'${pattern}' finds more than ${INCLUDED_FILES_MAX} files`)
      for (const file of found.slice(0, INCLUDED_FILES_MAX)) {
        if (documents.has(file) || file === this.file) continue
        if (!isBelow(realPath(file) ?? file, realPath(folder) ?? folder))
          this.fault(main, path, 'include-outside', `${file} leads out of the folder of ${this.file}`)
        else {
          const read = this.load(file, 'configuration')
          if ('refusal' in read) this.fault(main, path, read.refusal.code, read.refusal.message)
          else documents.set(file, read.document)
        }
      }
    }
    return [...documents.values()]
  }

  private matching(pattern: string, folder: string): string[] {
    const fixed = pattern.split('/').slice(0, -1)
    const wild = fixed.findIndex((part) => /[*?[\]{}!]/.test(part))
    this.folders.add(resolve(folder, ...(wild < 0 ? fixed : fixed.slice(0, wild))))
    if (!/[*?[\]{}!]/.test(pattern)) return [resolve(folder, pattern)]
    const found = globSync(pattern, { cwd: folder }).map((name) => resolve(folder, name))
    for (const name of found) this.folders.add(dirname(name))
    return found.sort()
  }

  /** The first of a name; that there is a second is a fault that is told when sections are compared. */
  private inlineOf(document: SourceDocument): void {
    for (const [name, inline] of inlineDocuments(document)) {
      if (this.openapi.has(name)) continue
      this.openapi.set(name, inline)
      this.faults.push(...inline.faults)
    }
  }

  private openapiOf(document: SourceDocument): void {
    const { apis, versions } = members<'apis' | 'versions'>(document.value)
    const named: [path: Path, holder: unknown][] = Object.entries(members(apis)).map(([name, api]) => [['apis', name, 'openapi'], api])
    for (const [name, all] of Object.entries(members(versions)))
      for (const [version, each] of Object.entries(members(all))) named.push([['versions', name, version, 'openapi'], each])
    for (const [path, holder] of named) {
      const written = members<'openapi'>(holder).openapi
      if (typeof written !== 'string' || written === '' || isInline(written)) continue
      if (/^[A-Za-z][A-Za-z0-9+.-]+:/.test(written))
        this.fault(document, path, 'remote-document', 'an OpenAPI document is a file on this machine: nothing is fetched')
      else this.loadOpenapi(fileBeside(document, written), (code, message) => this.fault(document, path, code, message))
    }
  }

  private policiesOf(main: SourceDocument): readonly PolicyFile[] {
    const reading = new PolicyFiles((path, code, message) => this.fault(main, path, code, message), this.digests)
    return asList(members<'policyFiles'>(main.value).policyFiles).flatMap((written, i) => reading.read(main.file, written, ['policyFiles', i]) ?? [])
  }

  private certificatesOf(document: SourceDocument): void {
    const { trustStores, gateway, control } = members<'trustStores' | 'gateway' | 'control'>(document.value)
    for (const [upstream, path] of upstreamsOf(document)) this.filesOfUpstream(document, members<'tls'>(upstream).tls, [...path, 'tls'])
    for (const [name, store] of Object.entries(members(trustStores)))
      this.pem(document, members<'file'>(members<'certificates'>(store).certificates).file, ['trustStores', name, 'certificates', 'file'])
    const { listen, forwardedCertificates } = members<'listen' | 'forwardedCertificates'>(gateway)
    this.clientTrust(document, forwardedCertificates, ['gateway', 'forwardedCertificates'])
    for (const [i, listener] of asList(listen).entries()) this.filesOfListener(document, listener, ['gateway', 'listen', i])
    this.filesOfListener(document, members<'listen'>(control).listen, ['control', 'listen'])
  }
  private filesOfListener(document: SourceDocument, listener: unknown, path: Path): void {
    const { certificates, clients } = members<'certificates' | 'clients'>(members<'tls'>(listener).tls)
    this.clientTrust(document, clients, [...path, 'tls', 'clients'])
    for (const [j, pair] of asList(certificates).entries()) {
      this.certificateWithKey(document, pair, [...path, 'tls', 'certificates', j])
    }
  }
  private clientTrust(document: SourceDocument, written: unknown, at: Path): void {
    const { ca, crl } = members<'ca' | 'crl'>(written)
    this.pem(document, ca, [...at, 'ca'])
    for (const [i, file] of asList(crl).entries()) this.pem(document, file, [...at, 'crl', i], { bytesMax: REVOCATION_LISTS_BYTES_MAX })
  }
  private filesOfUpstream(document: SourceDocument, tls: unknown, path: Path): void {
    const { ca, certificate, crl } = members<'ca' | 'certificate' | 'crl'>(tls)
    this.pem(document, members<'file'>(ca).file, [...path, 'ca', 'file'])
    this.certificateWithKey(document, certificate, [...path, 'certificate'])
    if (Array.isArray(crl)) for (const [i, file] of asList(crl).entries()) this.pem(document, file, [...path, 'crl', i])
    else this.pem(document, crl, [...path, 'crl'])
  }
  private certificateWithKey(document: SourceDocument, pair: unknown, at: Path): void {
    const { cert, key, passphrase } = members<'cert' | 'key' | 'passphrase'>(pair)
    this.pem(document, cert, [...at, 'cert'])
    this.pem(document, key, [...at, 'key'], { secret: true })
    this.pem(document, members<'file'>(passphrase).file, [...at, 'passphrase', 'file'], { secret: true })
  }
  private pem(document: SourceDocument, written: unknown, at: Path, { secret = false, bytesMax = CERTIFICATES_BYTES_MAX } = {}): void {
    // What is no path, the schema will say, without repeating it: it may be a key.
    if (typeof written !== 'string' || written === '' || /[\0\r\n]/.test(written) || showsPrivateKey(written)) return
    const file = fileBeside(document, written)
    // One file may hold both: as a key it is looked at once more.
    if (this.certificates.has(file) && !secret) return
    const read = readBoundedFile(file, bytesMax, { secret })
    this.digests.set(file, 'code' in read ? read.code : read.digest)
    if ('code' in read) this.fault(document, at, read.code, read.message)
    else this.certificates.set(file, read.bytes.toString('latin1'))
  }

  private loadOpenapi(file: string, refuse: (code: string, message: string) => void): SourceDocument | undefined {
    const known = this.openapi.get(file)
    if (known) return known
    const read = this.load(file, 'openapi')
    if ('refusal' in read) {
      refuse(read.refusal.code, read.refusal.message)
      return undefined
    }
    this.openapi.set(file, read.document)
    this.followPathItems(read.document)
    return read.document
  }

  /** Path items may stand in other files; what routing does not need is not read. */
  private followPathItems(document: SourceDocument): void {
    const root = dirname(document.file)
    for (const [template, value] of Object.entries(members(members<'paths'>(document.value).paths))) {
      if (members<'$ref'>(value).$ref === undefined) continue
      const path = ['paths', template]
      follow({ document, path, value }, root, (file) => {
        const known = this.openapi.get(file)
        if (known || this.refused.has(file)) return known
        const read = this.load(file, 'openapi')
        if ('document' in read) this.openapi.set(file, read.document)
        else this.refused.set(file, read.refusal.code)
        return 'document' in read ? read.document : undefined
      })
    }
  }

  private fault(document: SourceDocument, path: Path, code: string, message: string): void {
    this.faults.push(locate(document, { code, path, message }))
  }
}

/** Where a file is that a document names: relative to that document. */
export const fileBeside = (document: SourceDocument, written: string): string => resolve(dirname(document.file), written)
/** Where the OpenAPI document is that a file names: relative to that file, or inside the configuration. */
export const openapiFile = (document: SourceDocument, written: string): string => (isInline(written) ? written : resolve(dirname(document.file), written))

/** Everything that stands where an upstream may be written, with its place: below `upstreams`, an API, a version, or a canary. */
function upstreamsOf({ value }: SourceDocument): [upstream: unknown, path: Path][] {
  const { upstreams, apis, versions } = members<'upstreams' | 'apis' | 'versions'>(value)
  const found: [unknown, Path][] = Object.entries(members(upstreams)).map(([name, upstream]) => [upstream, ['upstreams', name]])
  const holders: [unknown, Path][] = Object.entries(members(apis)).map(([name, api]) => [api, ['apis', name]])
  for (const [name, all] of Object.entries(members(versions)))
    for (const [version, each] of Object.entries(members(all))) holders.push([each, ['versions', name, version]])
  for (const [holder, path] of holders) {
    const { upstream, canary } = members<'upstream' | 'canary'>(holder)
    found.push([upstream, [...path, 'upstream']], [members<'upstream'>(canary).upstream, [...path, 'canary', 'upstream']])
  }
  return found
}

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value.slice(0, 100) : [])
