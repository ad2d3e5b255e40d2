// The sections of the main file and of those that it includes as if they stood in one file: names are unique over all of them.
import type { Path } from '../../base/fault.ts'
import { members } from '../reading/members.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import type { MainSection } from '../sections/configuration.ts'
import { versionApi } from '../sections/version-name.ts'
import type { VersionSection } from '../sections/version-schema.ts'
import type { PlacedFault } from './place-checks.ts'
import type { Entry, SharedSection } from './shared-objects.ts'
import type { PlacedVersion } from './version-resolution.ts'

type NamedSection = SharedSection | 'apis' | 'consumers' | 'documents' | 'patches'

/** One file as its schema read it. */
export interface Part {
  readonly document: SourceDocument
  readonly section: Pick<MainSection, NamedSection | 'versions'>
}

export class Parts {
  private readonly parts: readonly Part[]
  private readonly isSound: (document: SourceDocument, path: Path) => boolean

  constructor(parts: readonly Part[], isSound: (document: SourceDocument, path: Path) => boolean) {
    this.parts = parts
    this.isSound = isSound
  }

  /** The sound entries of a section over all files; a name that stands in two files is a fault at the second. */
  entries<K extends NamedSection>(key: K, report?: (fault: PlacedFault) => void): Entry<NonNullable<Part['section'][K]>[string]>[] {
    type Value = NonNullable<Part['section'][K]>[string]
    const first = new Map<string, string>()
    return this.parts.flatMap(({ document, section }) =>
      Object.entries(section[key] ?? {}).flatMap(([name, value]): Entry<Value>[] => {
        const path: Path = [key, name]
        const known = first.get(name)
        first.set(name, known ?? document.file)
        if (known === undefined) return this.isSound(document, path) ? [[name, document, value as Value, path]] : []
        report?.({ document, fault: { code: 'duplicate-name', path, atKey: true, message: `'${name}' is defined already, in ${known}` } })
        return []
      }),
    )
  }

  /** As `entries`, one level deeper: several files may each hold versions of one API. */
  versions(report: (fault: PlacedFault) => void): PlacedVersion[] {
    const first = new Map<string, string>()
    const placed: PlacedVersion[] = []
    for (const { document, section } of this.parts) {
      for (const [api, versions] of Object.entries(section.versions ?? {})) {
        for (const [version, value] of Object.entries(versions ?? {})) {
          const path: Path = ['versions', api, version]
          const known = first.get(versionApi(api, version))
          first.set(versionApi(api, version), known ?? document.file)
          if (known !== undefined)
            report({ document, fault: { code: 'duplicate-name', path, atKey: true, message: `'${api}' has a version '${version}' already, in ${known}` } })
          else if (this.isSound(document, path)) placed.push({ api, version, section: value as VersionSection, document, path })
        }
      }
    }
    return placed
  }

  /** Names as written, whether or not what they name is sound: others may still refer to them. */
  names(key: NamedSection): string[] {
    return this.parts.flatMap(({ document: { value } }) => Object.keys((value as Record<string, object | undefined> | undefined)?.[key] ?? {}))
  }

  /** The versions of each API, as written. */
  versionNames(): Map<string, string[]> {
    const names = new Map<string, string[]>()
    for (const { document } of this.parts) {
      for (const [api, versions] of Object.entries(members(members<'versions'>(document.value).versions)))
        names.set(api, [...(names.get(api) ?? []), ...Object.keys(members(versions))])
    }
    return names
  }

  /** What a consumer may be let into. */
  grantNames(): string[] {
    const apis = this.names('apis')
    const versions = this.versionNames()
    return [...apis, ...apis.flatMap((api) => (versions.get(api) ?? []).map((version) => versionApi(api, version)))]
  }

  /** True when not one file has the section. */
  lacks(key: NamedSection): boolean {
    return this.parts.every(({ section }) => section[key] === undefined)
  }
}
