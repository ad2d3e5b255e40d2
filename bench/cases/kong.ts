// The public cases of Kong's performance pages: nothing, a limit, a limit and a key, each with 1 and with 100 routes and consumers.

import { benchKeys, limitOutOfReach, type Work } from '../work.ts'
import { type Case, loadCase } from './case.ts'

type Protection = { readonly name: string; readonly says: string; readonly limit: boolean; readonly key: boolean }

const protections: readonly Protection[] = [
  { name: 'none', says: 'no policy', limit: false, key: false },
  { name: 'limit', says: 'rate limit by address', limit: true, key: false },
  { name: 'limit-key', says: 'rate limit by consumer and API key', limit: true, key: true },
]

/** The pair with basic authentication waits for a policy that can do it. */
export const withoutBasicAuth = 'kong-limit-basic-1 and kong-limit-basic-100 are left out: Gatehouse has no basic-auth policy yet'

export const kongCases: readonly Case[] = protections.flatMap((protection) =>
  [1, 100].map((count) =>
    loadCase({
      name: `kong-${protection.name}-${count}`,
      says: `GET, ${protection.says}, ${count === 1 ? '1 route and consumer' : `${count} routes and consumers in turn`}`,
      work: workOf(protection, count),
      goal: null,
    }),
  ),
)

function workOf({ limit, key }: Protection, count: number): Work {
  const prefixes = Array.from({ length: count }, (_, index) => `/route-${index}`)
  const keys = key ? benchKeys(count) : []
  return {
    routes: prefixes.map((prefix) => ({ prefix, templates: null })),
    deny: [],
    keys,
    limit: limit ? { ...limitOutOfReach, by: key ? 'consumer' : 'address' } : null,
    log: false,
    calls: prefixes.map((prefix, index) => ({ method: 'GET', prefix, path: `/books/${index}`, key: keys[index] ?? null, body: null })),
  }
}
