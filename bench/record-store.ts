// A store for the directory's case: a million records as JSON text in sorted order, read as any adapter reads them, and a few written besides.

import { type Change, type Changes, type Collection, type Entry, encodeValue, type Range, type Reading, type Store, type Writing } from '../src/ports/store.ts'

type Records = { readonly keys: string[]; readonly texts: string[] }

export class RecordStore implements Store {
  private readonly records = new Map<string, Records>()
  private readonly log: Change[] = []
  private readonly listeners = new Set<() => void>()

  /** Puts a record at the end of its collection: keys come in order. */
  append<T>(collection: Collection<T>, key: string, value: T): void {
    const { keys, texts } = this.of(collection.name)
    keys.push(key)
    texts.push(encodeValue(value))
  }
  private of(name: string): Records {
    let records = this.records.get(name)
    if (records === undefined) this.records.set(name, (records = { keys: [], texts: [] }))
    return records
  }

  read<T>(work: (reading: Reading) => Promise<T>): Promise<T> {
    return work(this.view())
  }
  async write<T>(work: (writing: Writing) => Promise<T>): Promise<T> {
    const done = await work({
      ...this.view(),
      put: (collection, key, value) => this.put(collection.name, key, encodeValue(value)),
      remove: (collection, key) => this.put(collection.name, key, undefined),
    })
    for (const heard of this.listeners) queueMicrotask(heard)
    return done
  }
  async changes(since: number): Promise<Changes> {
    const changes = this.log.slice(since, since + 10_000)
    return { sequence: since + changes.length, changes }
  }
  onChange(heard: () => void): () => void {
    this.listeners.add(heard)
    return () => void this.listeners.delete(heard)
  }
  async close(): Promise<void> {}

  private view(): Reading {
    return {
      get: async <T>(collection: Collection<T>, key: string) => {
        const { keys, texts } = this.of(collection.name)
        const place = placeOf(keys, key)
        return keys[place] === key ? (JSON.parse(texts[place]!) as T) : undefined
      },
      scan: async <T>(collection: Collection<T>, { prefix = '', after = '', limit }: Range) => {
        const { keys, texts } = this.of(collection.name)
        const found: Entry<T>[] = []
        let place = placeOf(keys, after > prefix ? after : prefix)
        if (keys[place] === after) place++
        for (; place < keys.length && found.length < limit && keys[place]!.startsWith(prefix); place++)
          found.push({ key: keys[place]!, value: JSON.parse(texts[place]!) as T })
        return found
      },
      collections: async () => [...this.records.keys()],
    }
  }
  private put(name: string, key: string, text: string | undefined): void {
    const { keys, texts } = this.of(name)
    const place = placeOf(keys, key)
    const isThere = keys[place] === key
    if (text === undefined) {
      if (isThere) keys.splice(place, 1)
      if (isThere) texts.splice(place, 1)
    } else if (isThere) texts[place] = text
    else {
      keys.splice(place, 0, key)
      texts.splice(place, 0, text)
    }
    this.log.push({ collection: name, key })
  }
}

/** Where the first key stands that is not before this one. */
function placeOf(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keys[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}
