// What the library tells of streams, told to their wires: all streams share their listeners, and nothing that a wire throws leaves them.
import type { Http2Stream } from 'node:http2'

interface StreamWire {
  /** Something broke while it was told of an event. */
  failed(cause: unknown): void
}
/** With the arguments of the event. */
type Handler<W> = (wire: W, first: never, flags: never, fields: never) => void
type Owned<W> = Http2Stream & { [WIRE]: W }

const WIRE = Symbol('wire')

/** Answers what makes a wire hear of its stream. What is thrown in an event of the library would end the thread, and every other connection with it. */
export function listening<W extends StreamWire>(handlers: Readonly<Record<string, Handler<W>>>): (stream: Http2Stream, wire: W) => void {
  const listeners = Object.entries(handlers).map(([event, handler]) => [event, listener(handler)] as const)
  return (stream, wire) => {
    const owned = stream as Owned<W>
    owned[WIRE] = wire
    for (const [event, hear] of listeners) owned.on(event, hear)
  }
}

function listener<W extends StreamWire>(handler: Handler<W>) {
  return function (this: Http2Stream, first?: unknown, flags?: unknown, fields?: unknown): void {
    guarded((this as Owned<W>)[WIRE], handler, first, flags, fields)
  }
}

export function guarded<W extends StreamWire>(wire: W, handler: Handler<W>, first?: unknown, flags?: unknown, fields?: unknown): void {
  try {
    handler(wire, first as never, flags as never, fields as never)
  } catch (cause) {
    wire.failed(cause)
  }
}
