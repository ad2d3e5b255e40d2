// The `fetch` of operators' policies: to the origins that the file names, through the guard, bounded in time, size and number.
import { type Egress, EgressFailed, EgressRefused } from '../ports/egress.ts'
import type { Fetch, Fetched } from './contract.ts'

/** A hook has five seconds: a fetch that could take as long would never be seen to fail. */
const TIMEOUT_MS_MAX = 4000
const TIMEOUT_MS = 2000
const BYTES_MAX = 8 * 1024 * 1024
const BYTES = 1024 * 1024
/** Under way at once, of one policy on one thread. */
const AT_ONCE = 64

export function boundedFetch(policy: string, origins: readonly string[], egress: Egress): Fetch {
  const allowed = new Set(origins)
  let underWay = 0
  const once: Fetch = async (url, { method = 'GET', headers = {}, body, timeoutMs = TIMEOUT_MS, bytesMax = BYTES } = {}) => {
    const target = URL.parse(String(url))
    if (target === null || !allowed.has(target.origin))
      throw new EgressRefused(`${policy} may not fetch from ${target?.origin ?? 'what is no URL'}: the configuration names its origins under policyFiles`)
    if (!(timeoutMs >= 1 && timeoutMs <= TIMEOUT_MS_MAX)) throw new RangeError(`timeoutMs is from 1 to ${TIMEOUT_MS_MAX}`)
    if (!(bytesMax >= 0 && bytesMax <= BYTES_MAX)) throw new RangeError(`bytesMax is from 0 to ${BYTES_MAX}`)
    if (underWay >= AT_ONCE) throw new EgressFailed(`${policy} has ${AT_ONCE} fetches under way`)
    underWay++
    try {
      return fetched(await egress.fetch({ method, url: target.href, headers, timeoutMs, bytesMax, ...(body !== undefined && { body }) }))
    } finally {
      underWay--
    }
  }
  return (url, options) => {
    const outcome = once(url, options)
    // One that nobody waits for may fail unseen: else it would end the thread.
    outcome.catch(() => {})
    return outcome
  }
}

export function fetched({ status, headers, body }: Pick<Fetched, 'status' | 'headers' | 'body'>): Fetched {
  const text = (): string => Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  return { status, headers, body, text, json: () => JSON.parse(text()) }
}
