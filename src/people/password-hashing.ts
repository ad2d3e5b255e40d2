// Argon2id off the event loop: a few at a time, a short queue behind them, and the same work whoever is asked for.
import { argon2, timingSafeEqual } from 'node:crypto'
import { tag } from './secret-text.ts'

/** Costs of one hash (RFC 9106). `memoryKib` is what each hash that runs takes of the machine. */
export interface HashCosts {
  readonly memoryKib: number
  readonly passes: number
  readonly parallelism: number
}

/** The OWASP Password Storage Cheat Sheet's first choice for argon2id with one lane: 19 MiB, two passes. */
export const DEFAULT_COSTS: HashCosts = { memoryKib: 19_456, passes: 2, parallelism: 1 }
const SALT_OCTETS = 16
const HASH_OCTETS = 32
// Whoever can write to the store must not make a sign-in take gigabytes.
const MEMORY_KIB_MAX = 262_144
const PASSES_MAX = 16

export interface HashingSettings {
  /** The room's key: what was stolen with the store alone cannot be guessed at. */
  readonly key: Uint8Array
  readonly random: (octets: number) => Uint8Array
  readonly costs?: HashCosts
  /** How many run at once, on Node's thread pool. Default 2. */
  readonly atOnceMax?: number
  /** How many wait. The next is told `busy`. Default 32. */
  readonly waitingMax?: number
}

export type Verdict = { readonly verdict: 'right'; readonly isOutdated: boolean } | { readonly verdict: 'wrong' | 'busy' }

export class PasswordHashing {
  private readonly settings: HashingSettings
  private readonly costs: HashCosts
  private readonly pepper: Buffer
  private running = 0
  private readonly waiting: (() => void)[] = []
  /** How many hashes were computed: that unknown names cost the same is a matter of counting. */
  computed = 0

  constructor(settings: HashingSettings) {
    this.settings = settings
    this.costs = settings.costs ?? DEFAULT_COSTS
    this.pepper = Buffer.from(tag(settings.key, 'password-pepper'), 'base64url')
  }

  /** The hash of a prepared password as a PHC string, or undefined when too many wait. */
  async hash(password: string): Promise<string | undefined> {
    const salt = Buffer.from(this.settings.random(SALT_OCTETS))
    const digest = await this.compute(password, salt, this.costs, HASH_OCTETS)
    return digest && writePhc(this.costs, salt, digest)
  }

  /**
   * Whether `password` is the one that was hashed. `stored` undefined, or a password that has no prepared form, takes the same work and is wrong.
   * `isOutdated` when it should be hashed anew with the costs of today.
   */
  async verify(password: string | undefined, stored: string | undefined): Promise<Verdict> {
    const read = stored === undefined ? undefined : readPhc(stored)
    const { costs, salt, digest } = read ?? { costs: this.costs, salt: Buffer.alloc(SALT_OCTETS), digest: Buffer.alloc(HASH_OCTETS) }
    const computed = await this.compute(password ?? '', salt, costs, digest.length)
    if (!computed) return { verdict: 'busy' }
    const isSame = timingSafeEqual(computed, digest)
    if (!isSame || !read || password === undefined) return { verdict: 'wrong' }
    const { memoryKib, passes, parallelism } = this.costs
    return { verdict: 'right', isOutdated: costs.memoryKib !== memoryKib || costs.passes !== passes || costs.parallelism !== parallelism }
  }

  private async compute(password: string, salt: Buffer, costs: HashCosts, octets: number): Promise<Buffer | undefined> {
    const { atOnceMax = 2, waitingMax = 32 } = this.settings
    if (this.running >= atOnceMax) {
      if (this.waiting.length >= waitingMax) return undefined
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    } else this.running++
    try {
      this.computed++
      return await this.argon2id(password, salt, costs, octets)
    } finally {
      // The place is handed on as it is, so that nobody who comes in between takes it.
      const next = this.waiting.shift()
      if (next) next()
      else this.running--
    }
  }

  private argon2id(password: string, nonce: Buffer, costs: HashCosts, tagLength: number): Promise<Buffer> {
    const { memoryKib: memory, passes, parallelism } = costs
    const parameters = { message: password, nonce, secret: this.pepper, memory, passes, parallelism, tagLength }
    return new Promise((resolve, reject) => argon2('argon2id', parameters, (error, digest) => (error ? reject(error) : resolve(digest))))
  }
}

const base64 = (octets: Buffer): string => octets.toString('base64').replace(/=+$/, '')
const writePhc = ({ memoryKib, passes, parallelism }: HashCosts, salt: Buffer, digest: Buffer): string =>
  `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${base64(salt)}$${base64(digest)}`

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]{22,86})$/
function readPhc(text: string): { readonly costs: HashCosts; readonly salt: Buffer; readonly digest: Buffer } | undefined {
  const [, m, t, p, salt, digest] = PHC.exec(text) ?? []
  if (salt === undefined || digest === undefined) return undefined
  const costs = { memoryKib: Number(m), passes: Number(t), parallelism: Number(p) }
  if (costs.memoryKib > MEMORY_KIB_MAX || costs.memoryKib < 8 * costs.parallelism || costs.passes > PASSES_MAX || costs.passes < 1) return undefined
  return costs.parallelism < 1 ? undefined : { costs, salt: Buffer.from(salt, 'base64'), digest: Buffer.from(digest, 'base64') }
}
