// What the operator is told while it runs.
export interface Voice {
  say(line: string): void
  warn(line: string): void
}
