// Reads what a configuration of the test data says about itself: one line `# expect [FILE ]LINE:COLUMN CODE` for each fault it must be refused for.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** `FILE:LINE:COLUMN CODE`, sorted: what `check` must find, no more and no less. */
export function expectedFaults(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  const expected = lines.flatMap((line) => {
    const match = /^# expect (?:(\S+) )?(\d+:\d+) (\S+)$/.exec(line)
    if (line.startsWith('# expect') && !match) throw new Error(`${file}: not an expectation: ${line}`)
    return match ? [`${match[1] === undefined ? file : resolve(dirname(file), match[1])}:${match[2]} ${match[3]}`] : []
  })
  return expected.sort()
}

/** The same form of what was found. */
export const foundFaults = (faults: readonly { file: string; line: number; column: number; code: string }[]): string[] =>
  faults.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`).sort()
