// A mail server that takes mail over real connections and remembers it: RFC 5321 with STARTTLS and AUTH PLAIN, as far as a client can tell.
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { certificate, key } from './certificates.ts'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  readonly data: string
  readonly encrypted: boolean
  /** `user:password`, when somebody logged in. */
  readonly login: string | undefined
}
export interface SmtpReceiverOptions {
  /** `offered` (default), `withheld`, `from-the-start`. */
  readonly tls?: 'offered' | 'withheld' | 'from-the-start'
  /** Answers in place of the usual ones, by the verb of the command (`RCPT`), or `greeting` or `data` (after the text). Null: never answers. */
  /** What an attacker on the wire puts behind the answer to STARTTLS; the server itself is then silent. */
  readonly injected?: string
  readonly answers?: { readonly [verb: string]: string | null }
}
export interface SmtpReceiver {
  readonly port: number
  readonly mails: readonly ReceivedMail[]
  /** Every line that arrived in the clear. */
  readonly inTheClear: readonly string[]
  stop(): void
}

export async function startSmtpReceiver({ tls = 'offered', answers = {}, injected = '' }: SmtpReceiverOptions = {}): Promise<SmtpReceiver> {
  const mails: ReceivedMail[] = []
  const inTheClear: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    if (tls === 'from-the-start') speak(encrypted(socket), true, true)
    else speak(socket, false, true)
  })

  function encrypted(socket: Socket): TLSSocket {
    const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ cert: certificate, key }) })
    secure.on('error', () => {})
    return secure
  }

  function speak(socket: Socket, isEncrypted: boolean, greet: boolean): void {
    let mail = { from: '', to: [] as string[] }
    let login: string | undefined
    let text: string[] | undefined
    let pending = ''
    const answer = (verb: string, usual: string): void => {
      const line = answers[verb] === undefined ? usual : answers[verb]
      if (line !== null) socket.write(`${line}\r\n`)
    }
    const command = (line: string): void => {
      if (!isEncrypted) inTheClear.push(line)
      const verb = line.split(/[ :]/)[0]!.toUpperCase()
      if (isEncrypted && injected !== '') return
      if (verb === 'EHLO') answer('EHLO', ['250-mail.example', ...(!isEncrypted && tls === 'offered' ? ['250-STARTTLS'] : []), '250 AUTH PLAIN'].join('\r\n'))
      else if (verb === 'STARTTLS' && tls !== 'offered') socket.write('502 not here\r\n')
      else if (verb === 'STARTTLS') {
        socket.removeListener('data', take)
        socket.write(`220 go ahead\r\n${injected}`)
        speak(encrypted(socket), true, false)
      } else if (verb === 'AUTH') {
        login = Buffer.from(line.split(' ')[2] ?? '', 'base64')
          .toString()
          .split('\0')
          .slice(1)
          .join(':')
        answer('AUTH', '235 welcome')
      } else if (verb === 'MAIL') {
        mail = { from: /<(.*?)>/.exec(line)?.[1] ?? '', to: [] }
        answer('MAIL', '250 ok')
      } else if (verb === 'RCPT') {
        mail.to.push(/<(.*?)>/.exec(line)?.[1] ?? '')
        answer('RCPT', '250 ok')
      } else if (verb === 'DATA') {
        answer('DATA', '354 go ahead')
        text = []
      } else if (verb === 'QUIT') socket.end('221 bye\r\n')
      else answer(verb, '502 what')
    }
    const take = (octets: Buffer): void => {
      pending += octets.toString('latin1')
      for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
        const line = pending.slice(0, end)
        pending = pending.slice(end + 2)
        if (!text) command(line)
        else if (line === '.') {
          mails.push({ ...mail, data: text.join('\r\n'), encrypted: isEncrypted, login })
          text = undefined
          answer('data', '250 taken')
        } else text.push(line.replace(/^\./, ''))
      }
    }
    socket.on('data', take)
    if (greet) answer('greeting', '220 mail.example')
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    inTheClear,
    stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
