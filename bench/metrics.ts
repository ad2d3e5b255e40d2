// Reads the Prometheus text that Gatehouse's control address serves.

import { ask } from './http-client.ts'

export type Sample = { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }

export async function readMetrics(control: string): Promise<Sample[]> {
  const { status, body } = await ask(`${control}/metrics`)
  if (status !== 200) throw new Error(`${control}/metrics answered ${status}`)
  return parseMetrics(body)
}

/** Lines of the exposition format 0.0.4; comments and what is no sample are passed over. */
export function parseMetrics(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const found = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line)
    if (found === null) return []
    const labels = [...(found[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name!, value!] as const)
    return [{ name: found[1]!, labels: Object.fromEntries(labels), value: Number(found[3]) }]
  })
}

/** The values of one metric by its `thread` label; all samples of a thread are added up. */
export function byThread(samples: readonly Sample[], name: string): Map<string, number> {
  const values = new Map<string, number>()
  for (const sample of samples) {
    if (sample.name !== name) continue
    const thread = sample.labels['thread'] ?? ''
    values.set(thread, (values.get(thread) ?? 0) + sample.value)
  }
  return values
}
