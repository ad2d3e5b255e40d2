// The two documents under comparison, and where findings about one operation go.
import type { Description, Place } from './description.ts'
import type { Severity } from './finding.ts'
import type { Draft, SchemaComparison, SchemaPair } from './schema-comparison.ts'
import type { Direction } from './schema-differences.ts'
import type { Schema } from './schema-form.ts'

export class Sides {
  readonly old: Description
  readonly now: Description
  readonly drafts: Draft[] = []
  readonly pairs = new Set<SchemaPair>()
  private readonly schemas: SchemaComparison

  constructor(old: Description, now: Description, schemas: SchemaComparison) {
    this.old = old
    this.now = now
    this.schemas = schemas
  }

  report(rule: string, severity: Severity, sentence: string, old?: Place, now?: Place): void {
    this.drafts.push({ rule, severity, ...(old && { old: old.at }), ...(now && { new: now.at }), sentence })
  }

  compareSchemas(old: Schema, now: Schema, direction: Direction): void {
    this.pairs.add(this.schemas.compared(old, now, direction))
  }
}
