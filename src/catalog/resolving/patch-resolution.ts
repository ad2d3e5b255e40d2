// Turns virtual patches into attachments: each adds one policy for a time, and can do nothing but tighten.
import { type Fault, type Path, suggestion } from '../../base/fault.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import { one } from '../sections/attachments.ts'
import type { PatchSection } from '../sections/patch-schema.ts'
import type { PatchAttachment } from './api-policies.ts'
import type { PlacedFault } from './place-checks.ts'
import { stageOf } from './policy-order.ts'
import type { SharedObjects } from './shared-objects.ts'

export interface PlacedPatch {
  readonly name: string
  readonly patch: PatchSection
  readonly document: SourceDocument
  readonly path: Path
}
/** A patch that is in force. */
export interface LivePatch extends PatchAttachment {
  readonly api: string
  readonly version: string | undefined
  /** The fault of an operation that no version has; none when one has. */
  readonly unknownOperation: () => Fault | undefined
  readonly document: SourceDocument
}
export interface PatchesOutcome {
  readonly patches: readonly LivePatch[]
  readonly faults: readonly PlacedFault[]
  readonly notices: readonly PlacedFault[]
  /** When the first of them ends; infinity when none does. */
  readonly endsMs: number
}

/** `versionsOf`: names of the versions of an API as written, empty when it has none, undefined when there is no such API. */
export function resolvePatches(
  placed: readonly PlacedPatch[],
  apis: readonly string[],
  versionsOf: (api: string) => readonly string[],
  shared: SharedObjects,
  catalogue: readonly AnyPolicy[],
  nowMs: number,
): PatchesOutcome {
  const faults: PlacedFault[] = []
  const notices: PlacedFault[] = []
  const patches: LivePatch[] = []
  let endsMs = Number.POSITIVE_INFINITY
  for (const each of placed) {
    const { name, patch, document, path } = each
    const report = (fault: Fault): void => void faults.push({ document, fault })
    // What has ended is not looked at: the API it was made for may be gone since.
    if (patch.expires <= nowMs) {
      const message = `the patch '${name}' (${patch.reason.slice(0, 60)}) has expired and does nothing: take it out`
      notices.push({ document, fault: { code: 'expired-patch', path: [...path, 'expires'], message } })
      continue
    }
    endsMs = Math.min(endsMs, patch.expires)
    if (!apis.includes(patch.api)) {
      report({ code: 'unknown-api', path: [...path, 'api'], message: `there is no API '${patch.api}'${suggestion(patch.api, apis)}` })
      continue
    }
    if (patch.version !== undefined && !versionsOf(patch.api).includes(patch.version)) {
      const message = `'${patch.api}' has no version '${patch.version}'${suggestion(patch.version, versionsOf(patch.api))}`
      report({ code: 'unknown-version', path: [...path, 'version'], message })
      continue
    }
    const made = attachmentOf(each, shared, catalogue, report)
    if (made) patches.push(made)
  }
  return { patches, faults, notices, endsMs }
}

function attachmentOf(
  { name, patch, document, path }: PlacedPatch,
  shared: SharedObjects,
  catalogue: readonly AnyPolicy[],
  report: (fault: Fault) => void,
): LivePatch | undefined {
  const written = catalogue.filter(({ attachedBy }) => attachedBy === undefined)
  const names = written.map((policy) => policy.name)
  const policy = written.find((each) => each.name === patch.policy)
  if (policy === undefined) {
    report({ code: 'unknown-policy', path: [...path, 'policy'], message: `there is no policy '${patch.policy}'${suggestion(patch.policy, names)}` })
    return undefined
  }
  const found: Fault[] = []
  if (typeof patch.config === 'object' && patch.config !== null && Object.hasOwn(patch.config, 'mode'))
    found.push({ code: 'unknown-key', path: [...path, 'config', 'mode'], atKey: true, message: "the mode of a patch stands beside its 'config'" })
  const attachment = { ...one(policy, patch.config, [...path, 'config'], found), mode: patch.mode }
  if (found.length === 0) found.push(...shared.listFaults({ [policy.name]: [attachment] }))
  found.forEach(report)
  if (found.length > 0) return undefined
  // A second door beside the first (authenticate: any), or a policy that only ever lets more through, is no patch.
  if (stageOf(attachment) === 'identify' || Object.keys(policy.denials).length === 0) {
    const why = stageOf(attachment) === 'identify' ? 'says who callers are, and a second way in is no tightening' : 'refuses nothing'
    report({ code: 'patch-loosens', path: [...path, 'policy'], message: `a patch may only tighten: '${policy.name}' ${why}` })
    return undefined
  }
  let isKnown = patch.operation === undefined
  return {
    api: patch.api,
    version: patch.version,
    operation: patch.operation,
    document,
    attachment: { ...attachment, scope: `${patch.api}/${policy.name}/patch:${name}`, untilMs: patch.expires },
    found: () => void (isKnown = true),
    report,
    unknownOperation: () =>
      isKnown
        ? undefined
        : { code: 'unknown-operation', path: [...path, 'operation'], message: `no OpenAPI document of '${patch.api}' has an operation '${patch.operation}'` },
  }
}
