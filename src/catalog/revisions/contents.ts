// Large texts, kept once by their digest in pieces that a record can hold, for as long as a draft or a revision needs them.
import { createHash } from 'node:crypto'
import { collection, everyEntry, type Reading, type Writing } from '../../ports/store.ts'

const PIECES = collection<string>('catalog-content')
/** By digest and user: a text without users goes. */
const USES = collection<true>('catalog-content-use')
/** One character may take six octets of JSON. */
const PIECE_CHARACTERS = 1024 ** 2

export const textDigest = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')

/** Keeps a text for `user`, which has the form of a key. Returns its digest. */
export async function keepContent(writing: Writing, text: string, user: string): Promise<string> {
  const digest = textDigest(text)
  const isKept = (await writing.scan(USES, { prefix: `${digest}/`, limit: 1 })).length > 0
  if (!isKept) for (const [i, piece] of pieces(text).entries()) writing.put(PIECES, `${digest}/${String(i).padStart(4, '0')}`, piece)
  writing.put(USES, `${digest}/${user}`, true)
  return digest
}

/** One more user of a text that is there. */
export const shareContent = (writing: Writing, digest: string, user: string): void => writing.put(USES, `${digest}/${user}`, true)

/** `user` needs the text no more; the last one takes it along. */
export async function releaseContent(writing: Writing, digest: string, user: string): Promise<void> {
  writing.remove(USES, `${digest}/${user}`)
  if ((await writing.scan(USES, { prefix: `${digest}/`, limit: 1 })).length > 0) return
  for (const { key } of await writing.scan(PIECES, { prefix: `${digest}/`, limit: 1000 })) writing.remove(PIECES, key)
}

/** Throws when the text is not there, or not what it was: the store was damaged or tampered with. */
export async function readContent(reading: Reading, digest: string): Promise<string> {
  let text = ''
  for await (const { value } of everyEntry(reading, PIECES, `${digest}/`)) text += value
  if (textDigest(text) !== digest) throw new Error(`the store has lost the document ${digest}`)
  return text
}

/** A surrogate pair is never cut in two: half of one is no text. */
function pieces(text: string): string[] {
  const out: string[] = []
  for (let at = 0; at < text.length || out.length === 0; ) {
    let end = Math.min(text.length, at + PIECE_CHARACTERS)
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end--
    out.push(text.slice(at, end))
    at = end
  }
  return out
}
const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
