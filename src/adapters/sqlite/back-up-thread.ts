// A thread that lives for one back-up: copying a large database takes seconds in which the store thread must go on.
import { parentPort, workerData } from 'node:worker_threads'
import { backUpInto } from './back-up.ts'
import { failureOf } from './failures.ts'

const { file, toFile } = workerData as { readonly file: string; readonly toFile: string }
try {
  backUpInto(file, toFile)
  parentPort!.postMessage(undefined)
} catch (cause) {
  parentPort!.postMessage(failureOf(cause))
}
