// The form in which each API is served, to tell whether a change touches it by whatever way.
import { apiOf } from '../../model/names.ts'
import type { Snapshot } from '../../model/snapshot.ts'

/** By API: the same text means the same answers. It holds the hashes of the API, of its versions and canaries, and how versions are told apart. */
export function servedForms({ apis, fronts = [] }: Snapshot): ReadonlyMap<string, string> {
  const parts = new Map<string, string[]>()
  const add = (name: string, part: string): void => {
    const known = parts.get(name)
    if (known) known.push(part)
    else parts.set(name, [part])
  }
  for (const { name, hash } of apis) add(apiOf(name), `${name} ${hash}`)
  for (const front of fronts) add(front.name, JSON.stringify(front))
  return new Map([...parts].map(([name, all]) => [name, all.sort().join('\n')]))
}
