// What a hook of an operator's policy answered, believed only in the forms that the contract has: anything else is a policy that broke.
import type { Refusal, Reply, ResponseField, Verdict } from '../pipeline/contract.ts'
import { told } from './own-exchange.ts'

const FIELDS_MAX = 64
const BODY_MAX = 8 * 1024 * 1024

/** Throws on what is no verdict. `denied`: the refusals that the policy's `deny` made; others it cannot have. */
export function verdictOf(answer: unknown, denied: WeakSet<Refusal>): Verdict {
  if (answer === undefined) return undefined
  if (typeof answer !== 'object' || answer === null) throw wrong(`${answer === null ? 'null' : `a ${typeof answer}`}`)
  if (denied.has(answer as Refusal)) return answer as Refusal
  return (answer as Reply).kind === 'reply' ? replyOf(answer as Reply) : wrongObject(answer)
}

/** A copy: what the policy keeps of its own does not change what is being sent. */
function replyOf({ status, fields, body }: Reply): Reply {
  if (!Number.isInteger(status) || status < 200 || status > 599) throw new TypeError('the status of a reply is from 200 to 599')
  if (!Array.isArray(fields) || fields.length > FIELDS_MAX) throw new TypeError(`the fields of a reply are a list of at most ${FIELDS_MAX} pairs`)
  if (body !== undefined && ((typeof body !== 'string' && !(body instanceof Uint8Array)) || body.length > BODY_MAX))
    throw new TypeError(`the body of a reply is a text or octets, at most ${BODY_MAX}`)
  // RFC 9110 15.3.5 and 15.4.5: these have none, and octets after them would be read as the next response.
  if (body !== undefined && body.length > 0 && (status === 204 || status === 205 || status === 304)) throw new TypeError(`a reply with ${status} has no body`)
  return { kind: 'reply', status, fields: fields.map(fieldOf), ...(body !== undefined && { body }) }
}

function fieldOf(field: unknown): ResponseField {
  if (!Array.isArray(field) || field.length !== 2) throw new TypeError('a field of a reply is a pair of name and value')
  const [name, value] = field as [string, string]
  told(name, value)
  return [name, value]
}

function wrongObject(answer: object): never {
  const { kind } = answer as { readonly kind?: unknown }
  throw wrong(kind === 'refusal' ? 'a refusal that its own deny() did not make' : 'an object that is no verdict')
}
const wrong = (what: string): TypeError => new TypeError(`a hook answers undefined, deny(...) or a reply; this one answered ${what}`)
