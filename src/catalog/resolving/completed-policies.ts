// Completes policies from the OpenAPI document: what one asks for of the document, each operation's own set has in its configuration.
import type { Fault, Path } from '../../base/fault.ts'
import type { ExampleAnswer } from '../openapi/example-answers.ts'
import type { Operation } from '../openapi/routes.ts'
import type { Attachment } from '../sections/attachments.ts'

export type ExamplesOf = (operation: Operation) => readonly ExampleAnswer[]

/** Characters of all examples of one API: they stand in the snapshot, which every thread holds. */
const EXAMPLES_MAX = 8 * 1024 * 1024

export const wantsExamples = ({ policy, read }: Attachment): boolean => policy.wantsExamples?.(read) === true

/** Puts the examples of an operation into the attachments of its set that want them. */
export class Completion {
  private readonly examplesOf: ExamplesOf
  private readonly report: (fault: Fault) => void
  private used = 0
  private readonly told = new Set<Path>()

  constructor(examplesOf: ExamplesOf, report: (fault: Fault) => void) {
    this.examplesOf = examplesOf
    this.report = report
  }

  /** An API without a document has nothing to complete from. */
  withoutDocument(ordered: readonly Attachment[], name: string): void {
    for (const { policy, path } of ordered.filter(wantsExamples))
      this.report({
        code: 'no-document',
        path,
        message: `'${policy.name}' answers with the examples of an OpenAPI document, and '${name}' has none: name one under 'openapi'`,
      })
  }

  of(ordered: readonly Attachment[], operation: Operation): readonly Attachment[] {
    return ordered.some(wantsExamples) ? ordered.map((attachment) => (wantsExamples(attachment) ? this.completed(attachment, operation) : attachment)) : ordered
  }

  private completed(attachment: Attachment, operation: Operation): Attachment {
    const { policy, config, path } = attachment
    const written = config as { readonly [key: string]: unknown }
    if (written['answers'] !== undefined) {
      if (!this.told.has(path))
        this.report({
          code: 'contradiction',
          path,
          message: `'${policy.name}': answers come from the document or stand here, not both: for one operation, write them under 'operations'`,
        })
      this.told.add(path)
      return attachment
    }
    const answers = this.examplesOf(operation)
    if (answers.length === 0) {
      this.report({
        code: 'no-example',
        path,
        message: `'${policy.name}': the document has no example for '${operation.name}' and no schema that one could be made from: write one there, or answers under 'operations'`,
      })
      return attachment
    }
    this.used += JSON.stringify(answers).length
    if (this.used > EXAMPLES_MAX) {
      if (!this.told.has(path))
        this.report({ code: 'too-long', path, message: `'${policy.name}': the examples of all operations have more than ${EXAMPLES_MAX} characters` })
      this.told.add(path)
      return attachment
    }
    const completed = { ...written, answers }
    const faults: Fault[] = []
    const read: unknown = policy.config.read(completed, path, faults)
    if (faults.length === 0) for (const { code, message } of policy.faults?.(read) ?? []) faults.push({ code, path, message })
    for (const { code, message } of faults) this.report({ code, path, message: `for '${operation.name}': ${message}` })
    return { ...attachment, config: completed, read }
  }
}
