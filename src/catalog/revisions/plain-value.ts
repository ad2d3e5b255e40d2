// What an object's value may be: plain data that YAML, JSON and the store all give back as they were given it.
import type { Fault, Path } from '../../base/fault.ts'
import { showsPrivateKey } from '../../certificates/pem.ts'
import { isJson } from '../reading/inline-documents.ts'
import { CONFIGURATION_CAPS } from '../reading/source-document.ts'
import { PRIVATE_KEY_IN_CATALOG } from '../resolving/keys-in-the-open.ts'
import { DOCUMENT_CHARACTERS_MAX, YAML_CHARACTERS_MAX } from '../sections/document-schema.ts'
import { isNameOf, type Kind } from './kinds.ts'

const VALUE_CHARACTERS_MAX = 1024 ** 2
const VALUES_MAX = 100_000

/** What is wrong with a value as a value, whatever its kind's schema says of it; paths are below the object. */
export function plainFaults(kind: Kind, name: string, value: unknown): Fault[] {
  if (!isNameOf(kind, name)) return [{ code: 'bad-name', path: [], message: `'${name.slice(0, 200)}' is no name for an object of this kind` }]
  if (kind.isText) return textFaults(value)
  const walk = new Walk()
  walk.look(value, [], 1)
  if (walk.faults.length === 0 && JSON.stringify(value).length > VALUE_CHARACTERS_MAX)
    walk.faults.push({ code: 'too-long', path: [], message: `an object has at most ${VALUE_CHARACTERS_MAX} characters of JSON` })
  return walk.faults
}

function textFaults(value: unknown): Fault[] {
  if (typeof value !== 'string') return [{ code: 'wrong-type', path: [], message: 'a document is a text' }]
  if (value.length > DOCUMENT_CHARACTERS_MAX) return [{ code: 'too-long', path: [], message: `a document has at most ${DOCUMENT_CHARACTERS_MAX} characters` }]
  if (value.length > YAML_CHARACTERS_MAX && !isJson(value))
    return [{ code: 'too-long', path: [], message: `a document of more than ${YAML_CHARACTERS_MAX} characters is JSON` }]
  return value.isWellFormed() && !value.includes('\0') ? [] : [{ code: 'not-utf8', path: [], message: 'the document is not UTF-8' }]
}

class Walk {
  readonly faults: Fault[] = []
  private values = 0

  look(value: unknown, path: Path, depth: number): void {
    if (this.faults.length >= 100 || this.values > VALUES_MAX) return
    if (++this.values > VALUES_MAX) this.add('too-many-values', path, `an object holds at most ${VALUES_MAX} values`)
    else if (typeof value === 'string') {
      if (!value.isWellFormed() || value.includes('\0')) this.add('not-utf8', path, 'a text is Unicode, and without U+0000')
      // Drafts, revisions, back-ups and exports are not sealed, and are kept for long.
      else if (showsPrivateKey(value)) this.add('private-key', path, PRIVATE_KEY_IN_CATALOG)
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) this.add('bad-number', path, 'a number must be finite')
    } else if (typeof value === 'object' && value !== null) {
      if (depth > CONFIGURATION_CAPS.depth - 2) this.add('too-deep', path, `an object is nested at most ${CONFIGURATION_CAPS.depth - 2} levels deep`)
      else if (Array.isArray(value)) for (const [i, item] of value.entries()) this.look(item, [...path, i], depth + 1)
      else this.members(value, path, depth)
    } else if (typeof value !== 'boolean' && value !== null) this.add('wrong-type', path, 'a value is what JSON can say')
  }

  private members(value: object, path: Path, depth: number): void {
    for (const [key, member] of Object.entries(value)) {
      const at = [...path, key]
      // The same keys that the reader of files refuses: what is kept here must be readable there.
      if (key === '__proto__' || key === 'constructor' || key === 'prototype') this.add('prototype-key', at, `'${key}' is no name for a key`)
      else if (key === '<<') this.add('merge-key', at, "merge keys ('<<') are not read: write the keys out")
      else if (!key.isWellFormed() || key.includes('\0')) this.add('not-utf8', path, 'a key is Unicode, and without U+0000')
      else this.look(member, at, depth + 1)
    }
  }

  private add(code: string, path: Path, message: string): void {
    this.faults.push({ code, path, message, atKey: true })
  }
}
