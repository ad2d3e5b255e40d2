// The words of the command line that several commands share.
import { stderr, stdout } from 'node:process'
import { visible } from '../../base/visible-text.ts'

/** What a command answers: its exit code. 0 done, 1 refused or faults, 2 wrong usage or could not run. */
export type ExitCode = 0 | 1 | 2

export const print = (line: string): void => void stdout.write(`${line}\n`)
/** What is complained of often repeats what others wrote: nothing in it can rewrite a terminal. */
export const complain = (text: string): void => void stderr.write(`gatehouse: ${text.split('\n').map(visible).join('\n')}\n`)

/** Wrong usage: says what is wrong and where help is. */
export function misused(sentence: string, command: string): ExitCode {
  complain(`${sentence} (gatehouse ${command} --help)`)
  return 2
}
