// The directory in plain memory: for the harness, and for whoever wants to see what the shared one must do.
import type { Consumer, KnownConsumer, LiveKey } from '../../model/directory.ts'
import type { Credentials, CredentialWriter, FoundKey } from '../../ports/credentials.ts'

export class MemoryCredentials implements Credentials, CredentialWriter {
  private readonly keys = new Map<string, LiveKey>()
  private readonly consumers = new Map<string, KnownConsumer>()

  putConsumer({ name, apis, plans = {} }: Consumer): void {
    this.consumers.set(name, { name, apis: new Set(apis), plans })
  }
  removeConsumer(name: string): void {
    this.consumers.delete(name)
  }
  putKey(key: LiveKey): void {
    this.keys.set(key.digest, key)
  }
  removeKey(digest: string): void {
    this.keys.delete(digest)
  }
  removeKeyById(id: string): void {
    for (const key of this.keys.values()) if (key.id === id) this.keys.delete(key.digest)
  }
  async settled(): Promise<void> {}

  findKey(digest: string, nowMs: number): FoundKey | undefined {
    const key = this.keys.get(digest)
    if (key === undefined || (key.expiresMs !== undefined && key.expiresMs <= nowMs)) return undefined
    const consumer = this.consumers.get(key.consumer)
    return consumer && { key, consumer }
  }
}
