// The environment, read once, in the one place that may read it.
import { env } from 'node:process'
import { Secret } from '../base/secret.ts'

export interface Settings {
  /** The admin token given by the environment, if any. */
  readonly adminToken: string | undefined
  /** The envelope key given by the environment, if any: the text of it. */
  readonly envelopeKey: Secret | undefined
  /** `NO_COLOR` is set (no-color.org). */
  readonly noColor: boolean
  /** A variable that a file of the configuration refers to by `{env: NAME}`: taken out of the environment at the first call, and remembered. */
  readonly secret: (name: string) => Secret | undefined
  /** The whole environment of commands that are started to fetch a secret. */
  readonly commandEnvironment: { readonly [name: string]: string }
}

/** What a program needs to find its own files and to speak the operator's language; nothing of ours, and nothing of what others gave us. */
const HANDED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ']

/** Reads the environment and takes secrets out of it, so that neither children nor reports inherit them. */
export function readSettings(): Settings {
  const adminToken = env['GATEHOUSE_ADMIN_TOKEN']
  delete env['GATEHOUSE_ADMIN_TOKEN']
  const commandEnvironment = Object.fromEntries(HANDED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))
  return {
    adminToken: adminToken === '' ? undefined : adminToken,
    envelopeKey: take('GATEHOUSE_ENVELOPE_KEY'),
    noColor: (env['NO_COLOR'] ?? '') !== '',
    secret: (name) => (isOurs(name) ? undefined : take(name)),
    commandEnvironment,
  }
}

const taken = new Map<string, Secret>()
/** Names are compared as the system compares them: on Windows `Path` is `PATH`. What the program itself needs stays where it is. */
function take(name: string): Secret | undefined {
  const known = taken.get(name)
  if (known) return known
  const text = env[name]
  if (text === undefined || text === '') return undefined
  if (!HANDED_ON.includes(name)) delete env[name]
  const secret = new Secret(text)
  taken.set(name, secret)
  return secret
}

/** What Gatehouse is told by its own variables is nothing that an object may refer to. */
const isOurs = (name: string): boolean => /^GATEHOUSE_/i.test(name)
