// Finds the API a request belongs to, by host and by the longest path prefix that ends on a segment boundary.

/** APIs by host and prefix. `T` is whatever stands for an API. */
export class Router<T> {
  private readonly byHost = new Map<string, PrefixTable<T>>()
  private readonly anyHost = new PrefixTable<T>()

  /** `hosts` are lower-case names; none means every host. */
  add(hosts: readonly string[], prefix: string, api: T): void {
    if (hosts.length === 0) this.anyHost.add(prefix, api)
    for (const host of hosts) {
      let table = this.byHost.get(host)
      if (!table) this.byHost.set(host, (table = new PrefixTable()))
      table.add(prefix, api)
    }
  }

  /** `host` is asked for only when some API names hosts. */
  find(host: () => string, path: string): T | undefined {
    if (this.byHost.size > 0) {
      const found = this.byHost.get(host())?.find(path)
      if (found !== undefined) return found
    }
    return this.anyHost.find(path)
  }
}

class PrefixTable<T> {
  private readonly prefixes = new Map<string, T>()
  /** The most segments any prefix has. */
  private depth = 0

  add(prefix: string, api: T): void {
    this.prefixes.set(prefix, api)
    this.depth = Math.max(this.depth, prefix.split('/').length - 1)
  }

  find(path: string): T | undefined {
    let found = this.prefixes.get('')
    let end = 0
    for (let segments = 0; segments < this.depth && end < path.length; segments++) {
      end = path.indexOf('/', end + 1)
      if (end < 0) end = path.length
      found = this.prefixes.get(path.slice(0, end)) ?? found
    }
    return found
  }
}
