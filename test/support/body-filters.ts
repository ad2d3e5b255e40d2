// Body filters for tests: one that answers at once, and one that answers later.
import { createGzip } from 'node:zlib'
import type { BodyFilter, BodySink } from '../../src/pipeline/body-filter.ts'

/** Passes everything on, save what `more` does otherwise. */
export const filter = (sink: BodySink, more: Partial<BodyFilter>): BodyFilter => ({
  waiting: 0,
  put: (octets, start, end) => sink.put(octets, start, end),
  end: () => sink.end(),
  abandon: () => {},
  ...more,
})
export const shouting = (sink: BodySink): BodyFilter =>
  filter(sink, {
    put(octets, start, end) {
      const loud = Buffer.from(Buffer.from(octets.subarray(start, end)).toString('latin1').toUpperCase(), 'latin1')
      sink.put(loud, 0, loud.length)
    },
  })
/** Answers later, from the thread pool, as compression does. */
export function zipping(sink: BodySink): BodyFilter {
  const zip = createGzip()
  let waiting = 0
  zip.on('data', (part: Buffer) => sink.put(part, 0, part.length))
  zip.on('end', () => sink.end())
  return {
    get waiting() {
      return waiting
    },
    put(octets, start, end) {
      waiting += end - start
      zip.write(Buffer.from(octets.subarray(start, end)), () => {
        waiting -= end - start
        sink.eased()
      })
    },
    end: () => zip.end(),
    abandon: () => zip.destroy(),
  }
}
