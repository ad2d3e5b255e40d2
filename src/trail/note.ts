// Signed notes (c2sp.org/signed-note): a text for people and programs, followed by lines of signatures.

export interface NoteSignature {
  readonly name: string
  /** The four octets that, with the name, say which key signed: lower-case hex. */
  readonly keyId: string
  readonly signature: Buffer
}
export interface Note {
  /** Ends with a line feed. What is signed. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** The bounds of what is read; a checkpoint with the most signatures fits many times. */
export const NOTE_LENGTH_MAX = 32 * 1024
export const SIGNATURES_MAX = 64

const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f]/
/** Non-empty, without Unicode spaces and plus signs. */
export const isKeyName = (name: string): boolean => name !== '' && name.length <= 255 && !/[\p{White_Space}+]/u.test(name) && !CONTROL.test(name)

/** The note, or undefined when the text is none: nothing about a malformed note is believed. */
export function parseNote(text: string): Note | undefined {
  if (text.length > NOTE_LENGTH_MAX || !text.isWellFormed() || CONTROL.test(text)) return undefined
  // The last empty line parts the text from the signatures: the text itself may hold empty lines.
  const gap = text.lastIndexOf('\n\n')
  if (gap < 0 || !text.endsWith('\n')) return undefined
  const signatures = parseSignatureLines(text.slice(gap + 2))
  return signatures === undefined || signatures.length === 0 ? undefined : { text: text.slice(0, gap + 1), signatures }
}

/** Signature lines, each ended by a line feed; what a witness answers with. */
export function parseSignatureLines(text: string): readonly NoteSignature[] | undefined {
  if (text.length > NOTE_LENGTH_MAX || !text.endsWith('\n')) return undefined
  const lines = text.slice(0, -1).split('\n')
  if (lines.length > SIGNATURES_MAX) return undefined
  const signatures: NoteSignature[] = []
  for (const line of lines) {
    const [dash, name = '', encoded = '', ...rest] = line.split(' ')
    const octets = decodeBase64(encoded)
    if (dash !== '\u2014' || !isKeyName(name) || octets === undefined || octets.length < 5 || rest.length > 0) return undefined
    signatures.push({ name, keyId: octets.toString('hex', 0, 4), signature: octets.subarray(4) })
  }
  return signatures
}

export const formatNote = ({ text, signatures }: Note): string => `${text}\n${signatures.map(formatSignature).join('')}`
export const formatSignature = ({ name, keyId, signature }: NoteSignature): string =>
  `\u2014 ${name} ${Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64')}\n`

/** Strict: RFC 4648 section 4 with its padding, and only the one spelling that encoding gives. */
export function decodeBase64(text: string): Buffer | undefined {
  const octets = Buffer.from(text, 'base64')
  return octets.toString('base64') === text ? octets : undefined
}
