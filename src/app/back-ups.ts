// Back-ups of the running Gatehouse: files in a folder of the data directory, each with its digest beside it as sha256sum reads it.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackUpFile, BackUps } from '../management/plane.ts'
import type { BackUp } from '../ports/store.ts'

/** So many stay in the folder: a script that went wild does not fill the disk. */
export const BACK_UPS_MAX = 100
const NAME = /^gatehouse-(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)-(\d{3})Z\.(?:db|jsonl)$/
export const backUpFolder = (dataFolder: string): string => join(dataFolder, 'backups')

export function backUpsIn(folder: string, backUp: BackUp, ending: 'db' | 'jsonl'): BackUps {
  let isUnderWay = false
  const list = async (): Promise<readonly BackUpFile[]> => {
    const names = await readdir(folder).catch(() => [])
    const found: BackUpFile[] = []
    for (const name of names
      .filter((each) => NAME.test(each))
      .sort()
      .reverse()) {
      const sha256 = /^[0-9a-f]{64}/.exec(await readFile(join(folder, `${name}.sha256`), 'utf8').catch(() => ''))?.[0]
      // Without a digest it was not finished, or is none of ours.
      if (sha256 !== undefined) found.push({ name, folder, sha256, takenMs: timeOf(name), octets: (await stat(join(folder, name))).size })
    }
    return found
  }
  return {
    list,
    async take(nowMs) {
      if (isUnderWay) return { refused: 'under-way' }
      isUnderWay = true
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await removeParts(folder)
        if ((await list()).length >= BACK_UPS_MAX) return { refused: 'too-many' }
        const name = `gatehouse-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')}.${ending}`
        const file = join(folder, name)
        await backUp.backUp(file)
        const sha256 = await digestOfFile(file)
        await writeFile(`${file}.sha256`, `${sha256}  ${name}\n`, { mode: 0o600, flag: 'wx' }).catch(async (cause) => {
          await rm(file, { force: true })
          throw cause
        })
        return { name, folder, sha256, takenMs: nowMs, octets: (await stat(file)).size }
      } finally {
        isUnderWay = false
      }
    },
  }
}

/** What a process left that ended in the middle: whole copies of a store, that nobody would look for. */
async function removeParts(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.endsWith('.part') && NAME.test(name.slice(0, -'.part'.length))) await rm(join(folder, name), { force: true })
}

const timeOf = (name: string): number => Date.parse(name.replace(NAME, '$1:$2:$3.$4Z'))

export async function digestOfFile(file: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) digest.update(chunk)
  return digest.digest('hex')
}
