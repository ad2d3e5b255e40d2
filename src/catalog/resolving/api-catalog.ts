// /.well-known/api-catalog (RFC 9727): which APIs and versions there are, as a linkset, for those that asked to be listed.
import { type Schedule, stateAt } from '../../lifecycle/schedule.ts'
import type { Api, WellKnownDocument } from '../../model/snapshot.ts'

const PATH = '/.well-known/api-catalog'

/** One API or version as the catalogue tells of it. */
export interface ListedApi {
  readonly api: Pick<Api, 'name' | 'hosts' | 'path'>
  readonly docs: string | undefined
  /** Of the versions at this address: it is listed while one of them is served. */
  readonly schedules: readonly Schedule[]
  /** The version to move to, when it is listed too. */
  readonly successor: string | undefined
}

/**
 * Public facts and nothing else: where an API is reached, where it is documented, what follows it. Previews and what is retired are not listed. Undefined when
 * nothing is left: then there is no such document.
 */
export function apiCatalog(listed: readonly ListedApi[], nowMs: number): WellKnownDocument | undefined {
  const current = listed.filter(({ schedules }) => schedules.some((schedule) => !['preview', 'retired'].includes(stateAt(schedule, nowMs))))
  if (current.length === 0) return undefined
  const hrefs = new Map(current.flatMap(({ api }) => hrefsOf(api).map((href, i) => [`${api.name} ${i}`, href] as const)))
  const contexts = current.flatMap(({ api, docs, successor }) =>
    hrefsOf(api).map((anchor, i) => {
      const next = successor === undefined ? undefined : hrefs.get(`${successor} ${i}`)
      return {
        anchor,
        ...(docs !== undefined && { 'service-doc': [{ href: docs }] }),
        ...(next !== undefined && next !== anchor && { 'successor-version': [{ href: next }] }),
      }
    }),
  )
  const items = [...new Set(hrefs.values())].map((href) => ({ href }))
  // RFC 9264 4.2: one object for each link context.
  const linkset = [{ anchor: PATH, item: items }, ...contexts.filter((context) => Object.keys(context).length > 1)]
  return {
    path: PATH,
    fields: [
      ['Content-Type', 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'],
      // RFC 9727 2: a HEAD request learns from it that the catalogue is here.
      ['Link', `<${PATH}>; rel="api-catalog"`],
    ],
    body: `${JSON.stringify({ linkset }, null, 2)}\n`,
  }
}

/** Scheme-relative where hosts are named: what stands in front of the gateway decides the scheme. */
const hrefsOf = ({ hosts, path }: ListedApi['api']): string[] => (hosts.length === 0 ? [path || '/'] : hosts.map((host) => `//${host}${path || '/'}`))
