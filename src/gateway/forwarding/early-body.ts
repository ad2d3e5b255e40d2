// What comes of a request's body before there is a connection that it goes on over.
import type { ClientConnection } from '../clients/client-connection.ts'
import { BODY } from '../clients/client-state.ts'
import { Unread } from '../clients/unread.ts'

/** Octets that are collected: what is whole in the meantime no longer counts as slow. */
const COLLECTED_BYTES = 16 * 1024

const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')

export class EarlyBody {
  private readonly collected = new Unread()
  /** 100 was sent, or was not asked for. */
  private invited = true

  begin(expectsContinue: boolean): void {
    this.invited = !expectsContinue
  }
  /** RFC 9110 10.1.1: the body is taken, now or while a connection is waited for; not when it is on its way already. */
  invite(client: ClientConnection): void {
    if (this.invited || client.state !== BODY) return
    this.invited = true
    if (client.hasUnread) return
    client.gateway.output.put(CONTINUE)
    client.gateway.output.send(client.socket)
  }

  get hasRoom(): boolean {
    return this.collected.size < COLLECTED_BYTES
  }
  /** `bytes[start, end)`, which are copied. */
  put(bytes: Buffer, start: number, end: number): void {
    this.collected.add(bytes.subarray(start, end), end - start)
    this.collected.keep()
  }
  /** All of it, once. */
  take(): Buffer | undefined {
    return this.collected.take()
  }
}
