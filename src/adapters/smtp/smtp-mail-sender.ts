// Sends mail through the operator's server: connected to by the guard, encrypted unless the operator says otherwise, and never told a password in the clear.
import type { Socket } from 'node:net'
import { createTransport } from 'nodemailer'
import type { Secret } from '../../base/secret.ts'
import { EgressFailed, EgressRefused } from '../../ports/egress.ts'
import { type Mail, MailFailed, MailRefused, type MailSender } from '../../ports/mail.ts'
import { dial, systemResolve } from '../egress/dial.ts'
import { type EgressOptions, reachOf } from '../egress/guarded-egress.ts'

export interface SmtpSettings {
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
  /** `starttls` (RFC 3207): a server that does not offer it gets no mail. `tls`: from the first octet (RFC 8314). `none`: in the clear, without a user. */
  readonly security: 'starttls' | 'tls' | 'none'
  readonly from: { readonly address: string; readonly name?: string }
  /** Asked for at each mail, so that a new password holds at once. */
  readonly login?: { readonly user: string; readonly password: () => Promise<Secret> }
  /** PEM certificates to trust in place of the system's. */
  readonly trust?: string
}

export const MAIL_TIMEOUT_MS = 60_000
export const SUBJECT_LENGTH_MAX = 200
export const TEXT_OCTETS_MAX = 64 * 1024
/** RFC 5321 4.1.2 without quoted local parts, comments and literals: nothing that could end a command or a field. 4.5.3.1 bounds its length. */
const ADDRESS = /^(?=.{3,254}$)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.|$))+$/
export const isMailAddress = (text: string): boolean => ADDRESS.test(text) && text.indexOf('@') <= 64 && !text.endsWith('.')
const CONTROL = /[\p{Cc}\u2028\u2029]/u

/** Throws when the settings would send a password in the clear, or are malformed. */
export function smtpMailSender(settings: SmtpSettings, egress: EgressOptions, timeoutMs = MAIL_TIMEOUT_MS): MailSender {
  const { host, port, security, from, login, trust } = settings
  if (security === 'none' && login) throw new Error('a password is never sent in the clear: use starttls or tls')
  if (!isMailAddress(from.address) || CONTROL.test(from.name ?? '')) throw new Error('the address or the name that mail comes from is malformed')
  const domain = from.address.slice(from.address.indexOf('@') + 1)
  const target = { host, port, name: `the mail server ${host}:${port}` }
  const reach = reachOf(egress)
  const resolve = egress.resolve ?? systemResolve

  const deliver = async (mail: Mail, id: string, socket: Socket): Promise<void> => {
    const transport = createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      // Our own name would tell the network's: the domain that the mail comes from is known anyway.
      name: domain,
      tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(trust !== undefined && { ca: trust }) },
      ...(login && { auth: { user: login.user, pass: (await login.password()).reveal() } }),
      // The library opens no connection by itself: it is given the one to the address that was judged.
      getSocket: (_options, give) => give(null, { connection: socket }),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      maxResponseSize: 64 * 1024,
      disableFileAccess: true,
      disableUrlAccess: true,
      logger: false,
    })
    await transport.sendMail({
      from: { address: from.address, name: from.name ?? '' },
      to: { address: mail.to, name: '' },
      envelope: { from: from.address, to: [mail.to] },
      subject: mail.subject,
      text: mail.text,
      messageId: `<${id}@${domain}>`,
      // RFC 3834 5: nobody's absence answers this.
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
  }

  return {
    async send(mail, id) {
      checkMail(mail, id)
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(), timeoutMs)
      let socket: Socket | undefined
      late.signal.addEventListener('abort', () => socket?.destroy())
      try {
        socket = await dial(target, reach, resolve, late.signal, timeoutMs)
        await deliver(mail, id, socket)
      } catch (cause) {
        if (late.signal.aborted) throw new MailFailed(`${target.name} is too slow`)
        throw failureOf(cause, target.name)
      } finally {
        clearTimeout(timer)
        socket?.destroy()
      }
    },
  }
}

/** What could become a second field, or a second command, is refused and not repaired. */
function checkMail({ to, subject, text }: Mail, id: string): void {
  if (!isMailAddress(to)) throw new MailRefused('the address of the mail is malformed')
  if (subject.length === 0 || subject.length > SUBJECT_LENGTH_MAX || CONTROL.test(subject)) throw new MailRefused('the subject of the mail is malformed')
  if (Buffer.byteLength(text) > TEXT_OCTETS_MAX) throw new MailRefused(`the text of the mail has more than ${TEXT_OCTETS_MAX} octets`)
  if (!/^[A-Za-z0-9._-]{1,128}$/.test(id)) throw new RangeError('the id of a mail is of letters, digits, dots, hyphens and underscores')
}

/** The server's own words are left out: they may repeat the address, the text, or what we logged in with. */
function failureOf(cause: unknown, name: string): MailRefused | MailFailed {
  if (cause instanceof EgressRefused || cause instanceof EgressFailed) return new MailFailed(cause.message)
  const { responseCode, code, command } = cause as { responseCode?: number; code?: string; command?: string }
  // RFC 5321 4.2.1: 5yz is for good, when it is about this receiver or this text. All else is the operator's to mend, as is 530 (RFC 4954 6).
  const isForGood = responseCode !== undefined && responseCode >= 500 && responseCode !== 530 && (command === 'RCPT TO' || command === 'DATA')
  if (isForGood) return new MailRefused(`${name} refuses the mail (${responseCode})`)
  return new MailFailed(`${name} does not take the mail (${responseCode ?? code ?? 'unknown reason'})`)
}
