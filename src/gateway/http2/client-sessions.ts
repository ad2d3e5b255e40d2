// The HTTP/2 connections of one thread's clients, and those in clear that did not say yet which HTTP they speak.
import type { Socket } from 'node:net'
import type { ClientOrigin } from '../callers/client-origin.ts'
import type { Gateway } from '../gateway.ts'
import { ClientSession } from './client-session.ts'
import { Prefaces } from './preface.ts'

export class ClientSessions {
  readonly prefaces = new Prefaces()
  private readonly all = new Set<ClientSession>()

  get size(): number {
    return this.all.size
  }

  serve(gateway: Gateway, socket: Socket, origin: ClientOrigin): void {
    try {
      this.all.add(new ClientSession(gateway, socket, origin))
    } catch (cause) {
      gateway.report(cause)
      socket.destroy()
    }
  }
  /** Streams that are open on them. */
  get streams(): number {
    let streams = 0
    for (const session of this.all) streams += session.streams
    return streams
  }

  forget(session: ClientSession): boolean {
    return this.all.delete(session)
  }

  expire(nowMs: number): void {
    for (const session of this.all) if (session.deadlineMs <= nowMs) session.expire()
  }
  /** None takes a further stream. */
  end(): void {
    this.prefaces.clear()
    for (const session of this.all) session.end()
  }
  destroy(): void {
    for (const session of this.all) session.destroy()
  }
}
