// The metrics of upstreams that are watched: what is told of their targets, circuits and retries. Labels hold names of the configuration and fixed words only.
import type { ThreadMeasures } from './measures.ts'

export interface Family {
  sample(suffix: string, labels: { readonly [name: string]: string }, value: number): void
}
const CIRCUITS = ['closed', 'half-open', 'open']

export function resilienceFamilies(page: { family(name: string, kind: string, help: string): Family }, threads: readonly ThreadMeasures[]): void {
  const all = threads.flatMap(({ thread, resilience = [] }) => resilience.map((of) => ({ ...of, labels: { thread: String(thread), api: of.api } })))
  if (all.length === 0) return
  const retries = page.family('gatehouse_upstream_retries_total', 'counter', 'Requests that were sent to the upstream again.')
  for (const { labels, retries: count } of all) retries.sample('', labels, count)
  const exhausted = page.family('gatehouse_upstream_retries_refused_total', 'counter', 'Retries that were not made because the budget was spent.')
  for (const { labels, budgetExhausted } of all) exhausted.sample('', labels, budgetExhausted)
  const ejected = page.family('gatehouse_upstream_target_ejected', 'gauge', '1 while the target is put aside because of how its requests ended.')
  for (const { labels, targets } of all) for (const { name, state } of targets) ejected.sample('', { ...labels, target: name }, state === 'ejected' ? 1 : 0)
  const ejections = page.family('gatehouse_upstream_target_ejections_total', 'counter', 'How often the target was put aside.')
  for (const { labels, targets } of all) for (const { name, ejections: count } of targets) ejections.sample('', { ...labels, target: name }, count)
  const circuits = page.family(
    'gatehouse_upstream_circuit',
    'gauge',
    'The circuit breaker: 0 closed, 1 half open, 2 open. Without a target: that of the upstream.',
  )
  for (const { labels, circuit, targets } of all) {
    if (circuit !== undefined) circuits.sample('', labels, CIRCUITS.indexOf(circuit))
    for (const { name, circuit: own } of targets) if (own !== undefined) circuits.sample('', { ...labels, target: name }, CIRCUITS.indexOf(own))
  }
}
