// The session behind a request, for operations about the person who is signed in; and what a sign-in hands to the browser.
import { writeCookie } from '../../../people/cookies.ts'
import { DEVICE_LIFE_MS } from '../../../people/devices.ts'
import type { Visit } from '../../../people/means.ts'
import { newSecret, SECRET_FORM } from '../../../people/secret-text.ts'
import { type IssuedSession, type LiveSession, liveSession } from '../../../people/sessions.ts'
import type { Reading } from '../../../ports/store.ts'
import { type Call, type Refused, refused } from '../../operation.ts'

/**
 * The caller's session, looked up anew. Tokens have none: what is about a person is for persons. `enrolling`: also for a session that may only enrol a
 * second factor, which a password alone has opened.
 */
export async function ownSession(call: Call, reading: Reading, allows: { readonly enrolling?: true } = {}): Promise<LiveSession | Refused> {
  const { operator, nowMs } = call
  if (operator.session === undefined) return refused('forbidden', { detail: 'This is about a signed-in person. A token has no sessions, factors or tokens.' })
  const live = await liveSession(reading, nowMs, operator.session.digest)
  if (live === undefined) return refused('unauthorized')
  if (live.session.level !== 'full' && !allows.enrolling)
    return refused('forbidden', { detail: 'This session is for enrolling a second factor and nothing else.' })
  return live
}

/** The same, for what runs before the transaction. */
export const ownSessionNow = (call: Call, allows: { readonly enrolling?: true } = {}): Promise<LiveSession | Refused> =>
  call.plane.store.read((reading) => ownSession(call, reading, allows))

/** What is known of the browser. Without a browser cookie of ours, what was begun elsewhere cannot be finished. */
export function visitOf(call: Call): Visit {
  const device = call.cookie('device')
  const session = call.cookie('session')
  const browser = call.cookie('browser') ?? ''
  return {
    address: call.address,
    agent: call.agent,
    browser: SECRET_FORM.test(browser) ? browser : '',
    ...(device !== undefined && { device }),
    ...(session !== undefined && { session }),
  }
}

/** The same for what begins a sign-in: a browser that has no cookie of ours gets one. */
export function beginningVisit(call: Call): { readonly visit: Visit; readonly cookies: readonly string[] } {
  const visit = visitOf(call)
  if (visit.browser !== '') return { visit, cookies: [] }
  const browser = newSecret(call.plane.services.random)
  return { visit: { ...visit, browser }, cookies: [writeCookie('browser', browser, call.plane.isSecure)] }
}

export const sessionCookie = (call: Call, { secret }: Pick<IssuedSession, 'secret'>): string => writeCookie('session', secret, call.plane.isSecure)
export const noSessionCookie = (call: Call): string => writeCookie('session', '', call.plane.isSecure, 0)
export const deviceCookie = (call: Call, device: string): string => writeCookie('device', device, call.plane.isSecure, DEVICE_LIFE_MS / 1000)
