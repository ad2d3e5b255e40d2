// Refusals of this room: values with a stable code, told from results by their one field.

/** Why something was not done. `retryAfterMs` where waiting helps. */
export interface Refused<Code extends string> {
  readonly refused: Code
  readonly retryAfterMs?: number
}

export const refuse = <const Code extends string>(code: Code, retryAfterMs?: number): Refused<Code> =>
  retryAfterMs === undefined ? { refused: code } : { refused: code, retryAfterMs }

export const isRefused = (result: unknown): result is Refused<string> => typeof result === 'object' && result !== null && 'refused' in result
