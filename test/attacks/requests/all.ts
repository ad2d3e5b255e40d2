// Every hostile request there is.
import type { HostileRequest } from '../hostile-request.ts'
import { believedFields } from './believed-fields.ts'
import { chunks } from './chunks.ts'
import { contentLength } from './content-length.ts'
import { fields } from './fields.ts'
import { hosts } from './host.ts'
import { requestLine } from './request-line.ts'
import { smuggling } from './smuggling.ts'
import { targets } from './targets.ts'
import { transferEncoding } from './transfer-encoding.ts'

export const hostileRequests: readonly HostileRequest[] = [
  ...contentLength,
  ...transferEncoding,
  ...chunks,
  ...requestLine,
  ...fields,
  ...hosts,
  ...targets,
  ...believedFields,
  ...smuggling,
]
