// How requests to erase are told.
import { hashOf } from '../../../base/canonical-json.ts'
import { type Infer, list, object, oneOf, optional, string } from '../../../base/schema.ts'
import { ERASED_FIELDS_MAX } from '../../../trail/erasure.ts'
import { type ErasureRequest, isPending, REQUEST_LIFE_MS } from '../../../trail/erasure-requests.ts'
import { line, moment, momentOf } from '../../texts.ts'
import { fieldName, index } from './trail-schema.ts'

export const erasureId = string({ pattern: /^erasure_\d{15}_[0-9a-f]{16}$/, maxLength: 40, describe: 'The request’s id.' })
export const erasedFields = list(object({ index: index('The entry’s place.'), field: fieldName }), {
  min: 1,
  max: ERASED_FIELDS_MAX,
  describe: 'Which fields of which entries.',
})
export const reason = line(1000, 'Why: a request’s number, an article of law. Never personal data: it stays in the trail.')
export const erasureSchema = object({
  id: erasureId,
  fields: erasedFields,
  reason,
  state: oneOf(['pending', 'expired', 'erased'], 'Whether somebody can still agree, nobody did in time, or it is done.'),
  requestedBy: line(128, 'Who asked.'),
  requested: moment('When.'),
  expires: moment('Until when somebody else can agree.'),
  approvedBy: optional(line(128, 'Who agreed.')),
  approved: optional(moment('When.')),
  entry: optional(index('The entry of the trail that tells it.')),
})

export const erasureTag = (request: ErasureRequest): string => hashOf(request).slice(0, 32)
export function shownErasure(request: ErasureRequest, nowMs: number): Infer<typeof erasureSchema> {
  const { id, fields, reason, requestedBy, requestedMs, approved } = request
  return {
    id,
    fields: fields.map(({ index, name }) => ({ index, field: name })),
    reason,
    state: approved ? 'erased' : isPending(request, nowMs) ? 'pending' : 'expired',
    requestedBy: requestedBy.id,
    requested: momentOf(requestedMs),
    expires: momentOf(requestedMs + REQUEST_LIFE_MS),
    ...(approved && { approvedBy: approved.by.id, approved: momentOf(approved.atMs), entry: approved.entry }),
  }
}

export const ERASURE_REFUSALS = {
  'people-only': {
    status: 403,
    says: 'Only people who signed in ask for an erasure and agree to it: a token is nobody’s eyes.',
    mend: 'Sign in as a person with the permission `trail:erase`.',
  },
  'already-erased': { status: 409, says: 'One of the fields is erased already, or named twice.', mend: 'Leave it out, and ask again.' },
} as const
