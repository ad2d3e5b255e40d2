// createAuthority: a certificate authority for clients. Its key is sealed and never told.
import { AUTHORITIES_MAX, AUTHORITY_DAYS, keepAuthority, makeAuthority } from '../../../authority/authorities.ts'
import { readCrl } from '../../../authority/crl.ts'
import { checked, integer, object, oneOf, optional, string } from '../../../base/schema.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { authorityName, authoritySchema, authorityTag, newSerial, shownAuthority } from './ca-schema.ts'

/** RFC 5280 4.2.1.13: http, since who checks a list over https would first have to check another one. */
const crlUrl = checked(
  string({
    pattern: /^https?:\/\/[!-~]+$/,
    maxLength: 500,
    means: 'an address such as http://pki.example.org/ca/clients.crl',
    describe: 'Where those who check its certificates fetch its list; certificates name it. Left out: they name none.',
  }),
  (text) => {
    const url = URL.parse(text)
    return url !== null && url.username === '' && url.password === '' && url.hash === '' && url.href === text
      ? undefined
      : { code: 'bad-url', message: 'an address in its usual form, without user, password and fragment' }
  },
)

export const createAuthority = defineOperation({
  name: 'createAuthority',
  resource: 'ca',
  method: 'POST',
  path: '/ca',
  summary: 'Makes a certificate authority for clients. Its private key is sealed by the envelope key, and no answer holds it.',
  permission: 'certificates:write',
  reach: 'all',
  body: object({
    name: authorityName,
    key: optional(oneOf(['P-256', 'P-384', 'Ed25519'], 'What kind of key it signs with. P-256 is what everybody can verify.'), 'P-256'),
    days: optional(integer({ min: AUTHORITY_DAYS.min, max: AUTHORITY_DAYS.max, describe: 'How long it lasts.' }), AUTHORITY_DAYS.usual),
    crlUrl: optional(crlUrl),
  }),
  output: authoritySchema,
  status: 201,
  refusals: {
    taken: { status: 409, says: 'There is an authority of that name.', mend: 'Take another name, or remove that one when nothing of it counts any more.' },
    'too-many-authorities': { status: 409, says: `There are ${AUTHORITIES_MAX} authorities already.`, mend: 'Remove one that is not used any more.' },
  },
  act: 'ca.create',
  recent: true,
  object: ({ body }) => ({ kind: 'ca', name: body.name }),
  prepare: ({ body, nowMs, plane }) => makeAuthority({ name: body.name, kind: body.key, days: body.days, serial: newSerial(plane.services.random), nowMs }),
  async run({ body: { name, crlUrl }, operator, nowMs, plane }, store, made) {
    const kept = await keepAuthority(store, plane.services.envelope, made, { name, crlUrl, by: operator.actor.id, nowMs })
    if ('refused' in kept) return refused(kept.refused)
    const { thumbprint, kind } = kept
    return done(shownAuthority(kept, await readCrl(store, name)), { location: `/ca/${name}`, etag: authorityTag(kept), detail: { thumbprint, key: kind } })
  },
})
