// Whether an answer is one that its operation declares: no test gets another without failing.
import assert from 'node:assert/strict'
import { commonRefusals } from '../../src/management/common-refusals.ts'
import { statusOf } from '../../src/management/operation.ts'
import { OperationTable } from '../../src/management/operation-table.ts'
import { operations } from '../../src/management/operations/index.ts'
import type { Told } from './control-client.ts'

const table = new OperationTable(operations)

/** `path` is below /api/v1. What is no operation is refused as that, and is nobody's to declare. */
export function assertDeclared(method: string, path: string, { status, short, body }: Told): void {
  const found = table.find(method, path.replace(/\?.*$/s, ''))
  if (found === undefined || 'allow' in found) return
  const { operation } = found
  const { name, resource, refusals, further } = operation
  const own = Object.keys(refusals).map((code) => `${refusals[code]!.status} ${resource}.${code}`)
  const common = commonRefusals(operation).map((code) => `management.${code}`)
  const isDeclared =
    status === statusOf(operation) || own.includes(short) || common.includes(short.slice(4)) || (short === String(status) && status === further?.status)
  assert.ok(isDeclared, `${name} answers ${short}, which it does not declare: ${body}`)
}
