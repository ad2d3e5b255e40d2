// The environment, read once, in the one place that may read it.
import { env } from 'node:process'

export interface Settings {
  /** The admin token given by the environment, if any. */
  readonly adminToken: string | undefined
  /** `NO_COLOR` is set (no-color.org). */
  readonly noColor: boolean
}

/** Reads the environment and takes secrets out of it, so that neither children nor reports inherit them. */
export function readSettings(): Settings {
  const adminToken = env['GATEHOUSE_ADMIN_TOKEN']
  delete env['GATEHOUSE_ADMIN_TOKEN']
  return { adminToken: adminToken === '' ? undefined : adminToken, noColor: (env['NO_COLOR'] ?? '') !== '' }
}

/** A secret that the configuration refers to by `{env: NAME}`, taken out of the environment like the token; undefined when it is not set or empty. */
export function secretFromEnvironment(name: string): string | undefined {
  const value = env[name]
  delete env[name]
  return value === '' ? undefined : value
}
