// Whether a request carries what a browser adds by itself: then somebody else's page can have sent it, and measure the answer.
import { AUTHORIZATION, COOKIE, fieldName } from '../../http/field-names.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { ShownCertificate } from '../../pipeline/slots.ts'

/** Schemes whose credentials no browser adds by itself: the page that sends them has to hold them (RFC 6750, RFC 9449). */
const HELD_BY_PAGE = /^(?:bearer|dpop) /i
const SEC_FETCH_SITE = fieldName('sec-fetch-site')

/**
 * Cookies, credentials that browsers remember, certificates; also when an earlier policy has taken the field out. A request of which the browser says that it
 * comes from a page of the same origin was sent by no attacker's: scripts cannot write that field.
 */
export function isAmbient(x: Exchange): boolean {
  const { head } = x
  let carries = head.findId(COOKIE) >= 0 || x.get(ShownCertificate) !== undefined
  for (let i = head.findId(AUTHORIZATION); i >= 0 && !carries; i = head.findId(AUTHORIZATION, i + 1)) carries = !HELD_BY_PAGE.test(head.value(i))
  if (!carries) return false
  const site = head.find(SEC_FETCH_SITE)
  return site < 0 || head.value(site) !== 'same-origin' || head.find(SEC_FETCH_SITE, site + 1) >= 0
}
