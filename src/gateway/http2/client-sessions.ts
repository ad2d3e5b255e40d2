// The HTTP/2 connections of one thread's clients, and those in clear that did not say yet which HTTP they speak.
import type { Socket } from 'node:net'
import type { ClientOrigin } from '../callers/client-origin.ts'
import type { Gateway } from '../gateway.ts'
import { ClientSession } from './client-session.ts'
import { Prefaces } from './preface.ts'

export class ClientSessions {
  readonly prefaces = new Prefaces()
  private readonly all = new Set<ClientSession>()
  private stirred: ClientSession[] = []

  get size(): number {
    return this.all.size
  }

  /** `first` was read of it already. */
  serve(gateway: Gateway, socket: Socket, origin: ClientOrigin, first: Buffer | undefined): void {
    const session = new ClientSession(gateway, socket, origin)
    this.all.add(session)
    if (first !== undefined) session.received(first.length, first)
  }
  /** It has something to send: with what else comes in this turn of the event loop, so that one write carries all of it. */
  stir(session: ClientSession): void {
    if (this.stirred.push(session) === 1) setImmediate(this.turn)
  }
  private readonly turn = (): void => {
    const { stirred } = this
    this.stirred = []
    for (const session of stirred) session.turn()
  }

  /** Streams that are open on them. */
  get streams(): number {
    let streams = 0
    for (const session of this.all) streams += session.streams.size
    return streams
  }

  forget(session: ClientSession): boolean {
    return this.all.delete(session)
  }

  expire(nowMs: number): void {
    for (const session of this.all) session.sweep(nowMs)
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
