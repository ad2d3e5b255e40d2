// The keys that sign what a team's own webhooks are told: one for each team, known without being kept.
import { createHmac } from 'node:crypto'
import { Secret } from '../base/secret.ts'
import type { Team } from './records.ts'

export class ContactKeys {
  private readonly root: Uint8Array

  /** `dataKey` is the directory's. */
  constructor(dataKey: Uint8Array) {
    this.root = createHmac('sha256', dataKey).update('gatehouse directory: contact').digest()
  }

  /** In the form of Standard Webhooks. A team that is made anew under an old name has another key. */
  of({ name, createdMs }: Pick<Team, 'name' | 'createdMs'>): Secret {
    return new Secret(`whsec_${createHmac('sha256', this.root).update(`${name}/${createdMs}`).digest('base64')}`)
  }
}
