// Errors that nobody waits for: a policy's cost its thread nothing, any other ends it as before.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'

/** How a thread ends that outlives stray errors, meets these, and would end by itself after them. */
function endOf(code: string): Promise<{ readonly error: string | undefined; readonly reports: readonly string[]; readonly code: number }> {
  const url = new URL('./stray-errors.ts', import.meta.url).href
  const text = `import { outliveStrayErrors } from ${JSON.stringify(url)}
    import { parentPort } from 'node:worker_threads'
    outliveStrayErrors((cause) => parentPort.postMessage(cause.message + ': ' + cause.cause.message))
    const policy = await import('data:text/javascript,' + encodeURIComponent('export const fail = () => { throw new Error("of a policy") }//' + '# sourceURL=file:///x/acme-a.ts?gatehouse=${'a'.repeat(64)}'))
    ${code}`
  return new Promise((resolve) => {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(text)}`))
    const reports: string[] = []
    let error: string | undefined
    worker.on('message', (message: string) => reports.push(message))
    worker.on('error', (cause) => (error = (cause as Error).message))
    worker.on('exit', (exit) => resolve({ error, reports, code: exit }))
  })
}

test('a timer and a promise of a policy may fail', async () => {
  const { error, reports, code } = await endOf('setTimeout(() => policy.fail(), 1); Promise.resolve().then(() => policy.fail())')
  assert.deepEqual([error, code], [undefined, 0])
  assert.deepEqual(reports.toSorted(), [
    'the policy in acme-a.ts left a promise that failed behind: of a policy',
    'the policy in acme-a.ts left something that threw behind: of a policy',
  ])
})

for (const [what, fail] of [
  ['a timer', "setTimeout(() => { throw new Error('ours') }, 1)"],
  ['a promise', "Promise.reject(new Error('ours'))"],
  ['what is no error', 'Promise.reject(7)'],
] as const)
  test(`${what} of the gateway's own that fails ends the thread`, async () => {
    const { reports, code } = await endOf(`${fail}; setTimeout(() => {}, 50)`)
    assert.notEqual(code, 0)
    assert.deepEqual(reports, [])
  })
