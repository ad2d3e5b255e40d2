// gatehouse ca issue: a certificate for a request, or for a key that is made here and leaves this machine nowhere.
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { visible } from '../../base/visible-text.ts'
import { readBoundedFile } from '../../catalog/reading/bounded-file.ts'
import { issueCertificate } from '../../client/generated/ca.ts'
import type { Settings } from '../settings.ts'
import { asking, connectOptions } from './connect.ts'
import { complain, type ExitCode, misused, print } from './usage.ts'

const REQUEST_OCTETS_MAX = 16 * 1024

export async function caIssue(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      name: { type: 'string', default: 'clients' },
      consumer: { type: 'string' },
      csr: { type: 'string' },
      out: { type: 'string' },
      hours: { type: 'string' },
      days: { type: 'string' },
      dns: { type: 'string', multiple: true, default: [] },
      label: { type: 'string', default: '' },
      ...connectOptions,
    },
  })
  const { name, consumer, csr, out, hours, days, dns, label, ...where } = values
  if (consumer === undefined) return misused('ca issue needs --consumer NAME', 'ca')
  if (hours !== undefined && days !== undefined) return misused('--hours and --days both say how long: give one', 'ca')
  const span = hours ?? days
  if (span !== undefined && !/^\d{1,4}$/.test(span)) return misused('--hours and --days are whole numbers', 'ca')
  const read = csr === undefined ? undefined : readBoundedFile(csr, REQUEST_OCTETS_MAX)
  if (read && 'code' in read) {
    complain(visible(read.message))
    return 2
  }
  const own = read === undefined ? await ownRequest(consumer) : undefined
  const request = own?.request ?? read!.bytes.toString('latin1')
  const kept = new KeptFiles(out)
  // Before anything is issued: a certificate whose key could not be kept is good for nobody.
  if (own && !kept.write('key', own.key)) return 2
  const exit = await asking(where, settings, 'text', async (to) => {
    const long = span === undefined ? {} : { hours: Number(span) * (days === undefined ? 1 : 24) }
    const body = { consumer, request, names: dns, label, ...long } as Parameters<typeof issueCertificate>[1]['body']
    const { value } = await issueCertificate(to, { parameters: { ca: name }, body })
    const chain = value.certificate + value.authority
    if (!kept.write('pem', chain)) {
      complain(`the certificate ${value.issued.serial} was issued all the same: gatehouse ca revoke ${value.issued.serial}`)
      return 2
    }
    if (out === undefined) print(((own?.key ?? '') + chain).trimEnd())
    else print(visible(`${value.issued.serial}  ${value.issued.consumer}  ends ${value.issued.expires}  ${kept.names.join(' ')}`))
    return 0
  })
  if (exit !== 0) kept.remove()
  return exit
}

/** A key of P-256, which everybody can verify, and a request for it. */
async function ownRequest(consumer: string): Promise<{ readonly key: string; readonly request: string }> {
  const { x509 } = await import('../../authority/library.ts')
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const keys = {
    publicKey: await webcrypto.subtle.importKey('spki', publicKey.export({ type: 'spki', format: 'der' }), algorithm, true, ['verify']),
    privateKey: await webcrypto.subtle.importKey('pkcs8', privateKey.export({ type: 'pkcs8', format: 'der' }), algorithm, false, ['sign']),
  }
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: new x509.Name([{ CN: [consumer] }]),
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  })
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, request: request.toString('pem') }
}

/** What is written beside each other under one prefix; without one, nothing is. */
class KeptFiles {
  readonly names: string[] = []
  private readonly prefix: string | undefined

  constructor(prefix: string | undefined) {
    this.prefix = prefix
  }

  /** Never over a file that is there. The key is for its owner alone from the first octet on. */
  write(kind: 'key' | 'pem', text: string): boolean {
    if (this.prefix === undefined) return true
    const file = `${this.prefix}.${kind}`
    try {
      writeFileSync(file, text, { flag: 'wx', mode: kind === 'key' ? 0o600 : 0o644 })
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      complain(code === 'EEXIST' ? visible(`${file} is there already, and is not overwritten`) : visible(`${file} cannot be written (${code})`))
      return false
    }
    this.names.push(file)
    return true
  }
  /** What was begun and came to nothing. */
  remove(): void {
    for (const name of this.names) rmSync(name, { force: true })
  }
}
