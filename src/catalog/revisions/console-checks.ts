// What only the file may do: look into the environment and files of this machine, and lead callers to private networks.

import type { Fault, Path } from '../../base/fault.ts'
import { type Cidr, NetworkSet, parseCidr, unmapped } from '../../base/ip.ts'
import { certainAddress, isPublic, meanings } from '../../base/network-range.ts'
import { isInline } from '../reading/inline-documents.ts'
import { type LocatedFault, locate } from '../reading/located-fault.ts'
import { members } from '../reading/members.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import { parseUpstream } from '../sections/upstream-target.ts'
import { type CatalogObject, kindNamed, sectionPath } from './kinds.ts'

/** `main`: the file, whose `egress.allowPrivate` says which private networks the console's upstreams may lead to. */
export function consoleFaults(objects: readonly CatalogObject[], document: SourceDocument, main: SourceDocument | undefined): LocatedFault[] {
  const allowed = new NetworkSet(allowedNetworks(main))
  const faults: Fault[] = []
  for (const { kind, name, value } of objects) {
    const known = kindNamed(kind)
    if (!known || known.isText) continue
    const path = sectionPath(known, name)
    const { openapi } = members<'openapi'>(value)
    if (known.hasOpenapi && typeof openapi === 'string' && !isInline(openapi)) {
      const message = 'an object of the console names no file: keep the OpenAPI document in the catalog, and write document:NAME'
      faults.push({ code: 'console-file', path: [...path, 'openapi'], message })
    }
    walk(value, path, known.section === 'upstreams', (at, found, isUpstream) => {
      const fault = typeof found === 'string' ? (isUpstream ? upstreamFault(found, allowed) : undefined) : referenceFault(found)
      if (fault) faults.push({ ...fault, path: at })
    })
  }
  return faults.map((fault) => locate(document, fault))
}

/** What holds the address of an upstream, as `upstream` or as `mirror.to`. */
const UPSTREAMS: ReadonlySet<string> = new Set(['upstream', 'mirror'])

/** Visits texts and objects; `isUpstream`: inside of what holds the address of one. */
function walk(value: unknown, path: Path, isUpstream: boolean, visit: (path: Path, value: string | object, isUpstream: boolean) => void): void {
  if (typeof value === 'string') visit(path, value, isUpstream)
  else if (Array.isArray(value)) for (const [i, item] of value.entries()) walk(item, [...path, i], isUpstream, visit)
  else if (typeof value === 'object' && value !== null) {
    visit(path, value, isUpstream)
    for (const [key, member] of Object.entries(value)) walk(member, [...path, key], isUpstream || UPSTREAMS.has(key), visit)
  }
}

/** hardening: `{env}` and `{file}` references resolve only in file-owned objects. */
function referenceFault(value: object): { code: string; message: string } | undefined {
  const keys = Object.keys(value)
  const { env, file } = members<'env' | 'file'>(value)
  const isReference = keys.every((key) => key === 'env' || key === 'file' || key === 'secret') && (typeof env === 'string' || typeof file === 'string')
  if (!isReference) return undefined
  return { code: 'console-reference', message: 'an object of the console refers to secrets by {secret: NAME} alone: {env} and {file} are for the file' }
}

/** hardening: upstreams that come from the console obey the egress guard; what a name leads to is asked at each connection. */
function upstreamFault(text: string, allowed: NetworkSet): { code: string; message: string } | undefined {
  const target = parseUpstream(text)
  const address = 'code' in target ? undefined : certainAddress(target.host)
  if (!address || 'code' in target) return undefined
  if (!meanings(address).some((meant) => !isPublic(meant) && !allowed.has(unmapped(meant)))) return undefined
  const message = `${target.host} is not a public address: an upstream of the console leads there only if the file allows it under egress.allowPrivate`
  return { code: 'private-upstream', message }
}

function allowedNetworks(main: SourceDocument | undefined): Cidr[] {
  const { allowPrivate } = members<'allowPrivate'>(members<'egress'>(main?.value).egress)
  return (Array.isArray(allowPrivate) ? allowPrivate : []).flatMap((text: unknown) => (typeof text === 'string' ? (parseCidr(text) ?? []) : []))
}

/** The names of secrets that values refer to: who writes them must have been granted each. */
export function secretNames(values: readonly unknown[]): readonly string[] {
  const names = new Set<string>()
  for (const value of values)
    walk(value, [], false, (_path, found) => {
      if (typeof found === 'object' && Object.keys(found).length === 1) {
        const { secret } = members<'secret'>(found)
        if (typeof secret === 'string') names.add(secret)
      }
    })
  return [...names].sort()
}
