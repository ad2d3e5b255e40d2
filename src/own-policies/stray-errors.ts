// What an operator's policy leaves behind it, a promise that nobody waits for or a timer, may fail: that is told, and costs the thread nothing.
import { MARK } from './modules.ts'

/** From now on. An error that is not of a policy's making ends the thread as before. */
export function outliveStrayErrors(report: (cause: unknown) => void): void {
  const take = (what: string) => (cause: unknown) => {
    const stack = cause instanceof Error ? (cause.stack ?? '') : ''
    const file = OF_POLICY.exec(stack)?.[1]
    if (file === undefined) throw cause
    report(new Error(`the policy in ${file} left ${what} behind`, { cause }))
  }
  process.on('unhandledRejection', take('a promise that failed'))
  process.on('uncaughtException', take('something that threw'))
}
const OF_POLICY = new RegExp(`([^/]+\\.m?[jt]s)\\?${MARK}=[0-9a-f]{64}`)
