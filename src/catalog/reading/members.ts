// Looks into plain values of unknown shape.

/** The named members of a value, which are all absent when it is no object. */
export const members = <K extends string>(value: unknown): { readonly [key in K]?: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key in K]?: unknown })
    : ({} as { readonly [key in K]?: unknown })
