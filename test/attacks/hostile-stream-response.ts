// What a hostile response on a stream is as data.
import { goaway } from '../support/stream-frames.ts'
import type { AskedStream } from '../support/stream-upstream.ts'

export interface HostileStreamResponse {
  readonly name: string
  readonly rule: string
  readonly method: 'GET' | 'HEAD'
  answer(asked: AskedStream): void
  /**
   * `refused`: 502 or 504, a problem document. `broken`: that, or the response's own head with a body that the client can tell is not whole. `again`: the
   * request is refused, or asked again and answered honestly. `passes`: status and body as stated.
   */
  readonly outcome: 'refused' | 'broken' | 'again' | 'passes'
  readonly status: number
  readonly body: string
  /** Text that the client may not be shown. */
  readonly hides?: string
}

export type ResponseRow = readonly [
  name: string,
  frames: (stream: number) => readonly Buffer[],
  extra?: Partial<HostileStreamResponse> & { readonly ends?: Ends },
]
/** What the upstream does with the connection behind its frames. */
type Ends = 'keep' | 'close' | 'reset' | 'goaway'

export function streamResponses(rule: string, outcome: HostileStreamResponse['outcome'], table: readonly ResponseRow[]): HostileStreamResponse[] {
  return table.map(([name, frames, { ends = 'keep', ...extra } = {}]) => ({
    name,
    rule,
    outcome,
    method: 'GET',
    status: 200,
    body: '',
    answer({ stream, send, socket }) {
      send(...frames(stream))
      // Behind the frames, in a segment of its own.
      setImmediate(() => {
        if (ends === 'close') socket.end()
        else if (ends === 'reset') socket.resetAndDestroy()
        else if (ends === 'goaway') send(goaway(stream, 2))
      })
    },
    ...extra,
  }))
}
