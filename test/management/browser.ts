// A browser before the management API: keeps cookies, and sends origin and CSRF token as the console's pages do.
import { cookieName } from '../../src/people/cookies.ts'
import type { ControlClient, Told } from './control-client.ts'

export class Browser {
  private readonly client: ControlClient
  private readonly jar = new Map<string, string>()
  csrf = ''
  constructor(client: ControlClient) {
    this.client = client
  }
  async send(method: string, path: string, body?: object, more: Record<string, string> = {}): Promise<Told> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { origin: this.client.origin, ...(cookie && { cookie }), ...(this.csrf && { 'x-csrf-token': this.csrf }), ...more }
    const told = await this.client.send(method, `/api/v1${path}`, { headers, ...(body && { body }) })
    for (const line of (told.headers['set-cookie'] as unknown as readonly string[] | undefined) ?? []) {
      const [pair = ''] = line.split(';')
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
      if (line.includes('Max-Age=0')) this.jar.delete(name)
      else this.jar.set(name, value)
    }
    if (typeof told.json?.['csrf'] === 'string') this.csrf = told.json['csrf']
    return told
  }
  has = (cookie: 'session' | 'device'): boolean => this.jar.has(cookieName(cookie, false))
}
