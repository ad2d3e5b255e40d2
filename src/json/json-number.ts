// Numbers of JSON (RFC 8259 6), octet by octet: where one may go on, and where it may end.

/** States of a reader within a number; no other state of it has these values. */
export const MINUS = 11
export const ZERO = 12
export const INTEGER = 13
export const POINT = 14
export const FRACTION = 15
export const EXPONENT = 16
export const EXPONENT_SIGN = 17
export const EXPONENT_DIGITS = 18
export const NUMBER_STATES_END = 19

export const isDigit = (octet: number): boolean => octet >= 0x30 && octet <= 0x39
/** The octet is none of the number. */
export const NUMBER_OVER = 100
/** A number may end in this state. */
export const isNumberEnd = (state: number): boolean => state === ZERO || state === INTEGER || state === FRACTION || state === EXPONENT_DIGITS

/** The state behind this octet of a number (RFC 8259 6), `NUMBER_OVER` when it is none of it, or -1 when a number cannot end there. */
export function numberStep(state: number, octet: number): number {
  if (isDigit(octet)) {
    switch (state) {
      case MINUS:
        return octet === 0x30 ? ZERO : INTEGER
      case ZERO:
        return -1
      case POINT:
        return FRACTION
      case EXPONENT:
      case EXPONENT_SIGN:
        return EXPONENT_DIGITS
      default:
        return state
    }
  }
  if (octet === 0x2e && (state === ZERO || state === INTEGER)) return POINT
  if ((octet === 0x65 || octet === 0x45) && (state === ZERO || state === INTEGER || state === FRACTION)) return EXPONENT
  if ((octet === 0x2b || octet === 0x2d) && state === EXPONENT) return EXPONENT_SIGN
  return isNumberEnd(state) ? NUMBER_OVER : -1
}
