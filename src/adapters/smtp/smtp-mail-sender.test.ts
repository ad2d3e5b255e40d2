// Mail reaches a real server over TLS or not at all, as one mail to one person, and the server's answer is understood.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { authority } from '../../../test/support/certificates.ts'
import { type ReceivedMail, type SmtpReceiver, type SmtpReceiverOptions, startSmtpReceiver } from '../../../test/support/smtp-receiver.ts'
import { Secret } from '../../base/secret.ts'
import { type Mail, MailFailed, MailRefused } from '../../ports/mail.ts'
import { mailCourier } from './mail-courier.ts'
import { isMailAddress, type SmtpSettings, smtpMailSender } from './smtp-mail-sender.ts'

const PASSWORD = 'canary-smtp-password'
const egress = { allowPrivate: ['127.0.0.1'], own: () => [], resolve: async (name: string) => (name === 'mail.example' ? ['127.0.0.1'] : ['10.0.0.7']) }
const mail: Mail = { to: 'ada@example.org', subject: 'Version 1 of "bookshop" is going – à bientôt', text: 'Hello Ada,\n.\n.dots and ünicode\nbye\n' }
const settings: Omit<SmtpSettings, 'port'> = {
  host: 'mail.example',
  security: 'starttls',
  from: { address: 'gatehouse@example.com', name: 'Gatehouse, "the gate"' },
  login: { user: 'gate', password: async () => new Secret(PASSWORD) },
  trust: authority,
}

async function withReceiver(options: SmtpReceiverOptions, work: (receiver: SmtpReceiver) => Promise<void>): Promise<void> {
  const receiver = await startSmtpReceiver(options)
  try {
    await work(receiver)
  } finally {
    receiver.stop()
  }
}
/** The fields of a mail's head, unfolded, and the text of its body. */
function readMail({ data }: ReceivedMail): { fields: string[]; text: string } {
  const end = data.indexOf('\r\n\r\n')
  const fields = data
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
  const quoted = data.slice(end + 4).replace(/=\r\n/g, '')
  return {
    fields,
    text: Buffer.from(
      quoted.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ).toString(),
  }
}

for (const [name, tls, security] of [
  ['STARTTLS', 'offered', 'starttls'],
  ['TLS from the start', 'from-the-start', 'tls'],
] as const) {
  test(`over ${name} a mail arrives whole, and nothing of it or of the login in the clear`, () =>
    withReceiver({ tls }, async ({ port, mails, inTheClear }) => {
      await smtpMailSender({ ...settings, port, security }, egress).send(mail, 'msg_1')
      const [received] = mails
      assert.deepEqual(
        [mails.length, received!.from, received!.to, received!.encrypted, received!.login],
        [1, 'gatehouse@example.com', ['ada@example.org'], true, `gate:${PASSWORD}`],
      )
      const { fields, text } = readMail(received!)
      assert.deepEqual(text.replaceAll('\r\n', '\n').trim(), mail.text.trim())
      assert.ok(
        fields.includes('To: ada@example.org') && fields.includes('Message-ID: <msg_1@example.com>') && fields.includes('Auto-Submitted: auto-generated'),
      )
      assert.ok(fields.some((field) => field.startsWith('From: ') && field.endsWith('<gatehouse@example.com>')))
      assert.ok(!/canary|AUTH|MAIL|ada/.test(inTheClear.join('\n')), inTheClear.join('\n'))
    }))
}

test('a server that does not offer encryption gets neither login nor mail', () =>
  withReceiver({ tls: 'withheld' }, async ({ port, mails, inTheClear }) => {
    await assert.rejects(smtpMailSender({ ...settings, port }, egress).send(mail, 'msg_1'), MailFailed)
    assert.equal(mails.length, 0)
    assert.ok(!/AUTH|MAIL|ada/.test(inTheClear.join('\n')))
  }))

test('a server whose certificate is not trusted, or is another one, gets neither', () =>
  withReceiver({}, async ({ port, mails }) => {
    const { trust: _, ...untrusting } = settings
    await assert.rejects(smtpMailSender({ ...untrusting, port }, egress).send(mail, 'msg_1'), MailFailed)
    const elsewhere = { ...egress, resolve: async () => ['127.0.0.1'] }
    await assert.rejects(smtpMailSender({ ...settings, host: 'imposter.example', port }, elsewhere).send(mail, 'msg_1'), MailFailed)
    assert.equal(mails.length, 0)
  }))

test('answers that were put on the wire before encryption began are not believed', () =>
  withReceiver(
    { injected: '250-mail.example\r\n250 AUTH PLAIN\r\n235 welcome\r\n250 ok\r\n250 ok\r\n354 go ahead\r\n250 taken\r\n' },
    async ({ port, mails }) => {
      await assert.rejects(smtpMailSender({ ...settings, port }, egress, 400).send(mail, 'msg_1'), MailFailed)
      assert.equal(mails.length, 0)
    },
  ))

test('in the clear only when the operator says so, and never with a password', () =>
  withReceiver({ tls: 'withheld' }, async ({ port, mails }) => {
    const { login: _, ...anonymous } = settings
    await smtpMailSender({ ...anonymous, port, security: 'none' }, egress).send(mail, 'msg_1')
    assert.deepEqual([mails.length, mails[0]!.encrypted, mails[0]!.login], [1, false, undefined])
    assert.throws(() => smtpMailSender({ ...settings, port, security: 'none' }, egress), /never sent in the clear/)
  }))

test('the guard judges where the server is', async () => {
  for (const host of ['inside.example', '10.0.0.1', '169.254.169.254', '::1', '127.0.0.2'])
    await assert.rejects(
      smtpMailSender({ ...settings, host, port: 25 }, egress).send(mail, 'msg_1'),
      (error: Error) => error instanceof MailFailed && /is not reached/.test(error.message),
    )
})

const injections: Mail[] = [
  { ...mail, subject: 'a\r\nBcc: eve@example.net' },
  { ...mail, subject: 'a\nb' },
  { ...mail, subject: 'a\u2028b' },
  { ...mail, subject: 'a\0b' },
  { ...mail, subject: '' },
  { ...mail, subject: 'a'.repeat(201) },
  { ...mail, text: 'a'.repeat(65 * 1024) },
  ...[
    'ada@example.org\r\nRCPT TO:<eve@example.net>',
    'ada@example.org, eve@example.net',
    'Ada <ada@example.org>',
    '<ada@example.org>',
    '"ada eve"@example.org',
    'ada@example.org>',
    'ada@example.org SIZE=1',
    'ada',
    '@example.org',
    'ada@',
    'ada@example..org',
    'ada@example.org.',
    'ada@-example.org',
    'a..b@example.org',
    'ada@[127.0.0.1]',
    'adä@example.org',
    'ada@exämple.org',
    `${'a'.repeat(65)}@example.org`,
    `a@${'b'.repeat(260)}`,
    '',
  ].map((to) => ({ ...mail, to })),
]
test('what could become another field, command or receiver is refused before a connection is made', async () => {
  const sender = smtpMailSender({ ...settings, port: 1 }, { ...egress, resolve: () => assert.fail('a name was asked for') })
  for (const each of injections) await assert.rejects(sender.send(each, 'msg_1'), MailRefused, JSON.stringify(each))
  assert.equal(injections.length, 27)
  await assert.rejects(sender.send(mail, 'a>\r\nb'), RangeError)
  for (const address of ['ada@example.org', 'a.b+c@x.example.org', "o'neil@example.org", 'a@localhost']) assert.ok(isMailAddress(address), address)
  assert.throws(() => smtpMailSender({ ...settings, port: 25, from: { address: 'a@b\r\n' } }, egress), /malformed/)
  assert.throws(() => smtpMailSender({ ...settings, port: 25, from: { address: 'a@b.example', name: 'a\r\nb' } }, egress), /malformed/)
})

test('text with dots and lines of commands stays text: there is one mail, and one receiver', () =>
  withReceiver({}, async ({ port, mails }) => {
    const text = 'a\r\n.\r\nMAIL FROM:<x@y>\r\nRCPT TO:<eve@example.net>\r\nDATA\r\n.\nQUIT\n\r.\r\nb'
    await smtpMailSender({ ...settings, port }, egress).send({ ...mail, text }, 'msg_1')
    assert.deepEqual([mails.length, mails[0]!.to], [1, ['ada@example.org']])
    assert.ok(readMail(mails[0]!).text.includes('RCPT TO:<eve@example.net>'))
  }))

test("the server's answers: for good, another time, and never with its own words or ours in the message", async () => {
  const cases: [answers: SmtpReceiverOptions['answers'], kind: typeof MailRefused | typeof MailFailed][] = [
    [{ RCPT: '550 no such user ada@example.org' }, MailRefused],
    [{ data: '554 spam: Hello Ada' }, MailRefused],
    [{ RCPT: '450 busy' }, MailFailed],
    [{ data: '451 later' }, MailFailed],
    [{ AUTH: `535 wrong password ${PASSWORD}` }, MailFailed],
    [{ MAIL: '530 log in first' }, MailFailed],
    [{ RCPT: '530 log in first' }, MailFailed],
    [{ MAIL: '550 no such sender' }, MailFailed],
    [{ greeting: '554 go away' }, MailFailed],
    [{ greeting: 'HTTP/1.1 200 OK' }, MailFailed],
    [{ EHLO: '500 what' }, MailFailed],
  ]
  for (const [answers, kind] of cases) {
    await withReceiver({ answers: answers! }, async ({ port }) => {
      await assert.rejects(smtpMailSender({ ...settings, port }, egress).send(mail, 'msg_1'), (error: Error) => {
        assert.ok(error instanceof kind, `${JSON.stringify(answers)} ${error.message}`)
        assert.ok(!/canary|ada@|Hello|wrong/.test(inspect(error, { showHidden: true, depth: 9 })), inspect(error))
        return true
      })
    })
  }
  assert.equal(cases.length, 11)
})

test('a server that goes silent is given up in time, wherever it does', async () => {
  for (const verb of ['greeting', 'EHLO', 'RCPT', 'data']) {
    await withReceiver({ answers: { [verb]: null } }, async ({ port }) => {
      await assert.rejects(
        smtpMailSender({ ...settings, port }, egress, 400).send(mail, 'msg_1'),
        (error: Error) => error instanceof MailFailed && /too slow/.test(error.message),
      )
    })
  }
})

test('the courier tells what came of it', () =>
  withReceiver({}, async ({ port, mails }) => {
    const sender = smtpMailSender({ ...settings, port }, egress)
    const parcel = { id: 'msg_9', target: 'default', content: mail }
    assert.deepEqual(await mailCourier(() => sender).carry(parcel), { outcome: 'delivered' })
    assert.equal(mails.length, 1)
    assert.deepEqual(await mailCourier(() => sender).carry({ ...parcel, content: { ...mail, to: 'x' } }), {
      outcome: 'refused',
      why: 'the address of the mail is malformed',
    })
    assert.equal((await mailCourier(() => undefined).carry(parcel)).outcome, 'failed')
  }))
