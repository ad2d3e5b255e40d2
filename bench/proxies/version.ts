// Asks an installed program for its version.

import { spawnSync } from 'node:child_process'

/** The first match of `pattern`'s group in what the program prints, or null when it is not installed or prints no such thing. */
export function versionOf(command: string, args: readonly string[], pattern: RegExp): string | null {
  const { stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 })
  if (error !== undefined) return null
  return pattern.exec(stdout + stderr)?.[1] ?? null
}
