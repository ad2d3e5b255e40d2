// Whether an OpenAPI document asks for a credential: its `security` may tighten what the configuration says, and never loosen it.
import type { Fault, Path } from '../../base/fault.ts'
import { suggestion } from '../../base/fault.ts'
import type { SourceDocument } from '../reading/source-document.ts'

/** Reads security requirements against the schemes that the document declares. */
export class SecurityReader {
  private readonly schemes: readonly string[]

  constructor(document: SourceDocument) {
    const { components } = (document.value ?? {}) as { components?: { securitySchemes?: unknown } }
    const schemes = components?.securitySchemes
    this.schemes = typeof schemes === 'object' && schemes !== null ? Object.keys(schemes) : []
  }

  /** True when every alternative asks for something; `{}` among them makes it optional (OpenAPI 3.1 4.8.2). Undefined when nothing is said. */
  demands(security: unknown, path: Path, faults: Fault[]): boolean | undefined {
    if (security === undefined) return undefined
    if (!Array.isArray(security)) {
      faults.push({ code: 'wrong-type', path, message: "'security' must be a list" })
      return true
    }
    let isOptional = security.length === 0
    for (const [i, requirement] of security.entries()) {
      if (typeof requirement !== 'object' || requirement === null || Array.isArray(requirement)) {
        faults.push({ code: 'wrong-type', path: [...path, i], message: 'a security requirement must be an object' })
        continue
      }
      const names = Object.keys(requirement)
      if (names.length === 0) isOptional = true
      for (const name of names) {
        if (this.schemes.includes(name)) continue
        faults.push({
          code: 'unknown-security-scheme',
          path: [...path, i, name],
          atKey: true,
          message: `the document declares no security scheme '${name}'${suggestion(name, this.schemes)}`,
        })
      }
    }
    return !isOptional
  }
}
