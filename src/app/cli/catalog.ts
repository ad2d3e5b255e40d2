// gatehouse diff, apply and export: a file against the catalog of a running Gatehouse.
import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { stdout } from 'node:process'
import { parseArgs } from 'node:util'
import { visible } from '../../base/visible-text.ts'
import { applyCatalog, exportCatalog, planApply } from '../../client/generated/catalog.ts'
import type { Settings } from '../settings.ts'
import { asking, connectOptions } from './connect.ts'
import { planArguments, printPlan, wantedOf } from './plan.ts'
import { complain, type ExitCode, misused, print } from './usage.ts'

export async function diff(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const read = planArguments(args, 'diff')
  if (typeof read === 'number') return read
  const wanted = wantedOf(read)
  if (typeof wanted === 'number') return wanted
  const { prune, format, where } = read
  return asking(where, settings, format, async (to) => printPlan((await planApply(to, { body: { text: wanted.text, prune } })).value, format, 'diff'))
}

/** What was shown is what is applied: whatever others change in between is a conflict. */
export async function apply(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const read = planArguments(args, 'apply')
  if (typeof read === 'number') return read
  const wanted = wantedOf(read)
  if (typeof wanted === 'number') return wanted
  const { prune, acceptBreaking, format, where, file, message = `apply ${basename(file)}` } = read
  return asking(where, settings, format, async (to) => {
    const { value: plan } = await planApply(to, { body: { text: wanted.text, prune } })
    if (plan.refused || !plan.differs || format === 'text') {
      const exit = printPlan(plan, format, 'apply')
      if (exit !== 0 || !plan.differs) return exit
    }
    const { value: revision } = await applyCatalog(to, { body: { text: wanted.text, prune, acceptBreaking, message, base: plan.revision } })
    print(format === 'json' ? JSON.stringify({ ...plan, applied: revision.number }, null, 2) : `applied as revision ${revision.number}`)
    return 0
  })
}

export async function exportTo(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options: { ...connectOptions, output: { type: 'string' } } })
  if (positionals.length > 0) return misused(`unknown word '${positionals[0]}'`, 'export')
  const { output, ...where } = values
  return asking(where, settings, 'text', async (to) => {
    const { value: text } = await exportCatalog(to)
    if (output === undefined) stdout.write(text)
    else {
      try {
        writeFileSync(output, text, { mode: 0o600 })
      } catch (cause) {
        complain(visible(`${output} cannot be written: ${(cause as Error).message}`))
        return 2
      }
    }
    return 0
  })
}
