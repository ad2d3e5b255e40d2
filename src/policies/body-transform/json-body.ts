// The filters that stand in a body's way: octets in, octets of the changed document out.
import { GatheredOutput } from '../../json/gathered-output.ts'
import type { JsonFault } from '../../json/json-reader.ts'
import { JsonShaper } from '../../json/json-shaper.ts'
import { JsonCollector } from '../../json/json-template.ts'
import type { BodyFilter, BodySink, MakeBodyFilter } from '../../pipeline/body-filter.ts'
import type { Refusal } from '../../pipeline/contract.ts'
import type { BodyPlan } from './operations.ts'

/** What takes a document's octets and gives those of another. */
interface Changing {
  put(octets: Uint8Array, start: number, end: number): JsonFault | undefined
  finish(): JsonFault | undefined
}

class JsonBody implements BodyFilter {
  /** What is held back does not make the other side wait: only its next octets tell whether it may pass. */
  readonly waiting = 0
  private readonly sink: BodySink
  private readonly out: GatheredOutput
  private readonly changing: Changing
  private readonly refusalOf: (fault: JsonFault) => Refusal
  private isEmpty = true
  private isOver = false

  constructor(sink: BodySink, heldBytes: number, changing: (out: GatheredOutput) => Changing, refusalOf: (fault: JsonFault) => Refusal) {
    this.sink = sink
    this.out = new GatheredOutput(sink, heldBytes)
    this.changing = changing(this.out)
    this.refusalOf = refusalOf
  }

  put(octets: Uint8Array, start: number, end: number): void {
    if (this.isOver || start === end) return
    this.isEmpty = false
    const fault = this.changing.put(octets, start, end)
    if (fault === undefined) this.out.flush()
    else this.fail(fault)
  }
  end(): void {
    if (this.isOver) return
    // No octets are no document: nothing is there that could be changed.
    const fault = this.isEmpty ? undefined : this.changing.finish()
    if (fault !== undefined) {
      this.fail(fault)
      return
    }
    this.isOver = true
    this.out.release()
    this.sink.end()
  }
  abandon(): void {
    this.isOver = true
    this.out.discard()
  }
  private fail(fault: JsonFault): void {
    this.abandon()
    this.sink.fail(this.refusalOf(fault))
  }
}

/** The filters of one direction, in order. `heldBytes`: how much of what comes out is held back until the document is known to be whole. */
export function jsonFilters(plan: BodyPlan, heldBytes: number, refusalOf: (fault: JsonFault) => Refusal): readonly MakeBodyFilter[] {
  const { shape, template, bounds, bufferBytes } = plan
  const filters: MakeBodyFilter[] = []
  // In front of a template nothing needs to be held: it lets nothing out before the end.
  const held = template === undefined ? heldBytes : 0
  if (shape !== undefined) filters.push((sink) => new JsonBody(sink, held, (out) => new JsonShaper(shape, bounds, out), refusalOf))
  if (template !== undefined)
    filters.push(
      (sink) =>
        new JsonBody(
          sink,
          0,
          (out) => {
            const collector = new JsonCollector(template, bounds, bufferBytes)
            return {
              put(octets, start, end) {
                out.wentIn(end - start)
                return collector.put(octets, start, end)
              },
              finish: () => collector.finish((octets, start, end) => out.put(octets, start, end)) ?? (out.overflowed ? 'too-large' : undefined),
            }
          },
          refusalOf,
        ),
    )
  return filters
}
