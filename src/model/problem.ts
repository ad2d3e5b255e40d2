// Refusals as problem documents (RFC 9457): the one form in which Gatehouse says no over HTTP.
import { reasonPhrase } from '../http/reason-phrases.ts'

/** The text of the document. `type` names the error without an address (RFC 9457 3.1.1 allows any URI); its page is docs/errors/<code>.md. */
export function problemDocument(status: number, code: string, detail: string, requestId?: string): string {
  return JSON.stringify({
    type: `urn:gatehouse:error:${code}`,
    title: reasonPhrase(status),
    status,
    detail,
    ...(requestId !== undefined && { instance: `urn:uuid:${requestId}` }),
    code,
  })
}
