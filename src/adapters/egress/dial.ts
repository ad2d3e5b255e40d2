// Opens a connection to a name by the very addresses that were judged: between the judgement and the connection nobody is asked again.
import { lookup } from 'node:dns'
import { connect, type Socket } from 'node:net'
import { formatIp, parseIp } from '../../base/ip.ts'
import { EgressFailed, EgressRefused } from '../../ports/egress.ts'
import type { Reach } from './reach.ts'

/** All addresses of a name. */
export type ResolveName = (name: string) => Promise<readonly string[]>

export interface DialTarget {
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
  /** What messages call the target: no address, nothing that could be a secret. */
  readonly name: string
}

/** As many addresses of a name are tried, each with an equal share of the time. */
const ADDRESSES_TRIED_MAX = 4

/** Asks the system, hosts file included. */
export const systemResolve: ResolveName = (name) =>
  new Promise((resolve, reject) => {
    lookup(name, { all: true, verbatim: true }, (error, found) => (error ? reject(error) : resolve(found.map(({ address }) => address))))
  })

/** A connected socket. Rejects with `EgressRefused` when any address of the name may not be reached, and with `EgressFailed`. `within`: milliseconds for all of it. */
export async function dial(target: DialTarget, reach: Reach, resolve: ResolveName, signal: AbortSignal, withinMs: number): Promise<Socket> {
  const addresses = await judgedAddresses(target, reach, resolve, signal)
  let last: unknown
  for (const [i, address] of addresses.entries()) {
    try {
      return await connected(address, target, signal, Math.ceil(withinMs / (addresses.length - i)))
    } catch (cause) {
      if (signal.aborted) throw tooSlow(target)
      last = cause
    }
  }
  // Not handed on as the cause: its message names the address.
  throw new EgressFailed(`${target.name} cannot be connected to (${codeOf(last)})`)
}

/** One address that may not be reached refuses the name: whoever mixes them in hopes that another try picks it. */
async function judgedAddresses(target: DialTarget, reach: Reach, resolve: ResolveName, signal: AbortSignal): Promise<readonly string[]> {
  const literal = parseIp(target.host)
  const found = literal ? [target.host] : await resolved(target, resolve, signal)
  if (found.length === 0) throw new EgressFailed(`the name of ${target.name} has no address`)
  for (const address of found) {
    const refusal = reach.refusal(address, target.port)
    if (refusal !== undefined) throw new EgressRefused(`${target.name} is not reached: ${refusal}`)
  }
  return found.slice(0, ADDRESSES_TRIED_MAX).map((address) => formatIp(parseIp(address)!))
}

async function resolved(target: DialTarget, resolve: ResolveName, signal: AbortSignal): Promise<readonly string[]> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(tooSlow(target))
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([resolve(target.host), aborted])
  } catch (cause) {
    if (cause instanceof EgressFailed) throw cause
    throw new EgressFailed(`the name of ${target.name} cannot be resolved (${codeOf(cause)})`)
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function connected(address: string, target: DialTarget, signal: AbortSignal, withinMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // An address, so that nothing is looked up; no family is chosen for us, and no other address tried.
    const socket = connect({ host: address, port: target.port, noDelay: true, autoSelectFamily: false })
    const give = (error: Error): void => {
      socket.destroy()
      finish()
      reject(error)
    }
    const abort = (): void => give(tooSlow(target))
    const late = setTimeout(() => give(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })), withinMs)
    const finish = (): void => {
      clearTimeout(late)
      signal.removeEventListener('abort', abort)
      socket.removeListener('error', give)
    }
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort)
    socket.on('error', give)
    socket.once('connect', () => {
      finish()
      // Whoever takes the socket listens for errors; until then one must not end the process.
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}

export const tooSlow = (target: { readonly name: string }): EgressFailed => new EgressFailed(`${target.name} is too slow`)
/** The code of a system's or OpenSSL's error: the message may name addresses. */
export const codeOf = (cause: unknown): string => (cause as { code?: string } | undefined)?.code ?? 'unknown reason'
