// Reads the files of policies that operators wrote, each with the files beside it that it imports: one text, one digest, whatever the disk says later.
import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import type { Path } from '../../base/fault.ts'
import { isBelow, readBoundedFile, realPath } from './bounded-file.ts'
import { members } from './members.ts'

/** One policy of the file, as it was read. Nothing of it has been run. */
export interface PolicyFile {
  /** Absolute. */
  readonly file: string
  /** Origins that it may fetch from. */
  readonly fetch: readonly string[]
  /** Where the main file names it. */
  readonly path: Path
  /** By absolute path: its own text, and those of the files that it imports from its folder. */
  readonly texts: ReadonlyMap<string, string>
  /** SHA-256 over all texts, and where they may fetch from. */
  readonly digest: string
}

const TEXT_BYTES_MAX = 512 * 1024
const TEXTS_MAX = 64

/** What a module of JavaScript or TypeScript may import from beside it. Finds too much where a comment says so: a file that is not there is then no fault. */
const RELATIVE = /\b(?:from|import)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]+)\1/g

export class PolicyFiles {
  private readonly refuse: (path: Path, code: string, message: string) => void
  private readonly digests: Map<string, string>
  private readonly seen = new Set<string>()

  /** `digests`: where it is noted what every file that was looked for holds. */
  constructor(refuse: (path: Path, code: string, message: string) => void, digests: Map<string, string>) {
    this.refuse = refuse
    this.digests = digests
  }

  /** Undefined when there is nothing that could be loaded; whether that is a fault is said, or is the schema's to say. */
  read(main: string, written: unknown, path: Path): PolicyFile | undefined {
    const named = typeof written === 'string' ? written : members<'file'>(written).file
    const { fetch } = members<'fetch'>(typeof written === 'string' ? {} : written)
    if (typeof named !== 'string' || !/^[^\0\r\n]*\.(?:ts|mts|js|mjs)$/.test(named)) return undefined
    const file = resolve(dirname(main), named)
    if (this.seen.has(file)) {
      this.refuse(path, 'said-twice', `${file} is named twice`)
      return undefined
    }
    this.seen.add(file)
    const texts = new Map<string, string>()
    const own = this.load(file)
    if ('code' in own) {
      this.refuse(path, own.code, own.message)
      return undefined
    }
    texts.set(file, own.text)
    const folder = realPath(dirname(file)) ?? dirname(file)
    for (const [from, text] of texts) {
      for (const [, , specifier] of text.matchAll(RELATIVE)) {
        const target = resolve(dirname(from), specifier!)
        if (texts.has(target)) continue
        if (texts.size >= TEXTS_MAX) {
          this.refuse(path, 'too-many-files', `${file} imports more than ${TEXTS_MAX} files`)
          return undefined
        }
        const loaded = this.load(target)
        if ('code' in loaded) {
          if (loaded.code === 'file-missing') continue
          this.refuse(path, loaded.code, loaded.message)
          return undefined
        }
        if (!isBelow(realPath(target) ?? target, folder)) {
          this.refuse(path, 'policy-outside', `${target} leads out of the folder of ${file}: what a policy imports stands beside it or below`)
          return undefined
        }
        texts.set(target, loaded.text)
      }
    }
    const origins = Array.isArray(fetch) ? fetch.filter((origin) => typeof origin === 'string') : []
    const hash = createHash('sha256').update(JSON.stringify(origins))
    for (const [name, text] of texts) hash.update(`\0${name}\0${text.length}\0${text}`)
    return { file, fetch: origins, path, texts, digest: hash.digest('hex') }
  }

  private load(file: string): { readonly text: string } | { readonly code: string; readonly message: string } {
    const read = readBoundedFile(file, TEXT_BYTES_MAX)
    this.digests.set(file, 'code' in read ? read.code : read.digest)
    return 'code' in read ? read : { text: read.bytes.toString('utf8') }
  }
}
