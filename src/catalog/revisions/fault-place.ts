// How a place in what the console owns is written: the object, and the way inside of it.
import type { Path } from '../../base/fault.ts'
import { objectAt } from './kinds.ts'

/** `console:api/bookshop:policies.rate-limit.limit`; for the object itself `console:api/bookshop:`. */
export function nameAt(path: Path): string {
  const found = objectAt(path)
  return found ? `console:${found.key}:${writtenPath(found.rest)}` : `console:${writtenPath(path)}`
}

/** `hosts[0]`, `operations["GET /books/{id}"].policies.cors`: one spelling for one path. */
export function writtenPath(path: Path): string {
  let out = ''
  for (const step of path) {
    if (typeof step === 'number') out += `[${step}]`
    else if (/^[A-Za-z0-9_-]+$/.test(step)) out += out === '' ? step : `.${step}`
    else out += `[${JSON.stringify(step)}]`
  }
  return out
}
