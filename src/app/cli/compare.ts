// gatehouse compare OLD NEW: says whether clients of one OpenAPI document can go on with another.
import { resolve } from 'node:path'
import { cwd } from 'node:process'
import { parseArgs } from 'node:util'
import { systemClock } from '../../base/clock.ts'
import { faultLines } from '../../catalog/check.ts'
import { DocumentCache } from '../../catalog/reading/document-cache.ts'
import { compareDocuments } from '../../compatibility/compare-documents.ts'
import { comparisonJson, comparisonText } from '../../compatibility/report.ts'
import { complain, type ExitCode, misused, print } from './usage.ts'

export const compareHelp = `gatehouse compare OLD NEW [--format text|json] [--ignore-servers]

Compares two OpenAPI documents (3.0 or 3.1, YAML or JSON) and prints every difference that a client could notice, the worst first:
breaking, risky or compatible, with the rule, the operation and the places in both documents.

  --ignore-servers   does not compare the paths of servers, for a version that is reached elsewhere

Exit: 0 nothing breaking, 1 breaking changes, 2 wrong usage or a document that cannot be read.`

export function compare(args: readonly string[]): ExitCode {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { format: { type: 'string', default: 'text' }, 'ignore-servers': { type: 'boolean', default: false } },
  })
  if (positionals.length !== 2) return misused('compare takes two files, the old and the new', 'compare')
  if (values.format !== 'text' && values.format !== 'json') return misused('--format is text or json', 'compare')
  const cache = new DocumentCache()
  const [old, now] = positionals.map((file) => documentOf(resolve(file), cache))
  if (!old || !now) return 2
  const comparison = compareDocuments(old.value, now.value, {
    nowMs: Math.floor(systemClock().nowUs() / 1000),
    ignoreServers: values['ignore-servers'],
  })
  print(values.format === 'json' ? comparisonJson(comparison) : comparisonText(comparison))
  return comparison.verdict === 'breaking' ? 1 : 0
}

function documentOf(file: string, cache: DocumentCache): { readonly value: unknown } | undefined {
  const read = cache.read(file, 'openapi')
  if ('refusal' in read) {
    complain(read.refusal.message)
    return undefined
  }
  const { faults, value } = read.document
  if (faults.length > 0) complain(`the document cannot be read:\n${faultLines(faults, cwd())}`)
  return faults.length > 0 ? undefined : { value }
}
