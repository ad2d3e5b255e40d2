// The way from a command to the running Gatehouse: where it listens, and the token that proves who asks.
import { resolve } from 'node:path'
import { visible } from '../../base/visible-text.ts'
import { readBoundedFile } from '../../catalog/reading/bounded-file.ts'
import { readTrustStore } from '../../certificates/trust-store.ts'
import { Connection, NotReached, Refusal } from '../../client/connection.ts'
import { loadWhole } from '../own-policies.ts'
import { quickstartFile } from '../quickstart.ts'
import type { Settings } from '../settings.ts'
import { connectionTo, nowMs } from './running-gatehouse.ts'
import { secureFetch, type Trusting } from './secure-fetch.ts'
import { complain, type ExitCode, print } from './usage.ts'

/** To be spread into what a command takes. */
export const connectOptions = {
  config: { type: 'string' },
  url: { type: 'string' },
  ca: { type: 'string' },
  pin: { type: 'string' },
  'token-file': { type: 'string' },
} as const
export const connectHelp = `--config FILE      the file that the Gatehouse runs with (without it: the quickstart's)
--url URL          its control listener, in place of --config; https, or http to this machine
--ca FILE          with --url: the authorities that vouch for its certificate (PEM); without it those that Node knows, and NODE_EXTRA_CA_CERTS
--pin sha256/HASH  with --url: its public key besides: SHA-256 of the SubjectPublicKeyInfo in base64
--token-file FILE  holds the token; without it GATEHOUSE_ADMIN_TOKEN, or what the Gatehouse of --config keeps in its data folder`

export interface Where {
  readonly config?: string | undefined
  readonly url?: string | undefined
  readonly ca?: string | undefined
  readonly pin?: string | undefined
  readonly 'token-file'?: string | undefined
}
/** `absent`: there is nobody to ask, so far as can be seen from here. */
export type Connected = { readonly to: Connection } | { readonly absent: string } | { readonly unusable: string }

const TOKEN_OCTETS_MAX = 4096
const CA_OCTETS_MAX = 1024 * 1024
/** Applying what holds many documents takes its time. */
const TIMEOUT_MS = 300_000

export async function connect({ config, url, ca, pin, 'token-file': file }: Where, settings: Pick<Settings, 'adminToken'>): Promise<Connected> {
  if (url !== undefined && config !== undefined) return { unusable: '--url and --config both say where: give one' }
  const trusting = trustOf(url, ca, pin)
  if ('unusable' in trusting) return trusting
  const given = file === undefined ? settings.adminToken : tokenIn(file)
  if (file !== undefined && given === undefined) return { unusable: `${visible(file)} cannot be read, or holds no token` }
  if (url !== undefined) {
    const base = controlUrl(url)
    if (base === undefined) return { unusable: '--url is https://HOST[:PORT], or http:// on this machine: a token does not travel in the open' }
    // The token of a Gatehouse on this machine is for that one, and not for whatever an address names.
    return given === undefined
      ? { unusable: 'a token is needed: --token-file, or GATEHOUSE_ADMIN_TOKEN' }
      : { to: new Connection({ url: base, token: given, timeoutMs: TIMEOUT_MS, ...(base.startsWith('https:') && { fetch: secureFetch(trusting) }) }) }
  }
  const resolution = await loadWhole(resolve(config ?? quickstartFile), nowMs())
  if (!resolution.ok) return { unusable: 'the configuration has faults: see gatehouse check' }
  const to = connectionTo(resolution, { adminToken: given }, TIMEOUT_MS)
  return to === undefined ? { absent: 'it has never been started: there is no admin token' } : { to }
}

/** Whom to believe at a URL. */
function trustOf(url: string | undefined, ca: string | undefined, pin: string | undefined): Trusting | { readonly unusable: string } {
  if (ca === undefined && pin === undefined) return {}
  if (url === undefined || !/^https:/i.test(url)) return { unusable: '--ca and --pin say whom to believe at --url https://...' }
  if (pin !== undefined && !/^sha256\/[A-Za-z0-9+/]{43}=$/.test(pin)) return { unusable: '--pin is sha256/ and 32 octets in base64' }
  const read = ca === undefined ? undefined : readBoundedFile(ca, CA_OCTETS_MAX)
  if (read && 'code' in read) return { unusable: visible(read.message) }
  const reading = read && readTrustStore(read.bytes.toString('latin1'), nowMs())
  const [fault] = reading?.faults.filter(({ code }) => code !== 'not-a-ca' && code !== 'duplicate-item') ?? []
  if (fault) return { unusable: `${visible(ca!)}: ${fault.message}` }
  return { ...(reading && { ca: reading.certificates.join('') }), ...(pin !== undefined && { pin: pin.slice('sha256/'.length) }) }
}

/** The origin of a URL that a token may be sent to. */
export function controlUrl(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null) return undefined
  if (url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '') return undefined
  const isHere = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/.test(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && isHere) ? url.origin : undefined
}

function tokenIn(file: string): string | undefined {
  const read = readBoundedFile(file, TOKEN_OCTETS_MAX)
  const token = 'code' in read ? '' : read.bytes.toString('utf8').trim()
  return /^[!-~]+$/.test(token) ? token : undefined
}

/** Runs what asks a running Gatehouse. A refusal is told with all that it names. */
export async function asking(where: Where, settings: Settings, format: 'text' | 'json', work: (to: Connection) => Promise<ExitCode>): Promise<ExitCode> {
  const connected = await connect(where, settings)
  if (!('to' in connected)) {
    complain('absent' in connected ? connected.absent : connected.unusable)
    return 2
  }
  try {
    return await work(connected.to)
  } catch (cause) {
    if (cause instanceof NotReached) {
      complain(cause.message)
      return 2
    }
    if (!(cause instanceof Refusal)) throw cause
    if (format === 'json') print(JSON.stringify(cause.problem, null, 2).split('\n').map(visible).join('\n'))
    else complain(refusalText(cause))
    return 1
  }
}

/** For people: the sentence, and a line for each thing that the problem document names besides. Nothing in it can rewrite a terminal. */
export function refusalText({ message, code, problem }: Refusal): string {
  const lines = [`refused: ${message} (${code})`]
  const each = (member: string): readonly unknown[] => (Array.isArray(problem[member]) ? problem[member] : [])
  for (const error of each('errors')) {
    const { place, path, code: fault, message: says } = error as Readonly<Record<string, unknown>>
    lines.push(`  ${[place ?? path, fault, says].filter((part) => typeof part === 'string' && part !== '').join(' ')}`)
  }
  for (const conflict of each('conflicts')) {
    const { kind, name } = conflict as Readonly<Record<string, unknown>>
    lines.push(`  ${String(kind)}/${String(name)}`)
  }
  for (const finding of each('findings')) {
    const { api, rule, operations, sentence } = finding as Readonly<Record<string, unknown>>
    const where = Array.isArray(operations) && operations.length > 0 ? ` ${String(operations[0])}:` : ''
    lines.push(`  ${String(api)}: ${String(rule)}${where} ${String(sentence)}`)
  }
  for (const secret of each('secrets')) lines.push(`  secret ${String(secret)}`)
  if (typeof problem['approvals'] === 'number')
    lines.push(`  ${String(problem['given'])} of ${problem['approvals']} approvals, for ${each('apis').map(String).join(', ')}`)
  return lines.map(visible).join('\n')
}
