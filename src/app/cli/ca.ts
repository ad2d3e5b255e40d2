// gatehouse ca init, issue, revoke, list: certificate authorities for clients in a running Gatehouse.
import { parseArgs } from 'node:util'
import { visible } from '../../base/visible-text.ts'
import { createAuthority, getCertificate, listAuthorities, listCertificates, revokeCertificate } from '../../client/generated/ca.ts'
import type { Settings } from '../settings.ts'
import { caIssue } from './ca-issue.ts'
import { asking, connectHelp, connectOptions } from './connect.ts'
import { type ExitCode, misused, print } from './usage.ts'

export const caHelp = `gatehouse ca init [--name NAME] [--days N] [--key P-256|P-384|Ed25519] [--crl-url URL]
gatehouse ca issue --consumer NAME [--csr FILE] [--out PREFIX] [--hours N | --days N] [--dns NAME ...] [--label TEXT]
gatehouse ca revoke SERIAL [--reason REASON] [--why TEXT]
gatehouse ca list [--consumer NAME] [--state valid|expired|revoked]

Certificates for clients, from an authority of the running Gatehouse. Its key is sealed in the store and never leaves it.

init    makes an authority and prints its certificate: for tls.clients of a listener, or whoever else is to trust it
issue   prints a certificate for a consumer, and that of its authority. Without --csr a key is made on this machine and printed before them; nobody
        else ever has it
revoke  ends a certificate for ever; the list at /ca/NAME.crl of the control listener says so at once
list    says what was issued to whom, and whether it counts; without a certificate, the authorities

--name NAME        which authority (without it: clients)
--days N           of init: how long it lasts (1825). Of issue, as --hours: how long the certificate does (168 hours; at most 30 days)
--crl-url URL      what certificates name as the place of the list of revoked ones
--csr FILE         a certificate request (PKCS #10, PEM): its public key is taken, what it says of names is not
--out PREFIX       writes PREFIX.pem, and PREFIX.key for its owner alone, in place of the standard output; neither may be there yet
--dns NAME         a DNS name in the certificate besides; may be given ten times
--reason REASON    unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn
--format json      for scripts, of list
${connectHelp}

Exit: 0 done, 1 refused, 2 wrong usage or could not run.`

/** A word of `ca`, with what follows it. */
export async function ca([word, ...args]: readonly string[], settings: Settings): Promise<ExitCode> {
  switch (word) {
    case 'init':
      return init(args, settings)
    case 'issue':
      return caIssue(args, settings)
    case 'revoke':
      return revoke(args, settings)
    case 'list':
      return list(args, settings)
    default:
      return misused('ca knows four words: init, issue, revoke, list', 'ca')
  }
}

const named = { name: { type: 'string', default: 'clients' } } as const

async function init(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const options = { ...named, days: { type: 'string' }, key: { type: 'string' }, 'crl-url': { type: 'string' }, ...connectOptions } as const
  const { values } = parseArgs({ args: [...args], options })
  const { name, days, key, 'crl-url': crlUrl, ...where } = values
  if (days !== undefined && !/^\d{1,5}$/.test(days)) return misused('--days is a whole number', 'ca')
  if (key !== undefined && key !== 'P-256' && key !== 'P-384' && key !== 'Ed25519') return misused('--key is P-256, P-384 or Ed25519', 'ca')
  return asking(where, settings, 'text', async (to) => {
    const body = { name, ...(days !== undefined && { days: Number(days) }), ...(key !== undefined && { key }), ...(crlUrl !== undefined && { crlUrl }) }
    print((await createAuthority(to, { body: body as Parameters<typeof createAuthority>[1]['body'] })).value.certificate.trimEnd())
    return 0
  })
}

async function revoke(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const options = { ...named, reason: { type: 'string', default: 'unspecified' }, why: { type: 'string', default: '' }, ...connectOptions } as const
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options })
  const { name, reason, why, ...where } = values
  // As OpenSSL writes it too.
  const serial = positionals[0]?.replaceAll(':', '').toLowerCase().padStart(32, '0')
  if (serial === undefined || positionals.length > 1 || !/^[0-9a-f]{32}$/.test(serial)) return misused('ca revoke takes one serial number in hex', 'ca')
  return asking(where, settings, 'text', async (to) => {
    const parameters = { ca: name, serial }
    const { etag } = await getCertificate(to, { parameters })
    const body = { reason, why } as Parameters<typeof revokeCertificate>[1]['body']
    const { value } = await revokeCertificate(to, { parameters, ifMatch: etag ?? '*', body })
    print(visible(`${value.serial}  ${value.consumer}  revoked ${value.revoked}  ${value.reason}`))
    return 0
  })
}

async function list(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const options = { ...named, consumer: { type: 'string' }, state: { type: 'string' }, format: { type: 'string', default: 'text' }, ...connectOptions } as const
  const { values } = parseArgs({ args: [...args], options })
  const { name, consumer, state, format, ...where } = values
  if (format !== 'text' && format !== 'json') return misused('--format is text or json', 'ca')
  return asking(where, settings, format, async (to) => {
    const authorities = (await listAuthorities(to)).value.items
    const found = []
    let cursor: string | undefined
    if (authorities.some((each) => each.name === name))
      do {
        const query = { limit: 200, consumer, state, cursor } as unknown as NonNullable<Parameters<typeof listCertificates>[1]['query']>
        const { value } = await listCertificates(to, { parameters: { ca: name }, query })
        found.push(...value.items)
        cursor = value.next
      } while (cursor !== undefined)
    if (format === 'json') print(JSON.stringify({ authorities, certificates: found }, null, 2))
    else {
      for (const each of authorities) print(visible(`ca ${each.name}  ${each.key}  ends ${each.expires}  sha256:${each.thumbprint}`))
      for (const each of found)
        print(visible([each.serial, each.consumer, each.state, `ends ${each.expires}`, each.reason ?? '', each.label].join('  ').trimEnd()))
    }
    return 0
  })
}
