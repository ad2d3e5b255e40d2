// Verifies an export offline: every entry, opening, signature and erasure, and whatever the auditor brings along from outside.
import { canonicalJson } from '../base/canonical-json.ts'
import { ERASE } from './acts.ts'
import { AnchorCheck, type Anchored, type Anchors } from './anchors.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { entryFault, isTime, type TrailEntry } from './entry.ts'
import { erasedFields } from './erasure.ts'
import { FORMAT } from './export.ts'
import { canonicalValue, type Line, linesOf } from './export-lines.ts'
import { KeyHistory } from './key-history.ts'
import { Frontier, leafHash } from './merkle-hash.ts'
import { isOpening, openingDigest } from './opening.ts'
import { openingKey } from './records.ts'

/** One thing wrong with an export, and where. `line` counts from 1; 0 is the export as a whole. */
export interface TrailFault {
  readonly line: number
  readonly code: string
  readonly message: string
}
export interface Verdict {
  readonly ok: boolean
  /** At most 100; after that nobody reads on. */
  readonly faults: readonly TrailFault[]
  readonly origin: string | undefined
  readonly size: number
  /** Hex; over the entries that were read. */
  readonly root: string
  readonly checkpoints: number
  readonly openings: number
  readonly erased: number
  /** What from outside vouches for how many entries. Empty: unanchored, and who holds store and key could have written all of it anew. */
  readonly anchored: readonly Anchored[]
}

const FAULTS_MAX = 100
const PROGRESS_EVERY = 10_000
/** More missing openings than this are no trail that anyone kept; without a bound a hostile export would fill the memory. */
const MISSING_MAX = 1_000_000

export async function verifyExport(chunks: AsyncIterable<Uint8Array>, anchors: Anchors, progress: (entries: number) => void = () => {}): Promise<Verdict> {
  const verifier = new Verifier(anchors, progress)
  for await (const line of linesOf(chunks)) if (!verifier.take(line)) break
  return verifier.end()
}

type Value = { readonly [name: string]: unknown }
type Problem = readonly [code: string, message: string] | undefined

class Verifier {
  private readonly faults: TrailFault[] = []
  private readonly frontier = new Frontier()
  private readonly keys: KeyHistory
  private readonly anchors: AnchorCheck
  /** Openings that an entry calls for and that did not come, with the line of the entry: each must be erased by a later entry. */
  private readonly missing = new Map<string, number>()
  private readonly progress: (entries: number) => void
  private line = 0
  private lastTime = ''
  private origin: string | undefined
  private declaredSize = -1
  private entry: TrailEntry | undefined
  private entryLine = 0
  private awaited: string[] = []
  private coveredSize = 0
  private ended = false
  private checkpoints = 0
  private openings = 0
  private erased = 0

  constructor(anchors: Anchors, progress: (entries: number) => void) {
    this.progress = progress
    this.anchors = new AnchorCheck(anchors, (code, message) => this.fault(code, message))
    this.keys = new KeyHistory((code, message) => this.fault(code, message))
  }

  /** False when there is no use in reading on. */
  take(line: Line): boolean {
    this.line++
    if ('broken' in line) {
      this.fault(line.broken, line.broken === 'too-long' ? 'the line is longer than any that an export has' : 'the file ends in the middle of a line')
      return false
    }
    if (this.ended) {
      this.fault('after-end', 'something follows the end')
      return false
    }
    const value = canonicalValue(line.octets)
    const problem = value === undefined ? (['not-canonical', 'the line is not one JSON object in its canonical form'] as const) : this.takeValue(value)
    if (problem) this.fault(...problem)
    if (this.missing.size > MISSING_MAX) this.fault('too-much-missing', `more than ${MISSING_MAX} openings are missing`)
    return this.faults.length < FAULTS_MAX && this.missing.size <= MISSING_MAX
  }

  private takeValue(value: Value): Problem {
    const { kind } = value
    if ((this.line === 1) !== (kind === 'header')) return ['out-of-place', 'an export has one header, in its first line']
    if (kind === 'header') return this.takeHeader(value)
    if (kind === 'entry') return this.takeEntry(value)
    if (kind === 'opening') return this.takeOpening(value)
    if (kind === 'checkpoint') return this.takeCheckpoint(value)
    if (kind === 'end') return this.takeEnd(value)
    return ['unknown-kind', 'no line of an export is of this kind']
  }

  private takeHeader({ kind: _, format, origin, size, written, ...others }: Value): Problem {
    if (format !== FORMAT) return ['unknown-format', `the format is not ${FORMAT}`]
    if (Object.keys(others).length > 0 || typeof origin !== 'string' || !Number.isSafeInteger(size) || !isTime(written))
      return ['bad-header', 'the header is not as one is written']
    this.origin = origin
    this.declaredSize = size as number
    this.anchors.header(origin)
    return undefined
  }

  private takeEntry({ kind: _, entry, ...others }: Value): Problem {
    this.finishEntry()
    const reason = Object.keys(others).length > 0 ? 'the line holds more than an entry' : entryFault(entry)
    const octets = Buffer.from(canonicalJson(entry ?? null))
    this.entry = undefined
    this.entryLine = this.line
    if (reason !== undefined) this.fault('bad-entry', reason)
    else this.checkEntry(entry as TrailEntry)
    // A broken entry has its place in the tree all the same: what follows is then judged by itself.
    this.frontier.append(leafHash(octets))
    const { size } = this.frontier
    this.anchors.tree(
      size,
      () => this.frontier.root(),
      (checkpoint) => this.keys.isSigned(checkpoint),
    )
    if (size % PROGRESS_EVERY === 0) this.progress(size)
    return undefined
  }

  private checkEntry(entry: TrailEntry): void {
    const index = this.frontier.size
    if (entry.index !== index) this.fault('wrong-index', `entry ${entry.index} stands where entry ${index} should`)
    if (entry.time < this.lastTime) this.fault('time-goes-back', `entry ${entry.index} is from before the one in front of it`)
    if (entry.clock !== undefined && entry.clock >= entry.time) this.fault('bad-entry', 'a clock that was not set back stands beside the time')
    this.lastTime = entry.time
    this.keys.entry(entry, index, this.origin)
    if (entry.act === ERASE && entry.outcome === 'done') this.checkErasure(entry)
    this.entry = entry
    this.awaited = Object.keys(entry.personal ?? {}).sort()
  }

  private checkErasure(entry: TrailEntry): void {
    const fields = erasedFields(entry.actor, entry.detail)
    if (fields === undefined) this.fault('bad-erasure', 'an erasure names its fields, a reason, and two different people')
    for (const { index, name } of fields ?? []) {
      if (this.missing.delete(openingKey(index, name))) this.erased++
      else this.fault('false-erasure', `entry ${entry.index} says that a field of entry ${index} is erased, and it is not, or was before`)
    }
  }

  private takeOpening({ kind: _, index, name, ...rest }: Value): Problem {
    const { entry } = this
    if (typeof name !== 'string' || !isOpening(rest)) return ['bad-opening', 'the line is no opening']
    if (entry === undefined || index !== entry.index) return ['stray-opening', 'the opening does not belong to the entry above it']
    // They come in the order of their names; those passed over are missing.
    while (this.awaited.length > 0 && this.awaited[0]! < name) this.lacks(entry.index, this.awaited.shift()!)
    if (this.awaited[0] !== name) return ['stray-opening', 'the entry above has no such field, or its opening came before']
    this.awaited.shift()
    this.openings++
    if (openingDigest(name, rest) === entry.personal![name]) return undefined
    return ['wrong-opening', `the opening of a field of entry ${entry.index} is not the one it was written with`]
  }

  private lacks(index: number, name: string): void {
    this.missing.set(openingKey(index, name), this.entryLine)
  }
  private finishEntry(): void {
    for (const name of this.awaited) this.lacks(this.entry!.index, name)
    this.awaited = []
  }

  private takeCheckpoint({ kind: _, note, ...others }: Value): Problem {
    this.finishEntry()
    this.entry = undefined
    const checkpoint = typeof note === 'string' && Object.keys(others).length === 0 ? parseCheckpoint(note) : undefined
    if (checkpoint === undefined) return ['bad-checkpoint', 'the line is no checkpoint']
    const size = this.frontier.size
    this.checkpoints++
    if (checkpoint.origin !== this.origin) return ['another-log', 'the checkpoint is of another log']
    if (checkpoint.size !== size) return ['wrong-checkpoint', `the checkpoint is of ${checkpoint.size} entries and stands after ${size}`]
    if (size === this.coveredSize) return ['wrong-checkpoint', 'a second checkpoint of the same size']
    if (!checkpoint.root.equals(this.frontier.root()))
      return ['wrong-root', `the entries up to here are not those that the checkpoint of ${size} entries was signed for`]
    if (this.keys.checkpoint(checkpoint)) {
      this.coveredSize = size
      this.anchors.signed(checkpoint)
    }
    return undefined
  }

  private takeEnd({ kind: _, size, root: told, ...others }: Value): Problem {
    this.finishEntry()
    this.ended = true
    const root = this.frontier.root().toString('hex')
    const agrees = size === this.frontier.size && size === this.declaredSize && told === root && Object.keys(others).length === 0
    return agrees ? undefined : ['wrong-end', 'the end does not say what header and entries say']
  }

  end(): Verdict {
    const { size } = this.frontier
    this.line = 0
    if (!this.ended) this.fault('no-end', 'the export has no end: something was cut off')
    if (size === 0) this.fault('no-entries', 'the export holds no entry')
    if (this.coveredSize < size) this.fault('unsigned', `no signed checkpoint covers the last ${size - this.coveredSize} entries`)
    this.keys.end()
    const anchored = this.anchors.end(size)
    for (const [key, line] of this.missing) {
      const [index, name] = key.split('/')
      this.line = line
      this.fault('unlogged-erasure', `the opening of the field '${name}' of entry ${Number(index)} is missing, and no entry says that it was erased`)
      if (this.faults.length >= FAULTS_MAX) break
    }
    const { faults, origin, checkpoints, openings, erased } = this
    const ok = faults.length === 0
    const root = this.frontier.root().toString('hex')
    return { ok, faults, origin, size, root, checkpoints, openings, erased, anchored: ok ? anchored : [] }
  }

  private fault(code: string, message: string): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push({ line: this.line, code, message })
  }
}
