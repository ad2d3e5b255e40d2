// What authorities show to everybody: their certificate and their list of revoked ones (RFC 5280 5), by a fixed path and without a credential.
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { getAuthority } from '../authority/authorities.ts'
import { readCrl } from '../authority/crl.ts'
import { StoreUnavailable } from '../ports/store.ts'
import { type Answer, withFields } from './answer.ts'
import { arrive, common } from './arrival.ts'
import type { Plane } from './plane.ts'

const PATH = /^\/ca\/([a-z0-9-]{1,32})\.(crl|pem|crt)$/
/** What is revoked now is in no list that a cache still has: it may have it for as long. */
const MAX_AGE_S = 300

export const isPublishedPath = (path: string): boolean => path.startsWith('/ca/')

/** Counted by address like all that strangers ask for. */
export async function publishedAuthority(request: IncomingMessage, plane: Plane, path: string): Promise<Answer> {
  const [, name, form] = PATH.exec(path) ?? []
  if (name === undefined) return common('unknown-path')
  try {
    const arrival = await arrive(plane, request)
    if ('answer' in arrival) return arrival.answer
    const found = await plane.store.read(async (reading) => ({ authority: await getAuthority(reading, name), crl: await readCrl(reading, name) }))
    if (found.authority === undefined) return withFields(common('unknown-path'), arrival.fields)
    // It waits to be signed: an older one would tell that what is revoked counts.
    if (form === 'crl' && found.crl === undefined) return common('unavailable', { 'Retry-After': '1' })
    return withFields(shown(found.authority.certificate, found.crl?.der ?? '', form as 'crl' | 'pem' | 'crt'), arrival.fields)
  } catch (cause) {
    if (cause instanceof StoreUnavailable) return common('unavailable', { 'Retry-After': '1' })
    throw cause
  }
}

/** RFC 5280 4.2.1.13 and RFC 2585 4: DER, under their media types. */
function shown(certificate: string, crl: string, form: 'crl' | 'pem' | 'crt'): Answer {
  const cached = { 'Cache-Control': `public, max-age=${MAX_AGE_S}` }
  if (form === 'crl') return { status: 200, fields: { ...cached, 'Content-Type': 'application/pkix-crl' }, body: Buffer.from(crl, 'base64') }
  if (form === 'pem') return { status: 200, fields: { ...cached, 'Content-Type': 'application/x-pem-file' }, body: certificate }
  return { status: 200, fields: { ...cached, 'Content-Type': 'application/pkix-cert' }, body: new X509Certificate(certificate).raw }
}
