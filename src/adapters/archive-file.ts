// Archives in files: the back-up of a store that has none of its own.
import { createReadStream } from 'node:fs'
import { link, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type BackUp, type Store, UnusableBackUp, VALUE_OCTETS_MAX } from '../ports/store.ts'
import { exportStore, importStore } from './store-archive.ts'

/** Back-up and restore of any store by an archive. `restore` replaces what is there, and nobody else may use the store meanwhile. */
export function archiveBackUp(store: Store): BackUp {
  return {
    backUp: (toFile) => store.read((reading) => writeLines(toFile, exportStore(reading))),
    restore: async (fromFile) => void (await importStore(store, () => readLines(fromFile), { replace: true })),
  }
}

/** Writes a new file, whole or not at all. */
export async function writeLines(file: string, lines: AsyncIterable<string>): Promise<void> {
  const part = `${file}.part`
  await rm(part, { force: true })
  const handle = await open(part, 'wx', 0o600)
  try {
    let waiting: string[] = []
    let length = 0
    for await (const line of lines) {
      waiting.push(line)
      length += line.length
      if (length < WRITE_CHARACTERS) continue
      await handle.appendFile(waiting.join(''))
      waiting = []
      length = 0
    }
    // Not `write`, which on a disk that fills up writes a part, and says so only to whoever counts.
    await handle.appendFile(waiting.join(''))
    await handle.sync()
    // Unlike a renamed file, a linked one never takes the place of another.
    await link(part, file).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'EEXIST' ? new UnusableBackUp(`${file} is there already, and is not overwritten`) : cause
    })
  } finally {
    await handle.close()
    await rm(part, { force: true })
  }
  const folder = await open(dirname(file), 'r')
  await folder.sync().finally(() => folder.close())
}
const WRITE_CHARACTERS = 256 * 1024

/** The lines of a file, each with its line feed; a last one may have none. Refuses a line that no record could need. */
export async function* readLines(file: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 256 * 1024 }) as AsyncIterable<string>) {
    let begin = 0
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', begin)) {
      yield rest + chunk.slice(begin, end + 1)
      rest = ''
      begin = end + 1
    }
    rest += chunk.slice(begin)
    if (rest.length > LINE_CHARACTERS_MAX) throw new UnusableBackUp('the file is no archive: it has a line that is too long')
  }
  if (rest !== '') yield rest
}
const LINE_CHARACTERS_MAX = VALUE_OCTETS_MAX + 1024
