// The opening of a personal field: the salt and the value behind the digest in an entry. Erasing it leaves the entry, and every proof, as it was.
import { hash } from 'node:crypto'
import { canonicalJson } from '../base/canonical-json.ts'
import { digestOf } from './entry.ts'

export interface Opening {
  /** 128 random bits, of this field of this entry alone: without it nobody can try values until a digest fits. Lower-case hex. */
  readonly salt: string
  /** The value; one that is too large, or no text that can be written, stands here as its digest. */
  readonly value: string | { readonly digest: string; readonly octets: number }
}

export const SALT_OCTETS = 16
export const VALUE_OCTETS_MAX = 4096

export function openingOf(value: string, salt: Uint8Array): Opening {
  const octets = Buffer.byteLength(value)
  const fits = value.isWellFormed() && octets <= VALUE_OCTETS_MAX
  return { salt: Buffer.from(salt).toString('hex'), value: fits ? value : { digest: digestOf(value), octets } }
}

/** What stands in the entry: hex SHA-256 over the canonical form of name, salt and value. */
export const openingDigest = (name: string, { salt, value }: Opening): string => hash('sha256', Buffer.from(canonicalJson({ name, salt, value })), 'hex')

/** True when a value has the form of an opening; whether it is the right one, its digest tells. */
export function isOpening(value: unknown): value is Opening {
  if (typeof value !== 'object' || value === null) return false
  const { salt, value: told, ...rest } = value as Record<string, unknown>
  if (typeof salt !== 'string' || !/^[0-9a-f]{32}$/.test(salt) || Object.keys(rest).length > 0) return false
  if (typeof told === 'string') return Buffer.byteLength(told) <= VALUE_OCTETS_MAX
  if (typeof told !== 'object' || told === null) return false
  const { digest, octets, ...others } = told as Record<string, unknown>
  return typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest) && Number.isSafeInteger(octets) && Object.keys(others).length === 0
}
