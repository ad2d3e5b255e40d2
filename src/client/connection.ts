// A connection to the management API of a running Gatehouse: what every call of the generated client goes through.

export interface ConnectionSettings {
  /** `http://127.0.0.1:8081`: the control listener. */
  readonly url: string
  /** The admin token, or a machine token. */
  readonly token: string
  /** Default: 30,000. */
  readonly timeoutMs?: number
  /** In place of the global one: where whom to believe is another question. */
  readonly fetch?: typeof fetch
}

/** What a call may carry. `ifMatch` is the ETag of the state that is meant, without quotes, or `*`. */
export interface Input {
  readonly parameters?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  /** A text goes as it is, everything else as JSON. */
  readonly body?: unknown
  readonly ifMatch?: string
  readonly idempotencyKey?: string
}
export interface Answer<T> {
  readonly value: T
  readonly etag: string | undefined
}

/** Gatehouse said no. `code` is stable. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  /** The problem document, whole. */
  readonly problem: Readonly<Record<string, unknown>>
  constructor(status: number, problem: Readonly<Record<string, unknown>>) {
    super(typeof problem['detail'] === 'string' ? problem['detail'] : `refused with ${status}`)
    this.name = 'Refusal'
    this.status = status
    this.code = typeof problem['code'] === 'string' ? problem['code'] : 'unknown'
    this.problem = problem
  }
}

/** Nobody answers there, or not to the end. */
export class NotReached extends Error {
  /** What was asked for may have been done all the same. */
  readonly mayBeDone: boolean
  constructor(url: string, cause: unknown, hasBegun = false) {
    const mayBeDone = hasBegun || isCutOff(cause)
    super(
      mayBeDone ? `the answer of ${url} broke off or came too late: look before you repeat a change` : `no Gatehouse answers at ${url}${distrustIn(cause)}`,
      { cause },
    )
    this.name = 'NotReached'
    this.mayBeDone = mayBeDone
  }
}
/** Why it is not believed, where that is so: everybody else looks for a port that is closed. */
function distrustIn(cause: unknown): string {
  if (!(cause instanceof Error)) return ''
  const { code, message } = (cause.cause instanceof Error ? cause.cause : cause) as { readonly code?: unknown; readonly message: string }
  const isDistrust = /certificate/.test(message) || (typeof code === 'string' && /CERT|ALTNAME|SIGNATURE/.test(code))
  return isDistrust ? `: ${message.replaceAll(/\s+/g, ' ').slice(0, 300)}` : ''
}
function isCutOff(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  const { code } = (cause.cause ?? {}) as { readonly code?: unknown }
  return cause.name === 'TimeoutError' || code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET' || code === 'UND_ERR_HEADERS_TIMEOUT'
}

export class Connection {
  private readonly settings: ConnectionSettings
  constructor(settings: ConnectionSettings) {
    this.settings = settings
  }

  /** Throws `Refusal` or `NotReached`. */
  async call<T>(method: string, template: string, input: Input): Promise<Answer<T>> {
    const response = await this.send(method, template, input)
    const type = response.headers.get('content-type') ?? ''
    const isJson = type.startsWith('application/json')
    const value = await (isJson ? response.json() : response.text()).catch((cause) => {
      throw new NotReached(this.settings.url, cause, true)
    })
    return { value: (response.status === 204 ? undefined : value) as T, etag: /^"([^"]*)"$/.exec(response.headers.get('etag') ?? '')?.[1] }
  }

  /** The same, for an answer that is read as it comes. */
  async stream(method: string, template: string, input: Input): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.send(method, template, input)
    if (body === null) throw new Refusal(502, { detail: 'the answer has no body' })
    return body
  }

  private async send(method: string, template: string, { parameters = {}, query = {}, body, ifMatch, idempotencyKey }: Input): Promise<Response> {
    const { url, token, timeoutMs = 30_000, fetch: send = fetch } = this.settings
    const path = template.replaceAll(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(String(parameters[name] ?? '')))
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
    let response: Response
    try {
      response = await send(`${url}/api/v1${path}${search.size > 0 ? `?${search}` : ''}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'Content-Type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json' }),
          ...(ifMatch !== undefined && { 'If-Match': ifMatch === '*' ? '*' : `"${ifMatch}"` }),
          ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        // A token goes nowhere but where it was meant to go.
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      })
    } catch (cause) {
      throw new NotReached(url, cause)
    }
    if (response.ok) return response
    const problem: unknown = await response.json().catch(() => undefined)
    throw new Refusal(response.status, typeof problem === 'object' && problem !== null ? (problem as Refusal['problem']) : {})
  }
}
