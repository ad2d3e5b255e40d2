// Turns what a run found into the text table that a person reads.

import type { CaseResult, Figure, Row, RunResult } from './results.ts'
import type { Summary } from './statistics.ts'

/** Above this share of the machine, figures tell of the others as much as of the proxies. */
const othersShareMax = 0.1

export function machineText({ machine, rounds, seconds }: RunResult): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => (version === null ? `${name} is not installed` : `${name} ${version}`))
  return `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.kernel}, Node ${machine.node}
${versions.join(', ')}
${machine.placing}; ${rounds} interleaved rounds of ${seconds} s; load average before the start ${machine.loadBefore}
CPU is user and system time of the whole proxy, microseconds per completed request; ratio is taken round by round. Median (min..max).
`
}

export function caseText(result: CaseResult): string {
  const lines = [`\n${result.name}: ${result.says}`]
  if (result.rows.length > 0)
    lines.push(...aligned([['', 'CPU us/request', `ratio to ${result.against}`, 'requests/s', 'p99 ms', 'goal'], ...result.rows.map(rowCells)]))
  if (result.figures.length > 0) lines.push(...aligned([['', 'median (min..max)', 'goal'], ...result.figures.map(figureCells)]))
  const others = Math.max(0, ...result.rows.flatMap(({ samples }) => samples.map(({ othersShare }) => othersShare)))
  if (others > othersShareMax)
    lines.push(`  DISTURBED: in one round other processes used ${Math.round(others * 100)} % of the machine; run this again when it is quiet`)
  const missing = result.absent.filter(({ failed }) => !failed)
  if (missing.length > 0) lines.push(`  absent: ${missing.map(({ proxy, reason }) => `${proxy} (${reason})`).join('; ')}`)
  for (const { proxy, reason, failed } of result.absent) if (failed) lines.push(`  FAILED: ${proxy}: ${reason.replaceAll('\n', '\n    ')}`)
  return `${lines.join('\n')}\n`
}

/** The last lines: how many goals were met and which were not. */
export function closingText({ cases }: RunResult): string {
  const judged = cases.flatMap(({ name, rows, figures }) => [
    ...rows.flatMap(({ proxy, verdict, ratio }) => (verdict === null ? [] : [{ ...verdict, what: `${name}, ${proxy}: ${ratio?.median.toFixed(2)}` }])),
    ...figures.flatMap(({ name: figure, unit, verdict, summary }) =>
      verdict === null ? [] : [{ ...verdict, what: `${name}, ${figure}: ${number(summary.median)} ${unit}` }],
    ),
  ])
  const missed = judged.filter(({ met }) => !met)
  const failed = cases.flatMap(({ name, absent }) => absent.filter((absence) => absence.failed).map(({ proxy }) => `${name}, ${proxy}`))
  return [
    `\n${judged.length - missed.length} of ${judged.length} goals met`,
    ...missed.map(({ what, goal }) => `  missed: ${what} (${goal})`),
    ...failed.map((what) => `  failed: ${what}`),
    '',
  ].join('\n')
}

function rowCells({ proxy, isBaseline, cpuMicros, ratio, perSecond, p99Ms, verdict }: Row): string[] {
  return [
    proxy,
    spread(cpuMicros, 1),
    isBaseline ? '1' : ratio === null ? '-' : spread(ratio, 2),
    Math.round(perSecond.median).toLocaleString('en'),
    p99Ms.median.toFixed(2),
    verdictText(verdict),
  ]
}

function figureCells({ name, unit, summary, verdict }: Figure): string[] {
  return [name, `${number(summary.median)} (${number(summary.min)}..${number(summary.max)}) ${unit}`, verdictText(verdict)]
}

function verdictText(verdict: Row['verdict']): string {
  return verdict === null ? '' : `${verdict.met ? 'met' : 'MISSED'}: ${verdict.goal}`
}

function spread({ median, min, max }: Summary, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}..${max.toFixed(digits)})`
}

/** Three digits that count, whatever the size. */
function number(value: number): string {
  return value === 0 ? '0' : String(Number(value.toPrecision(3)))
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd())
}
