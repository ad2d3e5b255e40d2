// Mail: plain text to one person, through the mail server that the operator named.

/** To one address: nobody learns who else was written to. */
export interface Mail {
  /** An address as RFC 5321 4.1.2 has it, in ASCII. */
  readonly to: string
  /** One line, at most 200 characters. */
  readonly subject: string
  /** At most 64 KiB. */
  readonly text: string
}

export interface MailSender {
  /**
   * Hands a mail to the server. `id`: the left half of its Message-ID, the same when it is sent again. Rejects with `MailRefused` for what will never be
   * taken, and with `MailFailed` for what may be another time.
   */
  send(mail: Mail, id: string): Promise<void>
}

/** The mail is malformed, or the server refuses it for good. Says why, without the mail's text. */
export class MailRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'MailRefused'
  }
}
/** The server cannot be reached, is not trusted, does not let us in, or is busy. */
export class MailFailed extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'MailFailed'
  }
}
