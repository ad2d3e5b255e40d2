// The administrator's token: given by the environment, or made at the first start into a file that only its owner can read.
import { hash, timingSafeEqual } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { randomSecret } from '../base/ids.ts'

/** 32 random octets at the least: shorter ones can be guessed. */
const TOKEN_CHARACTERS_MIN = 43
export const tokenFile = (dataFolder: string): string => join(dataFolder, 'admin-token')

/** Holds the digest only. */
export class AdminToken {
  private readonly digest: Buffer
  constructor(token: string) {
    this.digest = sha256(token)
  }
  /** True for `Bearer <token>` (RFC 6750 2.1). Compared in constant time, by digest. */
  accepts(authorization: string | undefined): boolean {
    const given = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
    return given !== undefined && timingSafeEqual(sha256(given), this.digest)
  }
}
const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer')

/** The token, and the file it stands in unless the environment gave it. Throws when the given one is weak or others can read the file. */
export function adminToken(dataFolder: string, given: string | undefined): { readonly token: AdminToken; readonly file: string | undefined } {
  if (given !== undefined) {
    if (given.length < TOKEN_CHARACTERS_MIN) throw new Error(`GATEHOUSE_ADMIN_TOKEN must have at least ${TOKEN_CHARACTERS_MIN} characters`)
    return { token: new AdminToken(given), file: undefined }
  }
  const file = tokenFile(dataFolder)
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, `${Buffer.from(randomSecret(32)).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
  }
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) throw new Error(`${file} can be read by others: chmod 600 it, and replace the token`)
  const kept = readFileSync(file, 'utf8').trim()
  // Cut short by a full disk or a crash, it would be a token that nobody knows, or one that can be guessed.
  if (kept.length < TOKEN_CHARACTERS_MIN) throw new Error(`${file} holds no whole token: remove it, and the next start makes another`)
  return { token: new AdminToken(kept), file }
}
