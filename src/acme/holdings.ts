// The certificates got by ACME as listeners show them, and what stands in for one that is not there yet.
import { createHash } from 'node:crypto'
import { readServerCertificate } from '../certificates/server-certificate.ts'
import type { ServerCertificate } from '../model/snapshot.ts'
import type { Envelope } from '../ports/envelope.ts'
import { everyEntry, type Store } from '../ports/store.ts'
import { pemOfKey, temporaryCertificate } from './made-certificates.ts'
import { certificatePlace, certificates, opened } from './records.ts'

export class Holdings {
  private readonly store: Store
  private readonly envelope: Envelope
  private readonly nowMs: () => number
  private readonly temporary: ServerCertificate
  private byName: ReadonlyMap<string, ServerCertificate> = new Map()
  /** Names whose certificate is in the store and cannot be used. */
  unusable: readonly string[] = []

  private constructor(store: Store, envelope: Envelope, nowMs: () => number, temporary: ServerCertificate) {
    this.store = store
    this.envelope = envelope
    this.nowMs = nowMs
    this.temporary = temporary
  }

  static async open(store: Store, envelope: Envelope, nowMs: () => number): Promise<Holdings> {
    const made = await temporaryCertificate(nowMs())
    const { certificate } = readServerCertificate(made.certificate, made.key, nowMs())
    const holdings = new Holdings(store, envelope, nowMs, { ...certificate!, isTemporary: true })
    await holdings.reload()
    return holdings
  }

  /** The certificate of a name; undefined while there is none. */
  find(name: string): ServerCertificate | undefined {
    return this.byName.get(name)
  }
  /** What is shown for a name that nothing else covers: a certificate that certifies itself, and that everybody refuses. */
  standIn(name: string): ServerCertificate {
    const { thumbprint } = this.temporary
    return { ...this.temporary, names: [name], thumbprint: createHash('sha256').update(`${thumbprint} ${name}`).digest('hex') }
  }

  /** Reads the store anew; true when what is shown is another. */
  async reload(): Promise<boolean> {
    const read = new Map<string, ServerCertificate>()
    const unusable: string[] = []
    await this.store.read(async (reading) => {
      for await (const { key: name, value } of everyEntry(reading, certificates)) {
        const key = opened(this.envelope, value.sealed, certificatePlace(name))
        const certificate = key && readServerCertificate(value.chain, pemOfKey(key), this.nowMs()).certificate
        if (certificate) read.set(name, certificate)
        else unusable.push(name)
      }
    })
    const isOther = read.size !== this.byName.size || [...read].some(([name, { thumbprint }]) => this.byName.get(name)?.thumbprint !== thumbprint)
    this.unusable = unusable
    if (isOther) this.byName = read
    return isOther
  }
}
