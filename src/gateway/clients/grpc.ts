// Refusals in the words of gRPC: its clients read a status of their own, and HTTP's only as a guess.
import { fieldName } from '../../http/field-names.ts'
import type { Refusal } from '../../pipeline/contract.ts'
import type { ClientConnection } from './client-connection.ts'

const CONTENT_TYPE = fieldName('content-type')

/** gRPC over HTTP/2; gRPC-Web is plain HTTP to whoever refuses it. */
export function speaksGrpc({ origin, x }: ClientConnection): boolean {
  return origin.major === 2 && /^application\/grpc(?:$|[+;])/i.test(x!.head.get(CONTENT_TYPE) ?? '')
}

/** Codes of gRPC (google.rpc.Code) by what HTTP says; others of 4xx are FAILED_PRECONDITION, of 5xx UNAVAILABLE. */
const CODES: ReadonlyMap<number, number> = new Map([
  [400, 3],
  [401, 16],
  [403, 7],
  [404, 12],
  [405, 12],
  [408, 4],
  [410, 12],
  [413, 8],
  [429, 8],
  [431, 8],
  [500, 13],
  [501, 12],
  // It may have been done: who asks again after UNAVAILABLE must not.
  [504, 4],
])

/** The field lines of a response that ends with its head: `Trailers-Only`, which is how gRPC tells a failure. */
export function grpcLines({ status, code, says }: Pick<Refusal, 'status' | 'code' | 'says'>): string {
  const number = CODES.get(status) ?? (status < 500 ? 9 : 14)
  return `content-type: application/grpc\r\ngrpc-status: ${number}\r\ngrpc-message: ${encodeURIComponent(says).replaceAll('%20', ' ')}\r\ngatehouse-code: ${code}\r\n`
}
