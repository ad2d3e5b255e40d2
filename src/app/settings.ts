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
