// The quickstart: the sample API beside the gateway, and a key to call it with.
import { fileURLToPath } from 'node:url'
import { isRefused } from '../directory/records.ts'
import type { MadeKey, Running } from './running.ts'

const folder = new URL('../../examples/quickstart/', import.meta.url)
/** The configuration that `start` runs without a file. */
export const quickstartFile = fileURLToPath(new URL('gatehouse.yaml', folder))

/** The key of a newcomer: a day is enough to look around. The next start makes another in its place. */
const KEY_LIFE_MS = 24 * 3600 * 1000
const CONSUMER = 'quickstart'

export interface Quickstart {
  /** What a newcomer is told: a key, and a line that works. */
  words(running: Running): readonly string[]
  stop(): Promise<void>
}

interface Bookshop {
  readonly port: number
  close(): Promise<void>
}

/** Starts the bookshop where the configuration says its upstream is. */
export async function startQuickstart(running: Running): Promise<Quickstart> {
  const { startBookshop } = (await import(new URL('bookshop.js', folder).href)) as { startBookshop(port: number, host?: string): Promise<Bookshop> }
  const upstream = running.apis[0]!.upstream
  const shop = await startBookshop(upstream.port, upstream.host)
  let key: MadeKey
  try {
    const made = await running.replaceOwnKey(CONSUMER, running.nowMs + KEY_LIFE_MS)
    if (isRefused(made)) throw new Error(made.says)
    key = made
  } catch (cause) {
    await shop.close()
    throw cause
  }
  return {
    words: (of) => [
      '',
      `a key for the next 24 hours: ${key.secret}`,
      'try:',
      `  curl -i -H 'X-API-Key: ${key.secret}' ${of.urls[0]}/bookshop/books`,
      `  curl -i ${of.urls[0]}/bookshop/books`,
      '',
    ],
    stop: () => shop.close(),
  }
}
