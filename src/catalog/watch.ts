// Watches a configuration and everything it refers to. (The catalog's author replaces this file; running.ts uses exactly these two names.)
import type { Resolution, ResolveOptions } from './resolve.ts'

export interface Watch {
  close(): void
}
export interface WatchOptions extends Omit<ResolveOptions, 'nowMs'> {
  readonly nowMs: () => number
}
export function watchConfiguration(_file: string, _options: WatchOptions, _changed: (resolution: Resolution) => Promise<void>): Watch {
  return { close() {} }
}
