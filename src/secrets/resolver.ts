// From a reference to the secret it means, for the owner of the object it stands in: what the owner may not have is refused like what is not there.
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs'
import { isAbsolute, resolve, sep } from 'node:path'
import { platform } from 'node:process'
import { Secret } from '../base/secret.ts'
import type { SecretReference } from '../base/secret-reference.ts'
import { type Envelope, UnreadableSecret } from '../ports/envelope.ts'
import type { Reading } from '../ports/store.ts'
import { readSecret, SECRET_VALUE_MAX, secretInfo } from './named-secrets.ts'

/** Who owns the object that the reference stands in: a file of the configuration, or the person who wrote it in the console. */
export type SecretOwner =
  | { readonly kind: 'file'; readonly folder: string }
  | { readonly kind: 'console'; readonly person: string; readonly teams: readonly string[] }

export interface UnresolvedSecret {
  /**
   * `not-here`: the console may use only `{secret}`. `missing`: nothing is there, or it is not granted to the author. `outside`: a file beyond the
   * declared folders. `exposed`: a file that everybody may read, or others may write.
   */
  readonly refused: 'secret.not-here' | 'secret.missing' | 'secret.outside' | 'secret.exposed' | 'secret.unreadable' | 'secret.too-long' | 'secret.empty'
  /** For operators: names the reference, never what it led to. */
  readonly message: string
}

export interface ResolverOptions {
  readonly envelope: Envelope
  /** A variable of the environment. */
  readonly environment: (name: string) => Secret | undefined
  /** Folders, absolute, in which files with secrets may stand. */
  readonly roots: readonly string[]
}

export class SecretResolver {
  private readonly options: ResolverOptions
  constructor(options: ResolverOptions) {
    this.options = options
  }

  async resolve(reading: Reading, reference: SecretReference, owner: SecretOwner): Promise<Secret | UnresolvedSecret> {
    if ('secret' in reference) return this.named(reading, reference.secret, owner)
    // The console's authors must not read what the machine keeps for its own operator.
    if (owner.kind !== 'file')
      return refused('secret.not-here', 'in the console a secret is one of {secret: NAME}: files and the environment belong to the file')
    if ('env' in reference) return this.variable(reference.env)
    return readSecretFile(resolve(owner.folder, reference.file), reference.file, this.options.roots)
  }

  private variable(name: string): Secret | UnresolvedSecret {
    const value = this.options.environment(name)
    if (value === undefined) return refused('secret.missing', `the environment variable ${name} is not set`)
    return checkedLength(value, `the environment variable ${name}`)
  }

  private async named(reading: Reading, name: string, owner: SecretOwner): Promise<Secret | UnresolvedSecret> {
    const info = await secretInfo(reading, name)
    const isGranted =
      owner.kind === 'file' ||
      (info !== undefined && (info.granted.people.includes(owner.person) || info.granted.teams.some((team) => owner.teams.includes(team))))
    // One answer for both: names of secrets are not for everybody to try out.
    if (info === undefined || !isGranted)
      return refused('secret.missing', `there is no secret '${name}'${owner.kind === 'file' ? '' : ' that is granted to the author'}`)
    try {
      return (await readSecret(reading, this.options.envelope, name))!
    } catch (cause) {
      if (cause instanceof UnreadableSecret) return refused('secret.unreadable', `the secret '${name}' cannot be opened with this envelope key`)
      throw cause
    }
  }
}

/** `written` is the path as it stands in the reference. One line end at the end of the file does not count. */
function readSecretFile(file: string, written: string, roots: readonly string[]): Secret | UnresolvedSecret {
  let descriptor: number | undefined
  try {
    // After realpath: a link, or a folder that is one, leads nowhere that was not declared.
    const real = realpathSync(file)
    if (!roots.some((root) => isBelow(real, root))) return refused('secret.outside', `${written} does not stand below a folder declared for secrets`)
    descriptor = openSync(real, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0))
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) return refused('secret.unreadable', `${written} is not a regular file`)
    if (platform !== 'win32' && (stats.mode & 0o026) !== 0)
      return refused('secret.exposed', `${written} can be read by everybody or written by others than its owner: chmod 600 it, and replace what is in it`)
    const bytes = Buffer.alloc(SECRET_VALUE_MAX + 3)
    const count = readSync(descriptor, bytes, 0, bytes.length, 0)
    const end = bytes[count - 1] !== 10 ? count : bytes[count - 2] === 13 ? count - 2 : count - 1
    const secret = new Secret(bytes.subarray(0, end))
    bytes.fill(0)
    return checkedLength(secret, written)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return refused('secret.missing', `there is no file ${written}`)
    return refused('secret.unreadable', `${written} cannot be read (${code ?? 'unknown reason'})`)
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** `file` is real; the folder is made so, and one that is not there holds nothing. */
function isBelow(file: string, folder: string): boolean {
  if (!isAbsolute(folder)) throw new Error('a folder for secrets is named by an absolute path')
  try {
    const real = realpathSync(folder)
    return file.startsWith(real.endsWith(sep) ? real : real + sep)
  } catch {
    return false
  }
}

function checkedLength(secret: Secret, name: string): Secret | UnresolvedSecret {
  if (secret.length === 0) return refused('secret.empty', `${name} is empty`)
  return secret.length > SECRET_VALUE_MAX ? refused('secret.too-long', `${name} has more than ${SECRET_VALUE_MAX} octets`) : secret
}

const refused = (code: UnresolvedSecret['refused'], message: string): UnresolvedSecret => ({ refused: code, message })
