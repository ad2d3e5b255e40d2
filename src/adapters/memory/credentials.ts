// The directory in memory: every gateway thread's own copy, replaced whole or added to.
import type { Consumer, DirectoryContent, KeyCredential } from '../../model/directory.ts'
import type { Credentials } from '../../ports/credentials.ts'

export class MemoryCredentials implements Credentials {
  private keys = new Map<string, KeyCredential>()
  private consumers = new Map<string, Consumer>()

  /** Everything before is forgotten. The new maps are complete before they are seen. */
  replace(content: DirectoryContent): void {
    const consumers = new Map(content.consumers.map((consumer) => [consumer.name, consumer]))
    const keys = new Map(content.keys.map((key) => [key.digest, key]))
    this.consumers = consumers
    this.keys = keys
  }
  add(keys: readonly KeyCredential[]): void {
    for (const key of keys) this.keys.set(key.digest, key)
  }

  findKey(digest: string, nowMs: number): { readonly key: KeyCredential; readonly consumer: Consumer } | undefined {
    const key = this.keys.get(digest)
    if (key === undefined || (key.expiresMs !== undefined && key.expiresMs <= nowMs)) return undefined
    const consumer = this.consumers.get(key.consumer)
    return consumer && { key, consumer }
  }
  findConsumer(name: string): Consumer | undefined {
    return this.consumers.get(name)
  }
}
