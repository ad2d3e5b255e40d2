// Passwords as text: prepared as RFC 8265 says, and refused when they are among the first that anyone would try.
import { COMMON_PASSWORDS, COMMON_WORDS } from './common-passwords.ts'
import { type Refused, refuse } from './refusal.ts'

export const PASSWORD_CHARACTERS_MIN = 12
export const PASSWORD_CHARACTERS_MAX = 256
/** What must be left of a password when the words that everybody tries are taken out of it. */
const REST_CHARACTERS_MIN = 6

// RFC 8264 9: controls, unassigned and ignorable code points, private use and old Hangul letters; join controls need context that nobody checks here.
const DISALLOWED = /[\p{Cc}\p{Cn}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]/u

/**
 * The password as it is hashed (the OpaqueString profile, RFC 8265 4.2): other spaces become U+0020, then NFC. Case and everything else stay.
 * Undefined when empty, longer than 256 characters, or with a character that the profile disallows.
 */
export function preparePassword(given: string): string | undefined {
  // Four units a character are more than NFC ever needs for one: what is longer is too long however it is read, and is not normalized.
  if (given.length === 0 || given.length > PASSWORD_CHARACTERS_MAX * 4 || !given.isWellFormed()) return undefined
  const prepared = given.replace(/\p{Zs}/gu, ' ').normalize('NFC')
  return DISALLOWED.test(prepared) || [...prepared].length > PASSWORD_CHARACTERS_MAX ? undefined : prepared
}

export type PasswordRefusal = 'password-unreadable' | 'password-too-short' | 'password-too-common'

/**
 * A new password in its prepared form. No rules of composition (NIST SP 800-63B-4 3.1.1.2): only too short, and too well known. `about` are names and
 * addresses of the person.
 */
export function acceptablePassword(given: string, about: readonly string[]): { readonly password: string } | Refused<PasswordRefusal> {
  const password = preparePassword(given)
  if (password === undefined) return refuse('password-unreadable')
  if ([...password].length < PASSWORD_CHARACTERS_MIN) return refuse('password-too-short')
  return isCommon(password, about) ? refuse('password-too-common') : { password }
}

const LOOKS_LIKE: Readonly<Record<string, string>> = { '0': 'o', '1': 'l', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', $: 's', '!': 'i' }
const unmask = (text: string): string => text.replace(/[013457@$!]/g, (sign) => LOOKS_LIKE[sign]!)

function isCommon(password: string, about: readonly string[]): boolean {
  const lower = password.normalize('NFKC').toLowerCase()
  if (COMMON_PASSWORDS.has(lower) || new Set(lower).size < 5 || repeats(lower) || isRun(lower)) return true
  const words = [
    ...COMMON_WORDS,
    ...about.flatMap((text) =>
      text
        .normalize('NFKC')
        .toLowerCase()
        .split(/[^\p{L}\p{N}]+/u),
    ),
  ]
  return [lower, unmask(lower)].some((text) => restWithout(text, words) < REST_CHARACTERS_MIN)
}

/** One piece of at most half the length over and over. */
function repeats(text: string): boolean {
  for (let period = 1; period <= text.length / 2; period++)
    if (
      text ===
      text
        .slice(0, period)
        .repeat(Math.ceil(text.length / period))
        .slice(0, text.length)
    )
      return true
  return false
}

/** Neighbours in the alphabet, among the digits or on a keyboard for nearly all of it. */
const ROWS = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'qwertzuiop', 'azertyuiop', 'yxcvbnm', '1qaz2wsx3edc4rfv5tgb']
const NEIGHBOURS = new Set(ROWS.flatMap((row) => [...row].slice(1).flatMap((sign, i) => [row[i]! + sign, sign + row[i]!])))
function isRun(text: string): boolean {
  let breaks = 0
  for (let i = 1; i < text.length; i++) if (!NEIGHBOURS.has(text.slice(i - 1, i + 1)) && text[i] !== text[i - 1]) breaks++
  return breaks <= text.length / 5
}

function restWithout(text: string, words: readonly string[]): number {
  let rest = text
  for (const word of words.toSorted((a, b) => b.length - a.length)) if (word.length >= 3) rest = rest.replaceAll(word, '')
  return [...rest.replace(/[\s._-]/g, '')].length
}
