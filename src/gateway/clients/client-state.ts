// Where a client connection stands in its current exchange.

/** Between exchanges, or inside a head. */
export const HEAD = 0
/** Policies are deciding, and at least one of them waits for something. */
export const DECIDING = 1
export const BODY = 2
/** The request is whole; its response is not. */
export const ANSWERING = 3
export const TUNNEL = 4
/** The last answer was written; what still comes in is thrown away. */
export const LINGERING = 5
export const CLOSED = 6
