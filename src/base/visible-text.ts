// Text out of files, documents and requests, made fit to be shown on a terminal or in a log.

/** C0, C1, ESC, line and paragraph separators and direction marks would rewrite what stands around them (hardening: "Documents and files"). */
export const visible = (text: string): string =>
  text.replaceAll(
    /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
