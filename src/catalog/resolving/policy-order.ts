// Puts the policies of a route into the order they run in, and checks that nothing is read before it is written.
import type { Fault } from '../../base/fault.ts'
import { confusions } from '../../pipeline/confusions.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import type { Slot } from '../../pipeline/slots.ts'
import { type Stage, stageOrder } from '../../pipeline/stages.ts'
import type { Attachment } from '../sections/attachments.ts'

/** By stage, then by the catalogue, then as the list of one policy has them: never by the file. */
export function inOrder(attachments: readonly Attachment[], catalogue: readonly AnyPolicy[]): Attachment[] {
  const rank = new Map(catalogue.map((policy, i) => [policy.name, i]))
  return attachments.toSorted((a, b) => stageOrder(stageOf(a)) - stageOrder(stageOf(b)) || rank.get(a.policy.name)! - rank.get(b.policy.name)!)
}

export const stageOf = ({ policy, read }: Attachment): Stage => (typeof policy.stage === 'function' ? policy.stage(read) : policy.stage)

/**
 * True when the attachment by itself keeps out callers who show no credential: an identify policy in enforce mode with a refusal for their absence.
 * One that only watches, or lets strangers pass, protects nothing (hardening: "Deny by default, really").
 */
export const protects = (attachment: Attachment): boolean =>
  attachment.mode === 'enforce' &&
  !letsStrangersPass(attachment) &&
  stageOf(attachment) === 'identify' &&
  Object.values<{ absent?: true }>(attachment.policy.denials).some((denial) => denial.absent)

const letsStrangersPass = ({ policy, read }: Attachment): boolean => (policy as AnyPolicy).letsStrangersPass?.(read) === true

/** Policies that read a slot that nothing certain before them writes: what is only watched is no certainty. And such as confuse what another leads by. */
export function faultsTogether(ordered: readonly Attachment[]): Fault[] {
  const written = new Set<Slot<unknown>>()
  const faults: Fault[] = []
  for (const attachment of ordered) {
    const { policy, read, mode, path } = attachment
    const reads: readonly Slot<unknown>[] = typeof policy.reads === 'function' ? policy.reads(read) : (policy.reads ?? [])
    for (const slot of reads) {
      if (written.has(slot)) continue
      const wanted = slot.name === 'Principal' ? 'an identify policy in enforce mode' : 'a policy'
      faults.push({
        code: 'unwritten-slot',
        path,
        message: `'${policy.name}' reads ${slot.name}, which nothing before it writes: it needs ${wanted} that does`,
      })
    }
    if (mode === 'enforce' && !letsStrangersPass(attachment)) for (const slot of policy.writes ?? []) written.add(slot)
  }
  for (const [{ path }, message] of confusions(ordered)) faults.push({ code: 'contradiction', path, message })
  return faults
}
