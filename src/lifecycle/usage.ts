// Who still calls a version: read off what was counted of its callers.

/** What one consumer did with one API or version, as whoever counts calls hands it over. */
export interface UsageRecord {
  /** As in metrics and the access log: `bookshop@v1` is one version. */
  readonly api: string
  readonly consumer: string
  readonly lastCallMs: number
  /** In the time that was asked about. */
  readonly calls: number
}

/** The consumers that still call an API or version since a time, those with most calls first. */
export function stillCalling(records: readonly UsageRecord[], api: string, sinceMs: number): UsageRecord[] {
  return records
    .filter((record) => record.api === api && record.lastCallMs >= sinceMs && record.calls > 0)
    .sort((a, b) => b.calls - a.calls || (a.consumer < b.consumer ? -1 : 1))
}
