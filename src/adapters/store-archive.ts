// Everything in a store as lines of text, and back: the back-up that every store reads, and the way from one kind to another.
import { createHash, type Hash } from 'node:crypto'
import { type Collection, collection, everyEntry, type Reading, SCAN_LIMIT_MAX, type Store, UnusableBackUp, type Writing } from '../ports/store.ts'

const FORM = 1
/** While an import is under way a record stands here; what else is there is then not whole. */
const imports = collection<{ readonly from: string }>('store-import')
const MARK = 'unfinished'

/**
 * The lines of an archive, each with its line feed: a head, every record in the order of collections and keys, and an end that holds their number and
 * the SHA-256 digest of all octets before it. The digest finds what was cut short or altered by accident; who can write the file can also write a
 * digest, so keep archives where only operators write. Secrets are in it as the store holds them: sealed.
 */
export async function* exportStore(reading: Reading): AsyncGenerator<string> {
  const digest = createHash('sha256')
  const line = (value: unknown): string => {
    const text = `${JSON.stringify(value)}\n`
    digest.update(text)
    return text
  }
  yield line({ gatehouse: 'store', form: FORM })
  let records = 0
  for (const name of await reading.collections()) {
    if (name === imports.name) throw new UnusableBackUp('an import into this store was not finished: what it holds is not whole')
    for await (const { key, value } of everyEntry<unknown>(reading, collection(name))) {
      records++
      yield line([name, key, value])
    }
  }
  yield `${JSON.stringify({ records, sha256: digest.digest('hex') })}\n`
}

/** How far an import writes in one transaction. */
const BATCH_RECORDS = 1000
const BATCH_OCTETS = 4 * 1024 * 1024

/**
 * Writes an archive into a store that nobody else uses meanwhile. `lines` is called twice: nothing is changed before all of the archive has been found
 * whole. A large archive takes many transactions; when one fails, `importIsUnfinished` says so, and a further import with `replace` mends it. Without
 * `replace` the store must be empty. Rejects with `UnusableBackUp`. Answers how many records were written.
 */
export async function importStore(store: Store, lines: () => AsyncIterable<string>, { replace = false } = {}): Promise<number> {
  const { sha256 } = await lastOf(readArchive(lines()))
  const present = await store.read((reading) => reading.collections())
  if (present.length > 0 && !replace) throw new UnusableBackUp('the store is not empty')
  await store.write(async (writing) => writing.put(imports, MARK, { from: sha256 }))
  for (const name of present) if (name !== imports.name) await removeAll(store, collection(name))
  let batch: ArchiveRecord[] = []
  let octets = 0
  let end: ArchiveEnd | undefined
  for await (const part of readArchive(lines())) {
    if ('sha256' in part) {
      end = part
      break
    }
    batch.push(part)
    octets += part.octets
    if (batch.length < BATCH_RECORDS && octets < BATCH_OCTETS) continue
    await writeBatch(store, batch)
    batch = []
    octets = 0
  }
  if (end?.sha256 !== sha256) throw new UnusableBackUp('the archive became another one while it was read')
  await store.write(async (writing) => {
    putAll(writing, batch)
    writing.remove(imports, MARK)
  })
  return end.records
}

/** True after an import that broke off: what the store holds is a part of the archive. */
export const importIsUnfinished = (reading: Reading): Promise<boolean> => reading.get(imports, MARK).then((mark) => mark !== undefined)

async function removeAll(store: Store, of: Collection<unknown>): Promise<void> {
  for (let removed = SCAN_LIMIT_MAX; removed === SCAN_LIMIT_MAX; ) {
    removed = await store.write(async (writing) => {
      const page = await writing.scan(of, { limit: SCAN_LIMIT_MAX })
      for (const { key } of page) writing.remove(of, key)
      return page.length
    })
  }
}
const writeBatch = (store: Store, batch: readonly ArchiveRecord[]): Promise<void> => store.write(async (writing) => putAll(writing, batch))
function putAll(writing: Writing, batch: readonly ArchiveRecord[]): void {
  for (const { name, key, value } of batch) writing.put(collection(name), key, value)
}

interface ArchiveRecord {
  readonly name: string
  readonly key: string
  readonly value: unknown
  readonly octets: number
}
interface ArchiveEnd {
  readonly records: number
  readonly sha256: string
}

/** Yields the records and, after the last of them, the end. Throws `UnusableBackUp` at the first line that is not as `exportStore` writes it. */
async function* readArchive(lines: AsyncIterable<string>): AsyncGenerator<ArchiveRecord | ArchiveEnd> {
  const digest = createHash('sha256')
  let number = 0
  let before = ''
  let ended = false
  for await (const line of lines) {
    number++
    if (ended) throw new UnusableBackUp(`line ${number} of the archive stands after its end`)
    const value = parse(line, number)
    if (number === 1) checkHead(value)
    else if (Array.isArray(value)) {
      const record = recordOf(value, line, number)
      const place = `${record.name} ${record.key}`
      if (place <= before) throw new UnusableBackUp(`line ${number} of the archive is out of order`)
      before = place
      yield record
    } else {
      ended = true
      yield checkEnd(value, number - 2, digest)
    }
    if (!ended) digest.update(line)
  }
  if (!ended) throw new UnusableBackUp('the archive is cut short')
}

function parse(line: string, number: number): unknown {
  if (!line.endsWith('\n')) throw new UnusableBackUp('the archive is cut short')
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new UnusableBackUp(`line ${number} of the archive is not JSON`, cause)
  }
}
function checkHead(value: unknown): void {
  const { gatehouse, form } = (value ?? {}) as { gatehouse?: unknown; form?: unknown }
  if (gatehouse !== 'store') throw new UnusableBackUp('the file is no archive of a store of Gatehouse')
  if (form !== FORM) throw new UnusableBackUp(`the archive has form ${form}, and this Gatehouse reads form ${FORM}`)
}
function recordOf(value: readonly unknown[], line: string, number: number): ArchiveRecord {
  const [name, key, held] = value
  if (value.length !== 3 || typeof name !== 'string' || typeof key !== 'string' || !/^[a-z][a-z0-9-]{0,63}$/.test(name) || !/^[!-~]{1,512}$/.test(key))
    throw new UnusableBackUp(`line ${number} of the archive is no record`)
  return { name, key, value: held, octets: line.length }
}
function checkEnd(value: unknown, records: number, digest: Hash): ArchiveEnd {
  const end = (value ?? {}) as { records?: unknown; sha256?: unknown }
  const sha256 = digest.digest('hex')
  if (end.records !== records || end.sha256 !== sha256) throw new UnusableBackUp('the archive was altered: its digest is another one')
  return { records, sha256 }
}

async function lastOf(parts: AsyncIterable<ArchiveRecord | ArchiveEnd>): Promise<ArchiveEnd> {
  let last: ArchiveRecord | ArchiveEnd | undefined
  for await (const part of parts) last = part
  if (last === undefined || !('sha256' in last)) throw new UnusableBackUp('the archive is cut short')
  return last
}
