// What would give one caller the answer of another: a policy that leads requests by what one that answers from a store does not tell apart.
import type { AnyPolicy } from './contract.ts'

interface Configured {
  readonly policy: AnyPolicy
  /** As its schema read it. */
  readonly read: unknown
  readonly mode: 'enforce' | 'monitor'
}

/** A message for each policy that must not stand beside another of its set. */
export function confusions<T extends Configured>(all: readonly T[]): (readonly [attachment: T, message: string])[] {
  const found: (readonly [T, string])[] = []
  for (const keeper of all) {
    if (keeper.policy.confuses === undefined) continue
    for (const leader of all) {
      if (leader.mode !== 'enforce') continue
      const value = leader.policy.leadsBy?.(leader.read).find((each) => keeper.policy.confuses!(keeper.read, each))
      if (value === undefined) continue
      const mend = value.field === undefined || value.secret ? '' : `, unless its 'key.fields' names ${value.field}`
      found.push([
        leader,
        `'${leader.policy.name}' leads requests by \${${value.name}}, and '${keeper.policy.name}' would give what one of them is answered to the others${mend}`,
      ])
    }
  }
  return found
}
