// Changes a document while it passes: octets that nothing is done with go on as they came, and what is held never grows with the document.
import { copyOctets, type GatheredOutput } from './gathered-output.ts'
import { JsonMask } from './json-mask.ts'
import { type JsonBounds, type JsonFault, JsonReader, type JsonVisitor, LIST, NULL, NUMBER, STRING } from './json-reader.ts'
import type { ShapeBelow, ShapePlan, ShapeState } from './json-shape.ts'

/** What becomes of the octets since `mark`. */
const COPY = 0
/** Comma, name and colon in front of a value of which it is not known yet whether it stays. */
const HOLD = 1
const SKIP = 2
const MASK = 3

/** White space that is kept of one gap before a member or an item. */
const GAP_BYTES = 256
const NULL_WORD = Buffer.from('null')
const COMMA = Buffer.from(',')
const QUOTE = Buffer.from('"')

interface Frame {
  below: ShapeBelow
  isList: boolean
  /** Where nothing is left out for not being picked. */
  inside: boolean
  /** A member or an item of it is in the output. */
  begun: boolean
  index: number
  readonly seen: Uint8Array
}

export class JsonShaper implements JsonVisitor {
  private readonly plan: ShapePlan
  private readonly out: GatheredOutput
  private readonly reader: JsonReader
  private readonly frames: Frame[] = []
  private octets: Uint8Array = NULL_WORD
  private mark = 0
  private mode = COPY
  /** The value in hand is left out, with its comma. */
  private dropped = false
  private next: ShapeState
  private nextId = -1
  private held: Buffer = Buffer.allocUnsafe(512)
  private heldBytes = 0
  private gapBytes = 0
  private nameStart = 0
  private nameEnd = 0
  private inName = false
  private mask: JsonMask | undefined = undefined
  private masksString = false
  private readonly putOut = (octets: Uint8Array, start: number, end: number): void => this.out.put(octets, start, end)

  constructor(plan: ShapePlan, bounds: JsonBounds, out: GatheredOutput) {
    this.plan = plan
    this.out = out
    this.next = plan.start
    this.reader = new JsonReader(this, bounds)
  }

  /** Takes the next octets; a fault says why nothing more comes of this document. */
  put(octets: Uint8Array, start: number, end: number): JsonFault | undefined {
    this.octets = octets
    this.mark = start
    this.out.wentIn(end - start)
    if (!this.reader.put(octets, start, end)) return this.reader.fault
    this.settle(end)
    return this.fault
  }
  /** There is no more. */
  finish(): JsonFault | undefined {
    this.mark = 0
    this.reader.finish()
    return this.fault
  }
  private get fault(): JsonFault | undefined {
    return this.reader.fault ?? (this.out.overflowed ? 'too-large' : undefined)
  }

  begin(kind: number, at: number): void {
    const { reader } = this
    const parent = this.frames[reader.depth - 1]
    let state: ShapeState
    let id = -1
    if (parent === undefined) state = this.plan.start
    else if (parent.isList) state = parent.below.indexes.get(++parent.index) ?? parent.below.otherIndex
    else {
      state = this.next
      id = this.nextId
    }
    const inside = state.picked || (parent === undefined ? !this.plan.picks : parent.inside)
    if (state.drop || (!inside && state.constant === undefined && !(state.below.leadsToPick && kind <= LIST))) {
      this.leaveOut(parent, at)
      return
    }
    if (id >= 0) {
      // Of two members of one name some readers take the first and some the last (RFC 8259 4): nobody is to guess which one was meant.
      if (parent!.seen[id] === 1) reader.fault = 'repeated-name'
      parent!.seen[id] = 1
    }
    this.lead(parent, state, at)
    if (state.constant !== undefined) {
      this.out.putAll(state.constant)
      this.mode = SKIP
      reader.pass()
    } else if (state.mask !== undefined && kind !== NULL) this.beginMask(state.mask, kind, at)
    else if (kind <= LIST) {
      if (inside && !state.below.leads) reader.pass()
      else this.enter(state.below, kind, inside)
    }
  }

  private leaveOut(parent: Frame | undefined, at: number): void {
    this.dropped = parent !== undefined
    // In front of a first item the octets of its list are not out yet.
    this.settle(at)
    // A document is still one when nothing of it was picked.
    if (parent === undefined) this.out.putAll(NULL_WORD)
    this.heldBytes = 0
    this.mode = SKIP
    this.reader.pass()
  }

  /** Puts out what stands before a value that stays. */
  private lead(parent: Frame | undefined, state: ShapeState, at: number): void {
    this.settle(at)
    if (this.mode === HOLD) {
      const { held, heldBytes, out } = this
      const hasComma = held[0] === 0x2c && heldBytes > 0
      const from = hasComma && !parent!.begun ? 1 : 0
      if (state.newName === undefined || parent!.isList) out.put(held, from, heldBytes)
      else {
        out.put(held, from, this.nameStart)
        out.putAll(state.newName)
        out.put(held, this.nameEnd, heldBytes)
      }
      this.heldBytes = 0
    }
    if (parent !== undefined) parent.begun = true
    this.dropped = false
    this.mode = COPY
  }

  private enter(below: ShapeBelow, kind: number, inside: boolean): void {
    const { depth } = this.reader
    const frame = this.frames[depth]
    if (frame === undefined || frame.seen.length < below.watched)
      this.frames[depth] = { below, isList: kind === LIST, inside, begun: false, index: -1, seen: new Uint8Array(below.watched) }
    else {
      frame.below = below
      frame.isList = kind === LIST
      frame.inside = inside
      frame.begun = false
      frame.index = -1
      frame.seen.fill(0)
    }
  }

  private beginMask(mask: NonNullable<ShapeState['mask']>, kind: number, at: number): void {
    if (kind === STRING || kind === NUMBER) {
      this.masksString = kind === STRING
      this.mask ??= new JsonMask()
      this.mask.begin(mask)
      this.mode = MASK
      this.mark = this.masksString ? at + 1 : at
    } else {
      this.out.putAll(QUOTE)
      this.out.putAll(mask.stars)
      this.out.putAll(QUOTE)
      this.mode = SKIP
      this.reader.pass()
    }
  }

  close(at: number): void {
    this.settle(at)
    this.mode = COPY
    const frame = this.frames[this.reader.depth - 1]!
    if (frame.isList) return
    for (const { id, octets } of frame.below.additions) {
      if (frame.seen[id] === 1) continue
      if (frame.begun) this.out.putAll(COMMA)
      this.out.putAll(octets)
      frame.begun = true
    }
  }

  end(at: number): void {
    if (this.mode === MASK) {
      this.mask!.put(this.octets, this.mark, this.masksString ? at - 1 : at)
      this.mask!.end(this.putOut)
    } else if (this.mode === COPY || this.dropped) return
    this.mode = COPY
    this.mark = at
  }

  name(at: number): void {
    this.settle(at)
    if (this.mode !== HOLD) this.hold(at)
    this.nameStart = this.heldBytes
    this.inName = true
  }
  named(at: number): void {
    this.settle(at)
    this.inName = false
    this.nameEnd = this.heldBytes
    this.gapBytes = 0
    const { below } = this.frames[this.reader.depth - 1]!
    const entry = below.names.find(this.reader.name, this.reader.nameLength)
    this.next = entry?.state ?? below.otherName
    this.nextId = entry?.id ?? -1
  }
  comma(at: number): void {
    this.settle(at)
    this.hold(at)
  }
  private hold(at: number): void {
    this.mode = HOLD
    this.mark = at
    this.heldBytes = 0
    this.gapBytes = 0
  }

  /** Does with the octets before `at` what the mode says. */
  private settle(at: number): void {
    const { mode, mark, octets } = this
    this.mark = at
    if (at <= mark) return
    if (mode === COPY) this.out.put(octets, mark, at)
    else if (mode === MASK) this.mask!.put(octets, mark, at)
    else if (mode === HOLD) this.keep(octets, mark, at)
  }
  /** Of white space no more than `GAP_BYTES` are kept, so that nobody fills memory with it; names have a bound of their own. */
  private keep(octets: Uint8Array, from: number, to: number): void {
    const most = this.heldBytes + to - from
    if (this.inName || this.gapBytes + to - from <= GAP_BYTES) {
      this.room(most)
      copyOctets(octets, from, to, this.held, this.heldBytes)
      this.heldBytes = most
      if (!this.inName) this.gapBytes += to - from
      return
    }
    for (let p = from; p < to; p++) {
      if (octets[p] !== 0x3a && octets[p] !== 0x2c && ++this.gapBytes > GAP_BYTES) continue
      this.room(this.heldBytes + 1)
      this.held[this.heldBytes++] = octets[p]!
    }
  }
  private room(wanted: number): void {
    if (wanted <= this.held.length) return
    const grown = Buffer.allocUnsafe(Math.max(wanted, this.held.length * 2))
    this.held.copy(grown, 0, 0, this.heldBytes)
    this.held = grown
  }
}
