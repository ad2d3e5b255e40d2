// Where a sign-in returns to: a path of this console and nothing else, whatever browsers make of what is written.

const PATH_CHARACTERS_MAX = 1024
// A stand-in for the console's own origin: what leads away from here leads away from there.
const HERE = 'https://console.invalid'

/**
 * The path with query and fragment as a browser would ask for it, or undefined when it is anything but a path of our own (CWE-601). Strict rather than
 * clever: backslashes, escapes of slashes, dots, controls and percent signs in the path have no use in ours, and readers differ over them.
 */
export function localPath(text: string): string | undefined {
  if (text.length > PATH_CHARACTERS_MAX || !/^\/[!-~]*$/.test(text)) return undefined
  const path = text.split(/[?#]/, 1)[0]!
  if (path.includes('//') || text.includes('\\') || /[@:;]/.test(path) || /%(?:2f|5c|2e|25|[01][0-9a-f]|7f)/i.test(path)) return undefined
  if (/(?:^|\/)\.{1,2}(?:\/|$)/.test(path) || /%(?![0-9a-f]{2})/i.test(text)) return undefined
  const url = URL.parse(text, HERE)
  if (!url || url.origin !== HERE || url.username !== '' || url.password !== '') return undefined
  const normal = url.pathname + url.search + url.hash
  return normal.startsWith('/') && !normal.startsWith('//') ? normal : undefined
}
