// Which policies each operation of an API carries, each set once, and whether any operation is left open by mistake.
import { type Fault, type Path, suggestion } from '../../base/fault.ts'
import type { AttachedPolicy, PolicySet } from '../../model/snapshot.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import type { Operation } from '../openapi/routes.ts'
import type { ApiSection } from '../sections/api-schema.ts'
import type { Attachment, Attachments } from '../sections/attachments.ts'
import { Completion, type ExamplesOf, wantsExamples } from './completed-policies.ts'
import { faultsTogether, inOrder, protects, stageOf } from './policy-order.ts'
import { listsOf } from './shared-objects.ts'

export interface ApiPolicies {
  readonly sets: readonly PolicySet[]
  /** The set of the API itself. */
  readonly common: number
  /** By operation name, where it is another than the API's. */
  readonly byOperation: ReadonlyMap<string, number>
  /** Names of the address lists that any of the policies uses, sorted. */
  readonly lists: readonly string[]
  /** What operators should know of policies in their enforce mode. */
  readonly notices: readonly Fault[]
}

/** A policy that is added for a time, on top of everything. Its faults stand elsewhere than the API's. */
export interface PatchAttachment {
  readonly attachment: Attachment
  /** Name or method and path; absent: every operation. */
  readonly operation: string | undefined
  /** Told when the operation was found. */
  found(): void
  report(fault: Fault): void
}

/** What of an API says how its operations are protected. */
export type ProtectedApi = Pick<ApiSection, 'policies' | 'operations' | 'public' | 'authenticate'>

interface Context {
  readonly name: string
  readonly api: ProtectedApi
  readonly path: Path
  readonly catalogue: readonly AnyPolicy[]
  readonly faults: Fault[]
}

/** `operations` absent: an API without an OpenAPI document. */
export function apiPolicies(
  name: string,
  api: ProtectedApi,
  path: Path,
  operations: readonly Operation[] | undefined,
  catalogue: readonly AnyPolicy[],
  faults: Fault[],
  patches: readonly PatchAttachment[] = [],
  examplesOf: ExamplesOf = () => [],
): ApiPolicies {
  const context: Context = { name, api, path, catalogue, faults }
  const sets = new SetList(name)
  const forAll = patches.filter(({ operation }) => operation === undefined)
  const patched = (policies: Attachments, operation?: Operation): Attachment[] => {
    const own = patches.filter((patch) => operation !== undefined && (patch.operation === operation.name || patch.operation === operation.methodAndPath))
    return inOrder([...flat(policies), ...[...forAll, ...own].map(({ attachment }) => attachment)], catalogue)
  }
  const reportSlot = (fault: Fault): void => {
    const patch = patches.find(({ attachment }) => attachment.path === fault.path)
    if (patch) patch.report(fault)
    else faults.push(fault)
  }
  const completion = new Completion(examplesOf, reportSlot)
  const common = patched(api.policies)
  if (operations === undefined) completion.withoutDocument(common, name)
  protectionOfApi(context, common)
  const unwritten = faultsTogether(common)
  unwritten.forEach(reportSlot)
  const commonIndex = sets.add(common, () => '')
  const notices = noticesOf(common, path)
  const overridden = new Map<string, number>()
  const guarded = new Set<string>()
  const open = new Set<string>()
  for (const [key, override] of Object.entries(api.operations)) {
    const at: Path = [...path, 'operations', key]
    const operation = operationOf(key, operations, at, faults)
    if (!operation) continue
    if (overridden.has(operation.name)) {
      faults.push({ code: 'duplicate-override', path: at, atKey: true, message: `the operation '${operation.name}' is named twice here` })
      continue
    }
    const all = patched(merged(api.policies, override.policies, [...at, 'policies'], faults), operation)
    // Where nobody is asked who they are, nobody has a plan.
    const ordered = override.public && !all.some(protects) ? all.filter(({ policy }) => policy.attachedBy === undefined) : all
    protectionOfOperation(context, operation, ordered, override.public, at)
    if (override.public) open.add(operation.name)
    if (ordered.some(protects)) guarded.add(operation.name)
    for (const fault of faultsTogether(ordered)) {
      if (isPrefix(at, fault.path)) faults.push(fault)
      else if (patches.some(({ attachment }) => attachment.path === fault.path)) reportSlot(fault)
      // The API's own policy is at fault only here: because of what this operation takes away.
      else if (!unwritten.some(({ path: known }) => known === fault.path)) faults.push({ ...fault, path: at, atKey: true })
    }
    const own = new Set(Object.keys(override.policies))
    notices.push(
      ...noticesOf(
        ordered.filter(({ path: where }) => isPrefix(at, where)),
        at,
      ),
    )
    overridden.set(
      operation.name,
      sets.add(completion.of(ordered, operation), (attachment) => (own.has(attachment.policy.name) ? `@${operation.name}` : '')),
    )
  }
  for (const patch of patches) {
    const operation = operations?.find(({ name, methodAndPath }) => patch.operation === name || patch.operation === methodAndPath)
    if (operation === undefined) continue
    patch.found()
    if (overridden.has(operation.name)) continue
    const ordered = patched(api.policies, operation)
    for (const fault of faultsTogether(ordered)) if (!unwritten.some(({ path: known }) => known === fault.path)) reportSlot(fault)
    overridden.set(
      operation.name,
      sets.add(completion.of(ordered, operation), () => ''),
    )
  }
  if (common.some(wantsExamples)) {
    for (const operation of operations ?? [])
      if (!overridden.has(operation.name))
        overridden.set(
          operation.name,
          sets.add(completion.of(common, operation), () => ''),
        )
  }
  uncheckedSecurity(context, operations ?? [], common, new Set([...guarded, ...open]))
  return { sets: sets.all, common: commonIndex, byOperation: overridden, lists: [...sets.lists].sort(), notices }
}

/** What stands elsewhere, in a set or above a version, is told where it comes in. */
const noticesOf = (attachments: readonly Attachment[], at: Path): Fault[] =>
  attachments.flatMap(({ policy, read, mode, path }) =>
    mode === 'monitor' ? [] : (policy.notices?.(read) ?? []).map((notice) => ({ ...notice, path: isPrefix(at, path) ? path : at })),
  )
const isPrefix = (start: Path, path: Path): boolean => start.every((step, i) => path[i] === step)
const flat = (attachments: Attachments): Attachment[] => Object.values(attachments).flatMap((each) => each || [])

/** A policy of an operation takes the place of the API's of the same name; `false` takes it away. */
function merged(common: Attachments, own: Attachments, path: Path, faults: Fault[]): Attachments {
  const out: Record<string, readonly Attachment[] | false> = { ...common }
  for (const [policy, attachments] of Object.entries(own)) {
    if (attachments === false && !Object.hasOwn(common, policy)) {
      faults.push({ code: 'removes-nothing', path: [...path, policy], atKey: true, message: `the API has no '${policy}' that could be removed here` })
    }
    out[policy] = attachments
  }
  return out
}

function operationOf(key: string, operations: readonly Operation[] | undefined, at: Path, faults: Fault[]): Operation | undefined {
  if (!operations) {
    faults.push({
      code: 'operations-without-document',
      path: at,
      atKey: true,
      message: "single operations are known only from an OpenAPI document: name one under 'openapi'",
    })
    return undefined
  }
  const found = operations.find(({ name }) => name === key) ?? operations.find(({ methodAndPath }) => methodAndPath === key)
  if (!found && operations.length > 0) {
    const names = operations.flatMap(({ name, methodAndPath }) => [name, methodAndPath])
    faults.push({ code: 'unknown-operation', path: at, atKey: true, message: `the OpenAPI document has no operation '${key}'${suggestion(key, names)}` })
  }
  return found
}

function protectionOfApi({ name, api, path, faults }: Context, ordered: readonly Attachment[]): void {
  const identifying = ordered.filter((attachment) => stageOf(attachment) === 'identify')
  const guard = identifying.find(protects)
  if (!guard && !api.public) {
    const watching = identifying.length > 0 ? `: '${identifying[0]!.policy.name}' only watches, or lets strangers pass` : ''
    faults.push({
      code: 'unprotected-api',
      path,
      atKey: true,
      message: `nothing asks callers of '${name}' for a credential${watching}; add an identify policy such as api-key in enforce mode, or say public: true`,
    })
  }
  if (guard && api.public) {
    faults.push({
      code: 'public-but-protected',
      path: [...path, 'public'],
      message: `'${name}' is public and has '${guard.policy.name}', which refuses strangers: only one can be meant`,
    })
  }
  if (api.authenticate !== undefined && identifying.length === 0) {
    faults.push({
      code: 'authenticate-without-policies',
      path: [...path, 'authenticate'],
      message: "'authenticate' combines identify policies, and there is none",
    })
  }
}

function protectionOfOperation({ api, faults }: Context, operation: Operation, ordered: readonly Attachment[], isPublic: boolean | undefined, at: Path): void {
  const guard = ordered.find(protects)
  if (isPublic && guard) {
    const message = `'${operation.name}' is public and has '${guard.policy.name}', which refuses strangers: remove it here with ${guard.policy.name}: false`
    faults.push({ code: 'public-but-protected', path: [...at, 'public'], message })
  }
  if (isPublic === false && !guard)
    faults.push({
      code: 'unprotected-operation',
      path: [...at, 'public'],
      message: `'${operation.name}' is not public and nothing asks its callers for a credential`,
    })
  if (guard || isPublic !== undefined || api.public) return
  faults.push({
    code: 'unprotected-operation',
    path: at,
    atKey: true,
    message: `'${operation.name}' loses the last policy that asks its callers for a credential: say public: true here if everyone may call it`,
  })
}

/** hardening: OpenAPI `security` may tighten, never loosen, and a scheme that nobody checks is a fault. */
function uncheckedSecurity(
  { name, api, path, faults }: Context,
  operations: readonly Operation[],
  common: readonly Attachment[],
  settled: ReadonlySet<string>,
): void {
  if (!api.public || common.some(protects)) return
  const unchecked = operations.filter((operation) => operation.demandsCredential && !settled.has(operation.name))
  if (unchecked.length === 0) return
  const shown = unchecked.slice(0, 3).map((operation) => `'${operation.name}'`)
  faults.push({
    code: 'security-unchecked',
    path: [...path, 'public'],
    message: `the OpenAPI document asks for a credential on ${shown.join(', ')}${unchecked.length > 3 ? ` and ${unchecked.length - 3} more` : ''}, and '${name}' is public: attach an identify policy, or say public: true on each of these operations`,
  })
}

/** The distinct sets, found by their content. */
class SetList {
  readonly all: PolicySet[] = []
  readonly lists = new Set<string>()
  private readonly api: string
  private readonly byKey = new Map<string, number>()

  constructor(api: string) {
    this.api = api
  }

  add(ordered: readonly Attachment[], suffix: (attachment: Attachment) => string): number {
    const counts = new Map<string, number>()
    const set: AttachedPolicy[] = ordered.map((attachment) => {
      const { policy, config, mode, owner = this.api, untilMs } = attachment
      for (const { name } of listsOf(attachment)) this.lists.add(name)
      const attached = { policy: policy.name, config, mode, ...(policy.revision !== undefined && { revision: policy.revision }) }
      if (attachment.scope !== undefined) return { ...attached, scope: attachment.scope, ...(untilMs !== undefined && { untilMs }) }
      const index = counts.get(policy.name) ?? 0
      counts.set(policy.name, index + 1)
      return { ...attached, scope: `${owner}/${policy.name}/${index}${suffix(attachment)}` }
    })
    const key = JSON.stringify(set)
    const known = this.byKey.get(key)
    if (known !== undefined) return known
    this.byKey.set(key, this.all.push(set) - 1)
    return this.all.length - 1
  }
}
