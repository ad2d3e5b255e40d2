// gatehouse trail verify FILE: holds an export of the trail against itself and against what is brought along, and needs nothing else.
import { createReadStream } from 'node:fs'
import { stderr } from 'node:process'
import { parseArgs } from 'node:util'
import { visible } from '../../base/visible-text.ts'
import { readBoundedFile } from '../../catalog/reading/bounded-file.ts'
import type { Anchors } from '../../trail/anchors.ts'
import { CHECKPOINT_FILE_OCTETS_MAX, parseCheckpoints, type SignedCheckpoint } from '../../trail/checkpoint.ts'
import { type NoteKey, parseNoteKey } from '../../trail/note-key.ts'
import { type Verdict, verifyExport } from '../../trail/verify.ts'
import { complain, type ExitCode, misused, print } from './usage.ts'

export const trailHelp = `gatehouse trail export [--output FILE] [--config FILE]

Writes the trail of the Gatehouse that runs with --config (without it: the quickstart's), personal data included, into the new file FILE, or to the
standard output. That it was taken stands in it.

gatehouse trail verify FILE [--checkpoint FILE]... [--key FILE|STRING]... [--format text|json]

Verifies an export of the trail, offline: every entry, signature and erasure.

--checkpoint  checkpoints that were remembered outside of this Gatehouse; the export must continue each of them
--key         a key to trust, of this trail or of a witness: NAME+ID+BASE64, or a file that holds it

Without either the trail can only be shown to agree with itself, and the result says "unanchored": who holds the store and its key could have
written all of it anew. With a key alone, entries cut off at the end are not noticed; a checkpoint notices that.

Exit: 0 nothing wrong, 1 broken, 2 wrong usage or could not run.`

const KEY_FILE_OCTETS_MAX = 4096

export async function trailVerify(args: readonly string[]): Promise<ExitCode> {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      checkpoint: { type: 'string', multiple: true, default: [] },
      key: { type: 'string', multiple: true, default: [] },
      format: { type: 'string', default: 'text' },
    },
  })
  if (positionals.length !== 1) return misused('trail verify takes one file', 'trail')
  if (values.format !== 'text' && values.format !== 'json') return misused('--format is text or json', 'trail')
  const anchors = readAnchors(values.checkpoint, values.key)
  if ('unusable' in anchors) return misused(anchors.unusable, 'trail')
  const file = positionals[0]!
  let verdict: Verdict
  try {
    verdict = await verifyExport(createReadStream(file, { highWaterMark: 1024 * 1024 }), anchors, stderr.isTTY === true ? showProgress : undefined)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && 'syscall' in cause)) throw cause
    complain(`${visible(file)} cannot be read (${String(cause.code)})`)
    return 2
  }
  if (stderr.isTTY === true) stderr.write('\r\u001b[K')
  if (values.format === 'json') printJson(verdict)
  else printVerdict(file, verdict)
  return verdict.ok ? 0 : 1
}

const showProgress = (entries: number): void => void stderr.write(`\r${entries} entries`)

/** What is brought along must be readable whole: an anchor that is passed over would be a check that checked nothing. */
function readAnchors(checkpointFiles: readonly string[], keyTexts: readonly string[]): Anchors | { readonly unusable: string } {
  const checkpoints: SignedCheckpoint[] = []
  for (const file of checkpointFiles) {
    const read = readBoundedFile(file, CHECKPOINT_FILE_OCTETS_MAX)
    if ('code' in read) return { unusable: read.message }
    const found = parseCheckpoints(read.bytes.toString('utf8'))
    if (found === undefined) return { unusable: `${file} does not hold checkpoints and nothing else` }
    checkpoints.push(...found)
  }
  const keys: NoteKey[] = []
  for (const text of keyTexts) {
    let key = parseNoteKey(text)
    if (key === undefined) {
      const read = readBoundedFile(text, KEY_FILE_OCTETS_MAX)
      key = 'code' in read ? undefined : parseNoteKey(read.bytes.toString('utf8').trim())
    }
    if (key === undefined) return { unusable: `--key ${text} is neither a key nor a file that holds one` }
    keys.push(key)
  }
  return { checkpoints, keys }
}

/** The stable form of `--format json`. Escaped line by line: what a terminal would obey is as good JSON when it is written as an escape. */
function printJson(verdict: Verdict): void {
  const text = JSON.stringify({ ...verdict, unanchored: verdict.anchored.length === 0 }, null, 2)
  print(text.split('\n').map(visible).join('\n'))
}

/** What the export says of itself is made visible before it is shown: it may have been written to steer a terminal. */
function printVerdict(file: string, { ok, faults, origin, size, root, checkpoints, openings, erased, anchored }: Verdict): void {
  for (const { line, code, message } of faults) print(`${visible(file)}${line === 0 ? '' : `:${line}`} ${code} ${visible(message)}`)
  if (!ok) {
    print(`${visible(file)}: broken; ${faults.length === 100 ? 'the first 100 faults' : counted(faults.length, 'fault')} after ${counted(size, 'entry')}`)
    return
  }
  print(`${visible(file)}: nothing wrong; ${counted(size, 'entry')} of ${visible(origin ?? '')}, root ${root}`)
  print(`  ${counted(checkpoints, 'checkpoint')}, ${counted(openings, 'personal field')}, ${erased} erased`)
  for (const { by, what, size: upTo } of anchored) {
    if (by === 'checkpoint') print(`  anchored: continues the remembered checkpoint of ${counted(upTo, 'entry')}`)
    else print(`  anchored: the ${by === 'key' ? 'key' : 'witness'} ${visible(what)} signed ${counted(upTo, 'entry')}`)
  }
  if (anchored.length === 0) print('  unanchored: it agrees with itself, but nothing from outside was brought (--checkpoint, --key)')
}

function counted(count: number, what: string): string {
  if (count === 1) return `1 ${what}`
  return `${count} ${what.endsWith('y') ? `${what.slice(0, -1)}ies` : `${what}s`}`
}
