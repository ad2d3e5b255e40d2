// The `securityTxt` section (RFC 9116): whom to tell of a hole, served at /.well-known/security.txt.
import { moment } from '../../base/moment.ts'
import { type Infer, list, object, optional, string } from '../../base/schema.ts'
import type { WellKnownDocument } from '../../model/snapshot.ts'

/** RFC 9116 2.4: web addresses are https. Nothing in them could begin a line of its own. */
const HTTPS = /^https:\/\/[!#$%&'()*+,./0-9:;=?@A-Z[\]_a-z~-]{1,2000}$/
const CONTACT = /^(?:https:\/\/|mailto:|tel:)[!#$%&'()*+,./0-9:;=?@A-Z[\]_a-z~-]{1,2000}$/
const address = (describe: string) => optional(string({ pattern: HTTPS, maxLength: 2048, means: 'an https address', describe }))

export const securityTxt = object(
  {
    contact: list(string({ pattern: CONTACT, maxLength: 2048, means: 'mailto:, tel: or an https address' }), {
      min: 1,
      max: 10,
      describe: 'Where to report a hole, the preferred way first: `mailto:`, `tel:` or an https address.',
    }),
    expires: moment(
      'expires',
      'Until then the document is to be relied on; afterwards it is no longer served. Less than a year ahead is advised (RFC 9116 2.5.5).',
    ),
    encryption: address('A key to encrypt reports with.'),
    acknowledgments: address('A page that thanks those who reported.'),
    policy: address('How reports are handled.'),
    hiring: address('Open positions in security.'),
    canonical: address('Where this document is to be found.'),
    preferredLanguages: optional(
      list(string({ pattern: /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}$/, means: 'a language such as en (RFC 5646)' }), {
        min: 1,
        max: 20,
        describe: 'Languages of reports.',
      }),
    ),
  },
  'The contact for reports of holes, served at `/.well-known/security.txt` (RFC 9116).',
)

export function securityTxtDocument(section: Infer<typeof securityTxt>): WellKnownDocument {
  const lines = section.contact.map((each) => `Contact: ${each}`)
  lines.push(`Expires: ${new Date(section.expires).toISOString()}`)
  for (const [name, value] of [
    ['Encryption', section.encryption],
    ['Acknowledgments', section.acknowledgments],
    ['Preferred-Languages', section.preferredLanguages?.join(', ')],
    ['Canonical', section.canonical],
    ['Policy', section.policy],
    ['Hiring', section.hiring],
  ] as const)
    if (value !== undefined) lines.push(`${name}: ${value}`)
  // RFC 9116 3: text/plain, UTF-8.
  return { path: '/.well-known/security.txt', fields: [['Content-Type', 'text/plain; charset=utf-8']], body: `${lines.join('\n')}\n` }
}
