// The JSON Schema of gatehouse.yaml, with the configuration of every policy: editors complete and check with it.
import type { JsonSchema } from '../../base/schema.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import { configurationSchema } from './configuration.ts'

/** What `gatehouse.schema.json` holds. Read off the schema that reads the file, so that the two never disagree. */
export function configurationJsonSchema(policies: readonly AnyPolicy[]): JsonSchema {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'gatehouse.yaml', ...configurationSchema(policies).json }
}
