// A rotation whose keys stand in files: the next key is on disk before anything is sealed under it, and takes the old one's place at the end.
import { newEnvelopeKey } from './envelope-key.ts'
import { createKeyFile, nextKeyFile, promoteKeyFile, readKeyFile } from './key-file.ts'
import { type RotationOptions, type RotationOutcome, rotateEnvelope } from './rotation.ts'

/** Rotates to a new random key, or goes on with an interrupted rotation: the key beside the file is the one it led to. */
export async function rotateKeyFile(
  file: string,
  options: Omit<RotationOptions, 'to'>,
): Promise<RotationOutcome | { readonly refused: 'rotation.key-file'; readonly where: readonly string[] }> {
  createKeyFile(nextKeyFile(file), newEnvelopeKey())
  const to = readKeyFile(nextKeyFile(file))
  if (to === undefined || 'refused' in to) return { refused: 'rotation.key-file', where: [to?.refused ?? nextKeyFile(file)] }
  const outcome = await rotateEnvelope({ ...options, to })
  if (!('refused' in outcome) || outcome.refused === 'rotation.same-key') promoteKeyFile(file)
  return outcome
}
