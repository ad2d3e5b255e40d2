// Carries mail out of the outbox.
import type { Courier } from '../../ports/courier.ts'
import { type Mail, MailFailed, MailRefused, type MailSender } from '../../ports/mail.ts'

/** `sender` as it is configured now; undefined when no mail server is. */
export function mailCourier(sender: () => MailSender | undefined): Courier {
  return {
    async carry({ id, content }) {
      const server = sender()
      if (!server) return { outcome: 'failed', why: 'no mail server is configured' }
      try {
        await server.send(content as Mail, id)
        return { outcome: 'delivered' }
      } catch (cause) {
        if (cause instanceof MailRefused) return { outcome: 'refused', why: cause.message }
        if (cause instanceof MailFailed) return { outcome: 'failed', why: cause.message }
        throw cause
      }
    },
  }
}
