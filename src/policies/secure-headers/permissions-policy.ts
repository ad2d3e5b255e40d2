// Reads a Permissions-Policy: a dictionary of features and who may use them, where one wrong character makes browsers pass over all of it.
import { suggestion } from '../../base/fault.ts'

/** The features of the W3C's list (permissions-policy/features.md), client hints apart: those begin with `ch-`. */
export const FEATURES: readonly string[] =
  `accelerometer all-screens-capture ambient-light-sensor aria-notify attribution-reporting autofill autoplay battery bluetooth browsing-topics camera
  captured-surface-control clipboard-read clipboard-write compute-pressure controlled-frame cross-origin-isolated deferred-fetch deferred-fetch-minimal
  device-attributes digital-credentials-create digital-credentials-get direct-sockets direct-sockets-private display-capture document-domain encrypted-media
  execution-while-not-rendered execution-while-out-of-viewport focus-without-user-activation fullscreen gamepad geolocation gyroscope hid
  identity-credentials-get idle-detection interest-cohort join-ad-interest-group keyboard-map language-detector language-model local-fonts local-network
  local-network-access loopback-network magnetometer manual-text media-playback-while-not-visible mediasession microphone midi monetization
  navigation-override on-device-speech-recognition otp-credentials payment picture-in-picture private-aggregation private-state-token-issuance
  private-state-token-redemption publickey-credentials-create publickey-credentials-get record-ad-auction-events rewriter run-ad-auction screen-wake-lock
  serial shared-storage shared-storage-select-url smart-card speaker-selection storage-access sub-apps summarizer sync-script sync-xhr translator
  trust-token-redemption unload usb usb-unrestricted vertical-scroll web-app-installation web-share window-management writer xr-spatial-tracking`.split(/\s+/)

const MEMBER = /^([a-z][a-z0-9-]*)=(.*)$/
const PARAMETERS = /;\s*report-to=[a-zA-Z*][a-zA-Z0-9:/!#$%&'*+\-.^_`|~]*$/
const ORIGIN = /^"https?:\/\/(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?"$/

/** The first thing that is wrong (Permissions Policy 5.2 and 5.3, a dictionary of RFC 9651), as a sentence; undefined: nothing. */
export function permissionsPolicyFault(text: string): string | undefined {
  if (/'(?:none|self|src)'/.test(text))
    return "that is the older Feature-Policy: write camera=() for 'none' and camera=(self) for 'self', with commas between features"
  const seen = new Set<string>()
  for (const written of text.split(',')) {
    const member = written.trim()
    const [, feature, allowed] = MEMBER.exec(member) ?? []
    if (feature === undefined) return `'${member.slice(0, 60)}' is no feature with an allow list: write camera=(), geolocation=(self "https://maps.example")`
    if (!FEATURES.includes(feature) && !/^ch-[a-z0-9-]+$/.test(feature))
      return `'${feature.slice(0, 60)}' is no feature that browsers know${suggestion(feature, FEATURES)}`
    if (seen.has(feature)) return `'${feature}' stands there twice, and the second replaces the first`
    seen.add(feature)
    const wrong = allowListFault(feature, allowed!.replace(PARAMETERS, ''))
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function allowListFault(feature: string, allowed: string): string | undefined {
  const inner = /^\(([^()]*)\)$/.exec(allowed)
  const items = inner === null ? [allowed] : inner[1]!.split(' ').filter((item) => item !== '')
  for (const item of items) {
    if (item === '*' || item === 'self' || item === 'src' || ORIGIN.test(item)) continue
    const shown = item.slice(0, 60)
    if (item === 'none') return `${feature}=() is how nobody is said`
    return /^"?https?:/.test(item)
      ? `in ${feature} ${shown} is no origin: scheme, host and perhaps port in double quotes, such as "https://maps.example"`
      : `in ${feature} '${shown}' is none of self, src, * and origins in double quotes, inside of parentheses`
  }
  return undefined
}
