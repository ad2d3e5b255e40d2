// The `documents` section: OpenAPI documents as texts, for who has no folder to keep them in.
import { record, string } from '../../base/schema.ts'
import { NAME, NAME_MEANS } from './consumer-schema.ts'

export const DOCUMENT_CHARACTERS_MAX = 16 * 1024 ** 2
/** A longer document is JSON: YAML is read ten times slower, and whoever may put a draft must not hold up the control plane. */
export const YAML_CHARACTERS_MAX = 2 * 1024 ** 2
/** For the same reason, of what comes over the management API. */
export const YAML_VALUES_MAX = 400_000

export const documents = record(
  string({ maxLength: DOCUMENT_CHARACTERS_MAX, means: 'an OpenAPI document as text', describe: 'An OpenAPI document (3.0 or 3.1, YAML or JSON) as text.' }),
  { key: NAME, keyMeans: NAME_MEANS, max: 10_000, describe: 'OpenAPI documents as texts, by name: an API refers to one by `openapi: document:NAME`.' },
)
