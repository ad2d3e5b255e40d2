// What a hostile response is as data, and the few builders that keep the tables short.
import type { Reply } from '../support/hostile-upstream.ts'

/** One response that breaks one rule, or goes on where it should have ended. */
export interface HostileResponse extends Reply {
  readonly name: string
  readonly rule: string
  /** The request that provokes it: the runner puts the target in the place of `TARGET`. */
  readonly request: string
  /**
   * `refused`: 502, a problem document. `broken`: 502, or the response's own head with a body that the client can tell is not whole. `passes`: status and
   * body as stated, and nothing of what followed.
   */
  readonly outcome: 'refused' | 'broken' | 'passes'
  readonly status: number
  readonly body: string
  /** Text that the client may not be shown. */
  readonly hides?: string
  /** True when the connection was left in good order and may serve the next request. */
  readonly reusable: boolean
}

const get = 'GET TARGET HTTP/1.1\r\nHost: api.example\r\n\r\n'

type Row = readonly [name: string, writes: string | readonly string[], extra?: Partial<HostileResponse>]

/** Rows that share a rule, an outcome and what the upstream does next. */
export function responses(rule: string, outcome: HostileResponse['outcome'], ends: Reply['ends'], table: readonly Row[]): HostileResponse[] {
  return table.map(([name, writes, extra]) => ({
    name,
    rule,
    outcome,
    ends,
    writes: typeof writes === 'string' ? [writes] : writes,
    request: get,
    status: 200,
    body: '',
    reusable: false,
    ...extra,
  }))
}

/** A 200 whose head also holds the lines given, and a payload. */
export const ok = (lines: readonly string[], payload = ''): string => `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${payload}`

/** A whole response that belongs to nobody. */
export const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'
