// Writes a comparison for people and for programs.
import { visible } from '../base/visible-text.ts'
import type { Comparison } from './compare-documents.ts'
import type { Severity } from './finding.ts'

const COUNTED: readonly Severity[] = ['breaking', 'risky', 'compatible']

/** One finding a line, worst first, and a last line that sums up. */
export function comparisonText({ findings, operationsCompared }: Comparison): string {
  const lines = findings.map(({ rule, severity, operations, operationCount, old, new: now, sentence }) => {
    const where = operations.length === 0 ? '' : ` ${operations[0]}${operationCount > 1 ? ` and ${operationCount - 1} more` : ''}:`
    const places = [old === undefined ? '' : `old ${old || '/'}`, now === undefined ? '' : `new ${now || '/'}`].filter((place) => place !== '')
    return visible(`${severity} ${rule}${where} ${sentence}${places.length > 0 ? ` (${places.join(', ')})` : ''}`)
  })
  const counts = COUNTED.map((severity) => `${findings.filter((finding) => finding.severity === severity).length} ${severity}`)
  return [...lines, `${operationsCompared} operations compared: ${counts.join(', ')}`].join('\n')
}

/** The stable form of `--format json`: `{verdict, operationsCompared, findings: [{rule, severity, operations, operationCount, old?, new?, sentence}]}`. */
export function comparisonJson({ verdict, operationsCompared, findings }: Comparison): string {
  const stable = findings.map(({ rule, severity, operations, operationCount, old, new: now, sentence }) => ({
    rule,
    severity,
    operations,
    operationCount,
    ...(old !== undefined && { old }),
    ...(now !== undefined && { new: now }),
    sentence,
  }))
  return JSON.stringify({ verdict, operationsCompared, findings: stable }, null, 2)
}
