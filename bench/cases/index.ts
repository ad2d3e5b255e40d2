// The cases in the order in which they run.

import type { Case } from './case.ts'
import { directory } from './directory.ts'
import { kongCases } from './kong.ts'
import { plainGet, plainPost } from './plain.ts'
import { publish } from './publish.ts'
import { securedGet, securedPost } from './secured.ts'
import { table609 } from './table-609.ts'
import { threads } from './threads.ts'
import { http2Get, tlsCases } from './tls.ts'
import { tlsIdle } from './tls-idle.ts'
import { upstreams } from './upstreams.ts'

export const cases: readonly Case[] = [
  plainGet,
  plainPost,
  securedGet,
  securedPost,
  ...kongCases,
  table609,
  ...tlsCases,
  http2Get,
  tlsIdle,
  upstreams,
  publish,
  directory,
  threads,
]

/** The cases with these names or with names that go on from one of them after a hyphen; null stands for all. Unknown names are given back. */
export function chooseCases(names: readonly string[] | null): { chosen: readonly Case[]; unknown: readonly string[] } {
  if (names === null) return { chosen: cases, unknown: [] }
  const takes = (name: string, one: Case) => one.name === name || one.name.startsWith(`${name}-`)
  return {
    chosen: cases.filter((one) => names.some((name) => takes(name, one))),
    unknown: names.filter((name) => !cases.some((one) => takes(name, one))),
  }
}
