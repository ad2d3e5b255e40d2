// issueCertificate: a certificate for a consumer's key. What the request says of names counts for nothing; that its sender has the key is proved by it.
import { getAuthority } from '../../../authority/authorities.ts'
import { CERTIFICATE_HOURS, consumerUri, issueCertificate as issue, NAMES_MAX, VALID_CERTIFICATES_MAX } from '../../../authority/certificates.ts'
import { REQUEST_CHARACTERS_MAX, readRequest } from '../../../authority/requests.ts'
import { checked, integer, list, object, optional, string } from '../../../base/schema.ts'
import { consumers } from '../../../directory/records.ts'
import type { Reading } from '../../../ports/store.ts'
import { defineOperation, done, etagOf, type Refused, refused } from '../../operation.ts'
import type { Services } from '../../plane.ts'
import { line, nameText } from '../../texts.ts'
import { authorityParameters, certificateSchema, hostName, isHostName, newSerial, shownCertificate } from './ca-schema.ts'

export const issueCertificate = defineOperation({
  name: 'issueCertificate',
  resource: 'ca',
  method: 'POST',
  path: '/ca/{ca}/certificates',
  summary: 'Issues a certificate for a client, to a consumer, for the key of a certificate request (PKCS #10).',
  permission: 'certificates:issue',
  reach: 'all',
  parameters: authorityParameters,
  body: object({
    consumer: nameText('The consumer that it is for: `CN=CONSUMER`, and `urn:gatehouse:consumer:CONSUMER` among its names.'),
    request: string({
      pattern: /^[\s\S]+$/,
      maxLength: REQUEST_CHARACTERS_MAX,
      means: 'a certificate request in PEM form',
      describe: 'A certificate request in PEM form. Of it the public key is taken, and nothing else.',
    }),
    hours: optional(
      integer({ min: CERTIFICATE_HOURS.min, max: CERTIFICATE_HOURS.max, describe: 'How long it lasts, at most 30 days.' }),
      CERTIFICATE_HOURS.usual,
    ),
    names: optional(
      list(
        checked(hostName, (text) => (isHostName(text) ? undefined : { code: 'bad-value', message: 'a DNS name in lower case, without a wildcard' })),
        { max: NAMES_MAX, describe: 'DNS names in it besides.' },
      ),
      [],
    ),
    label: optional(line(100, 'What it is for.'), ''),
  }),
  output: object({
    certificate: string({ pattern: /^-----BEGIN CERTIFICATE-----/, maxLength: 16_384, describe: 'The certificate in PEM form.' }),
    authority: string({ pattern: /^-----BEGIN CERTIFICATE-----/, maxLength: 16_384, describe: 'That of its authority.' }),
    issued: certificateSchema,
  }),
  status: 201,
  refusals: {
    'unknown-consumer': { status: 404, says: 'There is no consumer of that name.', mend: 'Create the consumer first, or check its name.' },
    'bad-request': {
      status: 422,
      says: 'The certificate request cannot be read.',
      mend: 'Send one request as `openssl req -new` writes it, and nothing else.',
    },
    'private-key': {
      status: 422,
      says: 'A private key stands in the request.',
      mend: 'Send the request alone. A key that was sent is best thrown away: make a new one.',
    },
    'weak-key': {
      status: 422,
      says: 'The key is of a kind that is not certified.',
      mend: 'Make a key with ECDSA P-256 or Ed25519; RSA has 2048 to 4096 bits.',
    },
    'no-possession': {
      status: 422,
      says: 'The request does not prove that its sender has the key.',
      mend: 'Make the request anew with the private key, over SHA-256 or more.',
    },
    'asks-too-much': {
      status: 422,
      says: 'The request asks for what is not given.',
      mend: 'Leave extensions out of the request; DNS names are given by `names`.',
    },
    'compromised-key': { status: 409, says: 'A certificate for this key was revoked because others have the key.', mend: 'Make a new key.' },
    'authority-ends': {
      status: 409,
      says: 'The certificate would outlive its authority.',
      mend: 'Ask for less time, or make another authority, which takes over before this one ends.',
    },
    'too-many-certificates': {
      status: 409,
      says: `The consumer, or the key, has ${VALID_CERTIFICATES_MAX} certificates that count, or the authority has issued all that it may.`,
      mend: 'Revoke those that are not used any more. Those that ended are forgotten after a week.',
    },
  },
  act: 'certificate.issue',
  async prepare({ body }) {
    const read = await readRequest(body.request, { names: body.names, uri: consumerUri(body.consumer) })
    return 'refused' in read ? refused(read.refused, { detail: read.says }) : read
  },
  async run({ parameters, body, operator, nowMs, plane }, store, request) {
    const { services } = plane
    const { consumer, names, hours, label } = body
    const authority = await getAuthority(store, parameters.ca)
    if (authority === undefined) return refused('unknown')
    const missing = await unknownConsumer(store, services, consumer)
    if (missing) return missing
    const serial = newSerial(services.random)
    const issuing = { consumer, request, names, hours, label, serial, by: operator.actor.id, nowMs }
    const issued = await issue(store, services.envelope, authority, issuing)
    if ('refused' in issued) return refused(issued.refused)
    const { certificate, record } = issued
    return done(
      { certificate, authority: authority.certificate, issued: shownCertificate(record, nowMs) },
      {
        location: `/ca/${authority.name}/certificates/${serial}`,
        etag: etagOf(record),
        object: { kind: 'certificate', name: `${authority.name}/${serial}` },
        detail: { consumer, names, thumbprint: record.thumbprint, key: record.key, hours },
      },
    )
  },
})

async function unknownConsumer(reading: Reading, { directory }: Services, name: string): Promise<Refused | undefined> {
  const isKnown = directory.file.hasConsumer(name) || (await reading.get(consumers, name)) !== undefined
  return isKnown ? undefined : refused('unknown-consumer')
}
