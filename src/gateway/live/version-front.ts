// Which version a request means, where several stand at one place: one reading of what it says, or none.
import { fieldName } from '../../http/field-names.ts'
import type { VersionFront as FrontSettings } from '../../model/snapshot.ts'
import { type Exchange, fieldLine } from '../../pipeline/exchange.ts'
import type { LiveApi } from './live-snapshot.ts'
import { ABSENT, AMBIGUOUS, type Named, namedInField, namedInMediaTypes, namedInQuery, respelledMediaTypes, respelledQuery } from './version-reading.ts'

export type VersionRefusal = 'version.missing' | 'version.unknown' | 'version.ambiguous'

const ACCEPT = fieldName('accept')
const CONTENT_TYPE = fieldName('content-type')

/** The versions of one API at one place, ready to be told apart. */
export class VersionFront {
  readonly name: string
  private readonly settings: FrontSettings
  private readonly versions = new Map<string, LiveApi>()
  private readonly fallback: LiveApi | undefined
  private readonly read: (x: Exchange) => Named

  /** `apis`: those of the snapshot, by name. */
  constructor(settings: FrontSettings, apis: ReadonlyMap<string, LiveApi>) {
    const { by } = settings
    this.name = settings.name
    this.settings = settings
    for (const { name, api } of settings.versions) {
      const live = apis.get(api)
      // RFC 9110 8.3.1: media types are compared without regard to case; everywhere else a version is spelled as it is declared.
      if (live !== undefined) this.versions.set(by.kind === 'mediaType' ? name.toLowerCase() : name, live)
    }
    const wanted = settings.versions.find(({ name }) => name === settings.default)
    this.fallback = wanted && apis.get(wanted.api)
    this.read = by.kind === 'header' ? namedInField(by.name) : by.kind === 'query' ? namedInQuery(by.name) : namedInMediaTypes(by.before, by.after)
  }

  /** The version that the request names, the one for those that name none, or why there is neither. */
  choose(x: Exchange): LiveApi | VersionRefusal {
    const named = this.read(x)
    if (named === AMBIGUOUS) return 'version.ambiguous'
    if (named !== ABSENT) return this.versions.get(named) ?? 'version.unknown'
    if (this.fallback !== undefined) this.tell(x, this.fallback)
    return this.fallback ?? 'version.missing'
  }

  /** A browser's preflight names no version in a field; its answer lets nothing through, so any version may give it. */
  forPreflight(): LiveApi | undefined {
    return this.fallback ?? this.versions.values().next().value
  }

  /** Makes the request say that version, and no other: what was chosen is what is forwarded. */
  tell(x: Exchange, api: LiveApi): void {
    const { by } = this.settings
    const version = api.settings.version!.name
    const { head } = x
    if (by.kind === 'header') {
      const field = fieldName(by.name)
      for (let i = head.find(field); i >= 0; i = head.find(field, i + 1)) head.drop(i)
      for (const { name } of this.settings.versions) x.upstreamFields = x.upstreamFields.replace(fieldLine(by.name, name), '')
      x.tellUpstream(by.name, version)
    } else if (by.kind === 'query') x.respellQuery(respelledQuery(x.query, by.name, version))
    else {
      for (const [field, name] of [
        [ACCEPT, 'Accept'],
        [CONTENT_TYPE, 'Content-Type'],
      ] as const) {
        const value = respelledMediaTypes(head, field, by.before, by.after, version)
        if (value === undefined) continue
        for (let i = head.find(field); i >= 0; i = head.find(field, i + 1)) head.drop(i)
        x.tellUpstream(name, value)
      }
    }
  }
}
