// Writes faults for people and for programs: what `gatehouse check` prints and a refused edit is answered with.
import { relative } from 'node:path'
import { visible } from '../base/visible-text.ts'
import type { LocatedFault } from './reading/located-fault.ts'

/** `file:line:column code message`, with the path as short as it can be from `folder`; what is in no file is named by its place. */
export function faultLine({ file, line, column, code, message, place }: LocatedFault, folder: string): string {
  if (place !== undefined) return `${visible(place)} ${code} ${visible(message)}`
  const near = relative(folder, file)
  const name = near === '' || near.startsWith('..') ? file : near
  return `${visible(name)}:${line}:${column} ${code} ${visible(message)}`
}

/** One line a fault. */
export const faultLines = (faults: readonly LocatedFault[], folder: string): string => faults.map((fault) => faultLine(fault, folder)).join('\n')

/** The stable form of `--format json`. */
export const faultsJson = (outcome: { readonly ok: boolean; readonly faults: readonly LocatedFault[]; readonly notices: readonly LocatedFault[] }): string =>
  JSON.stringify({ ok: outcome.ok, faults: outcome.faults, notices: outcome.notices }, null, 2)
