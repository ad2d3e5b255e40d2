// The acts that only the trail itself writes as done, because they change how it is verified.

/** The first entry: names the log and its first key. */
export const BEGIN = 'trail.begin'
/** Another key signs from here on. */
export const ROTATE = 'trail.rotate-key'
/** Openings of personal fields are gone, by the will of two people. */
export const ERASE = 'trail.erase'
export const OWN_ACTS: ReadonlySet<string> = new Set([BEGIN, ROTATE, ERASE])
