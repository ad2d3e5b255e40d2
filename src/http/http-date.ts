// Reads the dates of HTTP in their three forms (RFC 9110 5.6.7).

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const MONTH = `(${MONTHS.join('|')})`
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)'
const IMF = new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`)
const RFC_850 = new RegExp(`^(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday), (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`)
const ASCTIME = new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} ([ \\d]\\d) ${TIME} (\\d{4})$`)

/** Milliseconds since the epoch; undefined when it is no date. `nowMs` decides what century two digits mean. */
export function httpDate(text: string, nowMs: number): number | undefined {
  let match = IMF.exec(text)
  if (match) return moment(match[3]!, match[2]!, match[1]!, match, 4)
  match = ASCTIME.exec(text)
  if (match) return moment(match[6]!, match[1]!, match[2]!, match, 3)
  match = RFC_850.exec(text)
  if (!match) return undefined
  // RFC 9110 5.6.7: what seems to lie more than 50 years ahead is the most recent past year with the same last two digits.
  const century = Math.floor(new Date(nowMs).getUTCFullYear() / 100) * 100
  const year = century + Number(match[3])
  const ahead = moment(String(year), match[2]!, match[1]!, match, 4)
  const limit = new Date(nowMs)
  limit.setUTCFullYear(limit.getUTCFullYear() + 50)
  return ahead !== undefined && ahead > limit.getTime() ? moment(String(year - 100), match[2]!, match[1]!, match, 4) : ahead
}

/** `match` holds hours, minutes and seconds from `at` on. */
function moment(year: string, month: string, day: string, match: RegExpExecArray, at: number): number | undefined {
  const [hours, minutes, seconds] = [Number(match[at]), Number(match[at + 1]), Number(match[at + 2])]
  const ms = Date.UTC(Number(year), MONTHS.indexOf(month), Number(day), hours, minutes, Math.min(seconds, 59))
  const made = new Date(ms)
  // 31 February is no day, and 60 is a leap second.
  const isReal = Number(year) >= 100 && made.getUTCDate() === Number(day) && hours < 24 && minutes < 60 && seconds <= 60
  return isReal ? ms : undefined
}
